import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** A small disk of its own at /var/lib, and a network namespace, which is where the locks are. */
const PRIVATE = `set -e
mount -t tmpfs -o size=4m test /var/lib
exec "$@"`;
const UNSHARE = [
  ...['--mount', '--net', '--propagation', 'private'],
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
];
const canMount = spawnSync('unshare', [...UNSHARE, 'sh', '-c', PRIVATE, 'sh', 'true']).status === 0;

interface Loss {
  readonly acknowledged: number;
  readonly lost: readonly unknown[];
  readonly twice: number;
}

interface Outcomes {
  readonly everyStep: Loss & {
    readonly losses: readonly unknown[];
    readonly killed: number;
    readonly last: { readonly code: number; readonly stderr: string };
    readonly left: readonly string[];
  };
  readonly anyMoment: Loss & { readonly losses: readonly unknown[]; readonly signals: readonly string[] };
  readonly manyAtOnce: Loss & { readonly codes: readonly number[] };
  readonly fullDisk: {
    readonly full: Loss & { readonly reason: string; readonly left: readonly string[] };
    readonly refused: readonly unknown[];
    readonly later: Loss;
  };
  readonly mode: string;
}

const NONE = { lost: [], twice: 0 };

describe.runIf(canMount)('the register on a real disk, written by real processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'island-register-'));
  let outcomes: Outcomes;

  beforeAll(async () => {
    const support = fileURLToPath(new URL('../support/register-disk', import.meta.url));
    await build({
      entryPoints: [join(support, 'worker.ts'), join(support, 'rounds.ts')],
      ...{ outdir: folder, outExtension: { '.js': '.mjs' } },
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    const node = [process.execPath, join(folder, 'rounds.mjs'), join(folder, 'worker.mjs')];
    const args = [...UNSHARE, 'sh', '-c', PRIVATE, 'sh', ...node];
    const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    outcomes = JSON.parse(stdout);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  test('loses nothing that was acknowledged when its process is killed before or after any step of a write', () => {
    const { everyStep } = outcomes;
    expect(everyStep).toMatchObject({ ...NONE, losses: [], left: ['workers.json'] });
    // Folders, file, half and whole text, sync, close, rename, and the sync of the folder.
    expect(everyStep.killed).toBeGreaterThan(16);
    expect(everyStep.acknowledged).toBeGreaterThan(everyStep.killed);
    expect(everyStep.last).toMatchObject({ code: 0, stderr: '' });
  });

  test('loses nothing that was acknowledged when two that write at once are killed at any moment', () => {
    expect(outcomes.anyMoment).toMatchObject({ ...NONE, losses: [], signals: ['SIGKILL'] });
    expect(outcomes.anyMoment.acknowledged).toBeGreaterThan(100);
  });

  test('has all that three processes have written at once, and no address twice', () => {
    expect(outcomes.manyAtOnce).toEqual({ ...NONE, acknowledged: 180, codes: [0, 0, 0] });
  });

  test('stays as it was when the disk is full, says so, and goes on when there is room again', () => {
    const { full, refused, later } = outcomes.fullDisk;
    expect(full).toMatchObject({ ...NONE, left: ['workers.json'] });
    expect(full.acknowledged).toBeGreaterThan(20);
    expect(full.reason).toContain('/var/lib/island/disk/workers.json: cannot write: ENOSPC');
    expect(refused).toEqual([]);
    expect(later).toEqual({ ...NONE, acknowledged: full.acknowledged + 3 });
  });

  test('is for root alone to read', () => {
    expect(outcomes.mode).toBe('600');
  });
});
