import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Mounts of their own: /var/lib with room for little, /run, and /etc, each empty. */
const PRIVATE = `set -e
mount -t tmpfs -o size=128k test /var/lib
mount -t tmpfs test /run
mount -t tmpfs test /etc
exec "$@"`;
const UNSHARE = [
  '--mount',
  '--propagation',
  'private',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
];
const canMount = spawnSync('unshare', [...UNSHARE, 'sh', '-c', PRIVATE, 'sh', 'true']).status === 0;

/** What the store does on disks of its own: each step's outcome by name. */
const STEPS = `
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, existsSync } from 'node:fs';
import { readConfigFiles } from './src/host/config-files.ts';
import { joinedIslands, storeOf } from './src/host/files.ts';
const outcomes = {};
const step = async (name, run) => {
  outcomes[name] = await run().then((value) => ({ value }), (error) => ({ code: error.code, message: error.message, hint: error.hint }));
};
const store = storeOf('r2lab');
const joined = '/var/lib/island/r2lab/joined.json';
await step('read nothing', () => store.read('joined'));
await step('list nothing', () => joinedIslands());
await step('write', () => store.write('joined', 'first'));
await step('files', async () => [readdirSync('/var/lib/island/r2lab'), existsSync('/run/island')]);
await step('mode', async () => (statSync(joined).mode & 0o777).toString(8));
const before = openSync(joined);
await step('replace', () => store.write('joined', 'second'));
await step('who had it open', async () => readFileSync(before, 'utf8'));
await step('read', () => store.read('joined'));
await step('volatile', async () => { await store.write('sysctls', '{}'); return readdirSync('/run/island/r2lab'); });
await step('list', async () => { mkdirSync('/var/lib/island/never-joined'); writeFileSync('/var/lib/island/stray', ''); return joinedIslands(); });
await step('full', () => store.write('joined', 'x'.repeat(1_000_000)));
await step('after full', async () => [await store.read('joined'), readdirSync('/var/lib/island/r2lab')]);
await step('left by a killed write', async () => {
  writeFileSync('/var/lib/island/r2lab/joined.json.new', 'ha');
  await store.remove('joined');
  const gone = !existsSync('/var/lib/island/r2lab');
  await store.write('joined', 'second');
  return gone;
});
await step('odd names', async () => {
  for (const name of ['Upper', '-x', 'x; flush ruleset', '.hidden']) {
    mkdirSync('/var/lib/island/' + name);
    writeFileSync('/var/lib/island/' + name + '/joined.json', '{}');
  }
  return joinedIslands();
});
await step('what a hub has handed out', async () => {
  const hub = storeOf('hub');
  await hub.write('workers', ' '.repeat(90_000));
  const written = '/var/lib/island/hub/workers.json';
  const mode = (statSync(written).mode & 0o777).toString(8);
  truncateSync(written, 2 ** 26 + 1);
  const tooLong = await hub.read('workers').catch((error) => error.hint);
  truncateSync(written, 2 ** 25);
  const length = (await hub.read('workers')).length;
  const islands = await joinedIslands();
  await hub.remove('workers');
  return [mode, tooLong, length, islands.includes('hub')];
});
await step('a folder', async () => { mkdirSync('/var/lib/island/dir/joined.json', { recursive: true }); return storeOf('dir').read('joined'); });
await step('remove a folder', () => storeOf('dir').remove('joined'));
await step('a pipe', async () => {
  mkdirSync('/run/island/pipe', { recursive: true });
  execFileSync('mkfifo', ['/run/island/pipe/sysctls.json']);
  return storeOf('pipe').read('sysctls');
});
await step('too long', async () => {
  mkdirSync('/run/island/long');
  writeFileSync('/run/island/long/sysctls.json', ' '.repeat(1_000_001));
  return storeOf('long').read('sysctls');
});
await step('what a join found', async () => {
  await storeOf('large').write('before', ' '.repeat(20_000_000));
  return [(await storeOf('large').read('before')).length, (statSync('/run/island/large/before.json').mode & 0o777).toString(8)];
});
await step('of others', async () => {
  mkdirSync('/run/island/others');
  writeFileSync('/run/island/others/sysctls.json', '{}');
  chmodSync('/run/island/others/sysctls.json', 0o666);
  return storeOf('others').read('sysctls');
});
await step('remove', async () => { await store.remove('joined'); return [existsSync('/var/lib/island/r2lab'), existsSync('/run/island/r2lab')]; });
await step('remove again', () => store.remove('joined'));
await step('not a folder', async () => { writeFileSync('/var/lib/island/odd', ''); return storeOf('odd').write('joined', 'x'); });
await step('read not a folder', () => storeOf('odd').read('joined'));
await step('no configs', async () => readConfigFiles());
await step('configs', async () => {
  mkdirSync('/etc/island');
  for (const name of ['b.yaml', 'a.yaml', 'a.yaml.bak', 'notes']) writeFileSync('/etc/island/' + name, name);
  return readConfigFiles();
});
console.log(JSON.stringify(outcomes));
`;

interface Outcome {
  readonly value?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

describe.runIf(canMount)('what island keeps on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'island-files-'));
  let outcomes: Readonly<Record<string, Outcome>> = {};

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: { contents: STEPS, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', write: false },
    });
    const script = join(folder, 'steps.mjs');
    writeFileSync(script, outputFiles[0]?.contents ?? '');
    const args = [...UNSHARE, 'sh', '-c', PRIVATE, 'sh', process.execPath, script];
    const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    outcomes = JSON.parse(stdout);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('is nothing before a join, which is no error', () => {
    expect(outcomes['read nothing']).toEqual({});
    expect(outcomes['list nothing']).toEqual({ value: [] });
  });

  test('is one file of each kind, what must not outlive the kernel under /run', () => {
    expect(outcomes['write']).toEqual({});
    expect(outcomes['files']).toEqual({ value: [['joined.json'], false] });
    expect(outcomes['volatile']).toEqual({ value: ['sysctls.json'] });
  });

  test('is as large as the island where it is all that a join found, and then for root alone', () => {
    expect(outcomes['what a join found']).toEqual({ value: [20_000_000, '600'] });
  });

  test('is for root alone, and long, where it is what a hub has handed out, which no join has to come before', () => {
    expect(outcomes['what a hub has handed out']).toEqual({
      value: ['600', 'put a copy of /var/lib/island/hub/workers.json back', 2 ** 25, false],
    });
  });

  test('may be read by everybody, since status and plan are not only for root', () => {
    expect(outcomes['mode']).toEqual({ value: '644' });
  });

  test('is replaced as a whole: who has the old file open reads the old text', () => {
    expect(outcomes['replace']).toEqual({});
    expect(outcomes['who had it open']).toEqual({ value: 'first' });
    expect(outcomes['read']).toEqual({ value: 'second' });
  });

  test('stays as it was when the disk is full, with nothing half-written beside it', () => {
    expect(outcomes['full']).toEqual({
      code: 'E_APPLY',
      message: '/var/lib/island/r2lab/joined.json: cannot write: ENOSPC',
      hint: 'check the space and the mount of /var/lib/island/r2lab with "df" and "findmnt"',
    });
    expect(outcomes['after full']).toEqual({ value: ['second', ['joined.json']] });
  });

  test('tells which islands this host has joined', () => {
    expect(outcomes['list']).toEqual({ value: ['r2lab'] });
  });

  test('goes with its folder, and may be gone already', () => {
    expect(outcomes['remove']).toEqual({ value: [false, true] });
    expect(outcomes['remove again']).toEqual({});
  });

  test('goes with what a write that was killed has left beside it', () => {
    expect(outcomes['left by a killed write']).toEqual({ value: true });
  });

  test('is not looked for in folders that no island can have made', () => {
    expect(outcomes['odd names']).toEqual({ value: ['r2lab'] });
  });

  test('is refused with its path where it is no file, too long, or others may write it', () => {
    const path = (name: string) => `/run/island/${name}/sysctls.json`;
    expect(outcomes['a folder']).toEqual({
      code: 'E_APPLY',
      message: '/var/lib/island/dir/joined.json: not a file: a folder, a pipe or a device',
      hint: 'remove /var/lib/island/dir/joined.json, and join again',
    });
    expect(outcomes['remove a folder']).toMatchObject({
      code: 'E_APPLY',
      message: expect.stringContaining('/var/lib/island/dir/joined.json: cannot remove: '),
    });
    expect(outcomes['a pipe']).toMatchObject({ code: 'E_APPLY' });
    expect(outcomes['too long']).toMatchObject({ code: 'E_APPLY' });
    expect(outcomes['of others']).toEqual({
      code: 'E_CONFIG',
      message: `${path('others')}: others may write it (mode 666)`,
      hint: `chmod go-w ${path('others')}`,
    });
  });

  test('is an error where a file is in the way', () => {
    expect(outcomes['not a folder']).toMatchObject({
      code: 'E_APPLY',
      message: expect.stringContaining('odd'),
    });
    expect(outcomes['read not a folder']).toEqual({});
  });

  test('beside it are the configured islands, in the order of their names, and nothing else of /etc/island', () => {
    expect(outcomes['no configs']).toEqual({ value: [] });
    expect(outcomes['configs']).toEqual({
      value: ['a.yaml', 'b.yaml'].map((name) => ({ path: `/etc/island/${name}`, text: name })),
    });
  });
});
