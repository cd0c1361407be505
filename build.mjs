// Bundles src/ into dist/: main.cjs, which is started, island.bundle, which it loads, and island.cache, with
// which V8 need not compile that again. "node build.mjs docs" writes the pages and the completion that are
// derived from the code; "docs --check" fails when the committed ones differ.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
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
  // Asked for by what dbus-next has for other buses than the system's, which nothing comes by.
  external: ['x11', 'usocket', 'event-stream'],
  logLevel: 'warning',
};

/** Enough of an island to run most of what a command runs. */
const WARM_UP_FILE = `island: r2lab
hub: { name: sopnode-l1, outer: 192.0.2.1, inner: 10.3.1.2, networks: [{ subnet: 192.0.2.0/24 }] }
peers: [{ name: faraday, outer: 198.51.100.1, inner: 10.3.1.3 }]
hosts: [{ name: "w[1-2]", address: "192.0.2.[11-12]" }]
`;

const WARM_UP = `
const { readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');
const folder = __dirname;
const script = new Script(readFileSync(folder + '/bundle', 'latin1'), { filename: folder + '/bundle' });
const file = folder + '/r2lab.yaml';
(async () => {
  for (const words of [['config', 'check', file], ['status', '--name', 'faraday', '-c', file]]) {
    process.argv = [process.execPath, 'island', ...words];
    const module = { exports: {} };
    script.runInThisContext()(require, module);
    await module.exports.done;
  }
  writeFileSync(folder + '/cache', script.createCachedData());
  process.exitCode = 0;
})();
`;

const [task, ...flags] = process.argv.slice(2);
if (task === 'docs') await writeDocs(flags.includes('--check'));
else await buildIsland();

async function buildIsland() {
  // A script of node:vm, which the bundle is, cannot import: what src/ imports late, it requires.
  const supported = { 'dynamic-import': false };
  const options = { ...common, format: 'cjs', minify: true, write: false, supported };
  const [bundle, launcher] = await Promise.all([
    build({
      ...options,
      entryPoints: ['src/main.ts'],
      banner: { js: '(function (require, module) {' },
      footer: { js: '})' },
    }),
    build({ ...options, entryPoints: ['src/launch.ts'], banner: { js: '#!/usr/bin/env node' } }),
  ]);
  mkdirSync('dist', { recursive: true });
  const text = bundle.outputFiles[0].text;
  replace('dist/island.bundle', text);
  replace('dist/island.cache', await codeCacheOf(text));
  replace('dist/main.cjs', launcher.outputFiles[0].text, 0o755);
  // What "island enable" installs lies beside the program.
  rmSync('dist/units', { recursive: true, force: true });
  cpSync('units', 'dist/units', { recursive: true });
}

/** What V8 made of the bundle by the time it had run a few commands, none of which changes anything. */
async function codeCacheOf(text) {
  const folder = mkdtempSync(join(tmpdir(), 'island-build-'));
  try {
    writeFileSync(join(folder, 'bundle'), text);
    writeFileSync(join(folder, 'r2lab.yaml'), WARM_UP_FILE);
    // In a process of its own: V8 caches what has been compiled lazily, and only of what has run.
    writeFileSync(join(folder, 'warm-up.cjs'), WARM_UP);
    await promisify(execFile)(process.execPath, [join(folder, 'warm-up.cjs')]);
    return readFileSync(join(folder, 'cache'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Old or new, never half: an island may be starting from here at this moment. */
function replace(path, content, mode = 0o644) {
  writeFileSync(`${path}.new`, content, { mode });
  renameSync(`${path}.new`, path);
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
