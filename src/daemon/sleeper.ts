import { setTimeout as delay } from 'node:timers/promises';

/** A sleep that can be cut short. */
export interface Sleeper {
  /** Resolves after `ms`, or when somebody wakes it. */
  sleep(ms: number): Promise<void>;
  wake(): void;
}

/** Timers hold no more than this (32 bits). */
const LONGEST_MS = 2 ** 31 - 1;

export function newSleeper(): Sleeper {
  let alarm = new AbortController();
  return {
    async sleep(ms) {
      alarm = new AbortController();
      await delay(Math.min(ms, LONGEST_MS), undefined, { signal: alarm.signal }).catch(() => undefined);
    },
    wake: () => alarm.abort(),
  };
}
