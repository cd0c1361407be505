import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import { nftTableOf } from '../model/addressing.ts';
import { restorable } from '../plan/before.ts';
import type { ConvergeOptions } from './converge.ts';
import { goTo } from './go-to.ts';
import { dropPending, KEPT_FILES, readKept, readPending } from './pending.ts';

/** How soon the watcher sees that the join was confirmed, or waits longer. */
const POLL_MS = 1000;
/** Between two tries of an undo that fails, or that another command is in the way of. */
const RETRY_MS = 2000;

export interface WatchOptions {
  readonly interrupted: () => boolean;
  readonly say?: (text: string) => void;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * Waits until the join of the island is confirmed, or its time is over, and then undoes it. Never gives up:
 * whoever is locked out has nobody else. Ends when nothing waits to be confirmed.
 */
export async function watch(host: Host, island: string, options: WatchOptions): Promise<void> {
  const waits = async () => !options.interrupted() && (await readPending(host, island)) !== undefined;
  // Asked again behind the lock: a join that found this watcher there may have written its deadline since.
  do {
    await host.watcher.run(island, () => watchHere(host, island, options));
  } while (await waits());
}

async function watchHere(
  host: Host,
  island: string,
  { interrupted, say, pause = delay }: WatchOptions,
): Promise<void> {
  while (!interrupted()) {
    try {
      const pending = await readPending(host, island);
      if (pending === undefined) return;
      if (pending.leftMs > 0) await pause(Math.min(pending.leftMs, POLL_MS));
      else if (await host.exclusively(island, () => revertExpired(host, island))) {
        say?.(`nobody confirmed the join of ${island}: it is undone`);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say?.(`cannot undo the join of ${island} yet: ${reason}`);
      await pause(RETRY_MS);
    }
  }
}

/**
 * Undoes a join whose time to be confirmed is over; whether there was one. The caller holds the lock of the
 * island, so that a confirmation that came in the last moment counts.
 */
export async function revertExpired(host: Host, island: string, options?: ConvergeOptions): Promise<boolean> {
  const pending = await readPending(host, island);
  if (pending === undefined || pending.leftMs > 0) return false;
  const store = host.store(island);
  const kept = await readKept(store);
  const observed = await host.observe(nftTableOf(island));
  await goTo(host, { observed, marks: kept.marks, target: (now) => restorable(kept, now) }, options);
  for (const file of KEPT_FILES) {
    const text = kept.files[file];
    await (text === undefined ? store.remove(file) : store.write(file, text));
  }
  await dropPending(store);
  return true;
}
