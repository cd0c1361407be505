import { mkdir, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Where bundles of the lab's programs go; a build of island, which empties dist/, must not take them away. */
export const BUNDLES = fileURLToPath(new URL('../../../node_modules/.cache/island-lab', import.meta.url));

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url));

/**
 * Bundles the agent and the given programs, each to `<BUNDLES>/<name>.mjs`, so that plain node runs them.
 * A program that makes a lab finds the agent beside itself.
 */
export async function bundle(programs: Readonly<Record<string, string>> = {}): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: { agent: AGENT, ...programs },
    outdir: BUNDLES,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    write: false,
  });
  await mkdir(BUNDLES, { recursive: true });
  for (const { path, contents } of outputFiles) {
    // Another run of the tests may be starting the one that is there.
    await writeFile(`${path}.${process.pid}`, contents);
    await rename(`${path}.${process.pid}`, path);
  }
}

/** Called by vitest before the tests of a project that uses the lab. */
export async function setup(): Promise<void> {
  await bundle();
}
