import type { Supervisor } from '../host/notify.ts';
import type { Log } from '../model/log.ts';

export interface HeartbeatOptions {
  readonly supervisor: Supervisor | undefined;
  /** Since when the look that is going on goes on; undefined between looks. */
  readonly lookingSince: () => number | undefined;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Tells the watchdog that this process is alive, twice in the time it has. That a timer fires says that the loop turns,
 * but a look may wait for a program that never ends, such as an nft that hangs in the kernel: then it is silent.
 * Gives what ends it.
 */
export function startHeartbeat({ supervisor, lookingSince, now, log }: HeartbeatOptions): () => void {
  const patienceMs = supervisor?.patienceMs;
  if (supervisor === undefined || patienceMs === undefined) return () => undefined;
  let wasStuck = false;
  const timer = setInterval(() => {
    const since = lookingSince();
    const isStuck = since !== undefined && now() - since > patienceMs;
    if (!isStuck) supervisor.tell('WATCHDOG=1');
    else if (!wasStuck) log.error({ sinceMs: Math.round(now() - since) }, 'a look at the host does not end');
    wasStuck = isStuck;
  }, patienceMs / 2);
  return () => clearInterval(timer);
}
