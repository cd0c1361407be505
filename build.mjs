// Bundles src/ into dist/: one file per command, so that each imports only what it needs when it runs.
// "node build.mjs docs" writes the pages and the completion that are derived from the code; "docs --check"
// fails when the committed ones differ.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const common = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  define: { ISLAND_VERSION: JSON.stringify(version) },
  // Packages of CommonJS ask for Node's own modules with require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  // The ES modules of the package, which its exports hide from Node: unlike its CommonJS they can be shaken,
  // which halves what every command has to compile.
  alias: { yaml: resolve('node_modules/yaml/browser/dist/index.js') },
  logLevel: 'warning',
};

const [task, ...flags] = process.argv.slice(2);
if (task === 'docs') await writeDocs(flags.includes('--check'));
else await buildIsland();

async function buildIsland() {
  const { metafile } = await build({
    ...common,
    entryPoints: ['src/main.ts'],
    outdir: 'dist',
    splitting: true,
    minify: true,
    chunkNames: 'chunk/[name]-[hash]',
    banner: { js: `#!/usr/bin/env node\n${common.banner.js}` },
    metafile: true,
  });
  chmodSync('dist/main.js', 0o755);
  // Last, and only what nobody imports any more: an island may be running from here.
  for (const name of readdirSync('dist/chunk')) {
    if (!(`dist/chunk/${name}` in metafile.outputs)) rmSync(`dist/chunk/${name}`);
  }
}

async function writeDocs(isCheck) {
  for (const [path, text] of Object.entries(await derivedPages())) {
    if (isCheck) {
      if (readOrNothing(path) === text) continue;
      process.stderr.write(`${path}: not what the code says; run "npm run docs" and commit it\n`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
}

async function derivedPages() {
  const outfile = resolve(`node_modules/.cache/island-docs/pages.${process.pid}.mjs`);
  try {
    await build({ ...common, entryPoints: ['src/docs/pages.ts'], outfile });
    const { pages } = await import(pathToFileURL(outfile).href);
    return pages();
  } finally {
    rmSync(outfile, { force: true });
  }
}

function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
