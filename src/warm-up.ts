import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';

// Leaves beside the bundle what V8 made of it by the time it had run a few commands, none of which changes anything.
// That depends on V8 and on the processor: a build does it for this machine, a package when it is installed.
const bundle = join(__dirname, 'island.bundle');
const cache = join(__dirname, 'island.cache');

/** Enough of an island to run most of what a command runs. */
const FILE = `island: r2lab
hub: { name: sopnode-l1, outer: 192.0.2.1, inner: 10.3.1.2, networks: [{ subnet: 192.0.2.0/24 }] }
peers: [{ name: faraday, outer: 198.51.100.1, inner: 10.3.1.3 }]
hosts: [{ name: "w[1-2]", address: "192.0.2.[11-12]" }]
`;

async function warmUp(): Promise<void> {
  const script = new Script(readFileSync(bundle, 'latin1'), { filename: bundle });
  const folder = mkdtempSync(join(tmpdir(), 'island-warm-up-'));
  try {
    const file = join(folder, 'r2lab.yaml');
    writeFileSync(file, FILE);
    await runCommands(script, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // Old or new, never half: an island may be starting from here at this moment.
  writeFileSync(`${cache}.new`, script.createCachedData());
  renameSync(`${cache}.new`, cache);
  process.exitCode = 0;
}

async function runCommands(script: Script, file: string): Promise<void> {
  for (const words of [
    ['config', 'check', file],
    ['status', '--name', 'faraday', '-c', file],
  ]) {
    process.argv = [process.execPath, 'island', ...words];
    const module: { exports: { done?: Promise<void> } } = { exports: {} };
    script.runInThisContext()(createRequire(bundle), module);
    await module.exports.done;
  }
}

void warmUp();
