import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Where bundles of the lab's programs go; a build of island, which owns dist/, must not take them away. */
export const BUNDLES = fileURLToPath(new URL('../../../node_modules/.cache/island-lab', import.meta.url));

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url));

/**
 * Bundles the agent and the given programs, by name and source file, each to `<BUNDLES>/<name>.mjs`, so that
 * plain node runs them. In them `import.meta.url` is still that of the source, which finds files beside it.
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
    // As build.mjs does it, for packages of CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    external: ['x11', 'usocket', 'event-stream'],
    plugins: [OWN_URL],
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

const OWN_URL: Plugin = {
  name: 'own-url',
  setup(building) {
    building.onLoad({ filter: /\/test\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};
