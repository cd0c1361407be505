import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';
import { run, startDetached } from './exec.ts';
import type { Watcher } from './host.ts';
import { exclusively, isHeld, watcherOf } from './lock.ts';
import { isInstalled } from './require.ts';
import { spaceOf } from './spaces.ts';

/** A busy machine starts Node in a second; what takes this long does not start. */
const DEADLINE_MS = 10_000;
const POLL_MS = 10;

/**
 * It ends by itself when nothing waits any more; another end, such as for want of memory, must not be its last.
 * 75 is that of one that found another one there.
 */
const LASTING = ['Restart=on-failure', 'RestartSec=1', 'RestartPreventExitStatus=75'].map(
  (property) => `--property=${property}`,
);

export interface WatcherOptions {
  /** What starts this program again. */
  readonly program: readonly [file: string, ...args: readonly string[]];
  /** The PATH. */
  readonly path: string;
}

export function watcherFor(options: WatcherOptions): Watcher {
  const isRunning = (island: string) => isHeld(watcherOf(island));
  return {
    isRunning,
    run: (island, work) => exclusively(watcherOf(island), work),
    async start(island) {
      await startAny(island, options);
      const deadline = performance.now() + DEADLINE_MS;
      while (!(await isRunning(island))) {
        if (performance.now() > deadline) throw notStarted(options);
        await delay(POLL_MS);
      }
    },
  };
}

/**
 * As a unit of its own where systemd runs: with KillUserProcesses=yes logind ends everything that a session
 * has started, whatever session of the kernel it is in. Elsewhere, and where systemd refuses, as a process.
 */
async function startAny(island: string, { program, path }: WatcherOptions): Promise<void> {
  const [file, ...args] = [...program, 'revert', '-i', island] as const;
  if (isInstalled('systemd-run', path) && isUnderSystemd()) {
    const words = ['--quiet', '--collect', `--description=Undo the join of ${island} unless it is confirmed`];
    const environment = `--setenv=PATH=${path}`;
    const { exitCode } = await run('systemd-run', [...words, ...LASTING, environment, '--', file, ...args]);
    if (exitCode === 0) return;
  }
  startDetached(file, args);
}

/** Units see the network and the files of process 1, which need not be ours. */
function isUnderSystemd(): boolean {
  if (!existsSync('/run/systemd/system')) return false;
  return ['net', 'mnt'].every((space) => spaceOf('1', space) === spaceOf('self', space));
}

function notStarted({ program }: WatcherOptions): IslandError {
  return new IslandError('E_APPLY', 'the process that would undo this join does not start', {
    hint: `try "${program.join(' ')} revert -i ISLAND", or join without --confirm-within`,
  });
}
