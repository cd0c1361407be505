import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTrusted } from '../../src/host/read.ts';

/** Puts another file in its place as fast as it can, and says when it has begun. */
const REPLACE = `
const { renameSync, writeFileSync } = require('node:fs');
const [file] = process.argv.slice(1);
for (let round = 0; ; round += 1) {
  writeFileSync(file + '.new', 'text ' + round);
  renameSync(file + '.new', file);
  if (round === 0) process.stdout.write('begun');
}`;

test('a file that another process replaces all the time is read, whole, each time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'island-read-'));
  const file = join(folder, 'workers.json');
  const writer = spawn(process.execPath, ['-e', REPLACE, file]);
  onTestFinished(() => {
    writer.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  await once(writer.stdout, 'data');
  const terms = { code: 'E_APPLY', hint: '', mostBytes: 100 } as const;
  const seen = new Set<string>();
  for (let round = 0; round < 3000; round += 1) seen.add(readTrusted(file, terms));
  expect(seen.size).toBeGreaterThan(10);
  for (const text of seen) expect(text).toMatch(/^text \d+$/);
});
