import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { observeHostsFile, writeHostsBlock } from '../../src/host/hosts-file.ts';

const BLOCK = { kind: 'hosts', island: 'r2lab', lines: ['10.3.1.2  a.x a'] } as const;
const ADDED = '# island:r2lab begin\n10.3.1.2  a.x a\n# island:r2lab end\n';
const put = () => writeHostsBlock({ tool: 'hosts', action: 'add', block: BLOCK }, path);
const take = () => writeHostsBlock({ tool: 'hosts', action: 'remove', block: BLOCK }, path);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `island-hosts-${process.pid}-`));
  path = join(folder, 'hosts');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the file is another one with the same mode, and any byte survives', async () => {
  const bytes = Buffer.from([...Buffer.from('127.0.0.1 localhost\n# '), 0xff, 0xe9, 0x0d, 0x0a]);
  writeFileSync(path, bytes);
  chmodSync(path, 0o640);
  // What a killed run left, or somebody who hopes that it is written through.
  symlinkSync(join(folder, 'elsewhere'), `${path}.island`);
  const { ino } = statSync(path);
  await put();
  expect(readFileSync(path)).toEqual(Buffer.concat([bytes, Buffer.from(ADDED)]));
  expect(statSync(path).mode & 0o7777).toBe(0o640);
  expect(statSync(path).ino).not.toBe(ino);
  const written = statSync(path).ino;
  await put();
  expect(statSync(path).ino).toBe(written);
  await take();
  expect(readFileSync(path)).toEqual(bytes);
  expect(readdirSync(folder)).toEqual(['hosts']);
});

test('a file that is missing is made, for everybody to read', async () => {
  expect(observeHostsFile(path)).toBeUndefined();
  await put();
  expect([observeHostsFile(path), statSync(path).mode & 0o7777]).toEqual([{ text: ADDED }, 0o644]);
});

test('a symlink is not followed, nor replaced, and broken markers are left', async () => {
  writeFileSync(join(folder, 'real'), 'a\n');
  symlinkSync('real', path);
  expect(observeHostsFile(path)).toEqual({ text: 'a\n', fixed: 'a symlink to real' });
  await expect(put()).rejects.toMatchObject({
    code: 'E_APPLY',
    message: `${path}: is a symlink to real`,
  });
  rmSync(path);
  writeFileSync(path, '# island:r2lab begin\n');
  await expect(put()).rejects.toMatchObject({ message: expect.stringContaining('line 1: "# island') });
  expect(readFileSync(path, 'utf8')).toBe('# island:r2lab begin\n');
});
