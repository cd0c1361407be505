// Bundles src/ into dist/: main.cjs, which is started, island.bundle, which it loads, and warm-up.cjs, which makes
// island.cache, with which V8 need not compile that again. "node build.mjs docs" writes the pages and the completion
// that are derived from the code; "docs --check" fails when the committed ones differ. "node build.mjs package" packs
// dist/island_<version>_all.deb; "--version 0.0.9" gives it another version, "--to FOLDER" puts it elsewhere.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build } from 'esbuild';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    version: { type: 'string', default: JSON.parse(readFileSync('package.json', 'utf8')).version },
    to: { type: 'string', default: 'dist' },
  },
});

const common = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  define: { ISLAND_VERSION: JSON.stringify(flags.version) },
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

switch (positionals[0]) {
  case 'docs':
    await writeDocs(flags.check);
    break;
  case 'package':
    await writePackage();
    break;
  default:
    await writeDist();
}

async function writeDist() {
  const folder = mkdtempSync(join(tmpdir(), 'island-build-'));
  try {
    const files = await programs();
    for (const { name, text } of files) writeFileSync(join(folder, name), text);
    // In a process of its own: V8 caches what has been compiled lazily, and only of what has run.
    await promisify(execFile)(process.execPath, [join(folder, 'warm-up.cjs')]);
    mkdirSync('dist', { recursive: true });
    const cache = { name: 'island.cache', text: readFileSync(join(folder, 'island.cache')), mode: 0o644 };
    // V8 knows the bundle that a cache is of by its length alone: it never lies beside another one.
    rmSync('dist/island.cache', { force: true });
    for (const file of [...files, cache]) replace(`dist/${file.name}`, file);
    // What "island enable" installs lies beside the program.
    rmSync('dist/units', { recursive: true, force: true });
    cpSync('units', 'dist/units', { recursive: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writePackage() {
  const { pack } = await import('./packaging/pack.mjs');
  const { man } = await docs();
  const { version, to } = flags;
  const path = pack({ version, to, programs: await programs(), man });
  process.stdout.write(`${path}\n`);
}

/** What has to lie in one folder for island to run. */
async function programs() {
  // A script of node:vm, which the bundle is, cannot import: what src/ imports late, it requires.
  const supported = { 'dynamic-import': false };
  const options = { ...common, format: 'cjs', minify: true, write: false, supported };
  const [bundle, launcher, warmUp] = await Promise.all([
    build({
      ...options,
      entryPoints: ['src/main.ts'],
      banner: { js: '(function (require, module) {' },
      footer: { js: '})' },
    }),
    build({ ...options, entryPoints: ['src/launch.ts'], banner: { js: '#!/usr/bin/env node' } }),
    build({ ...options, entryPoints: ['src/warm-up.ts'], banner: {} }),
  ]);
  return [
    { name: 'island.bundle', text: bundle.outputFiles[0].text, mode: 0o644 },
    { name: 'main.cjs', text: launcher.outputFiles[0].text, mode: 0o755 },
    { name: 'warm-up.cjs', text: warmUp.outputFiles[0].text, mode: 0o644 },
  ];
}

/** Old or new, never half: an island may be starting from here at this moment. */
function replace(path, { text, mode }) {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

async function writeDocs(isCheck) {
  const { pages } = await docs();
  for (const [path, text] of Object.entries(pages())) {
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

async function docs() {
  const outfile = resolve(`node_modules/.cache/island-docs/pages.${process.pid}.mjs`);
  try {
    await build({ ...common, entryPoints: ['src/docs/pages.ts'], outfile });
    return await import(pathToFileURL(outfile).href);
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
