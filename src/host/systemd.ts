import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';
import type { Term } from '../plan/units.ts';

/** Process 1, asked over D-Bus or, where there is no bus, by systemctl. */
export interface Systemd {
  readonly way: 'bus' | 'systemctl';
  /** Also of a unit that systemd has no file for: its `load` is then `not-found`. */
  stateOf(unit: string): Promise<UnitState>;
  /** Reads all unit files anew. */
  reload(): Promise<void>;
  /** Makes the links of [Install]; `reload` is to follow. */
  enable(units: readonly string[], term: Term): Promise<void>;
  /** Removes them, also of units whose file is gone; `reload` is to follow. */
  disable(units: readonly string[], term: Term): Promise<void>;
  /**
   * Resolves with how the job has ended, `done` when it is what it was for. E_APPLY when it is refused or takes longer
   * than `timeoutMs`, E_RETRY when the operator asked to stop meanwhile.
   */
  act(verb: JobVerb, unit: string, options: JobOptions): Promise<string>;
  /** Forgets that a unit has failed. */
  resetFailed(unit: string): Promise<void>;
  close(): void;
}

export type JobVerb = 'start' | 'stop' | 'restart' | 'reload';

export interface JobOptions {
  readonly timeoutMs: number;
  readonly interrupted?: (() => boolean) | undefined;
}

/** The words are systemd's own (org.freedesktop.systemd1(5)). */
export interface UnitState {
  readonly unit: string;
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly load: string;
  /** `active`, `activating`, `inactive`, `failed`, `deactivating`, `reloading`. */
  readonly active: string;
  /** Such as `exited`, `running`, `auto-restart`. */
  readonly sub: string;
  /** `enabled`, `enabled-runtime`, `disabled`, `masked`; empty where there is no file. */
  readonly enabled: string;
  /** How a service or a socket came to its last end: `success`, `exit-code`, `timeout`, `resources`. */
  readonly result: string;
  /** Since when it is active, or is not; milliseconds since 1970. Undefined for what never was anything else. */
  readonly sinceMs: number | undefined;
  /** The file that it was loaded from. */
  readonly path: string;
  /** The file has changed since. */
  readonly isStale: boolean;
}

/** In milliseconds since 1970; systemd counts microseconds by the clock that nobody sets, 0 for never. */
export function wallTimeOf(monotonicUs: bigint): number | undefined {
  if (monotonicUs === 0n) return undefined;
  const agoUs = process.hrtime.bigint() / 1000n - monotonicUs;
  return Math.round(Date.now() - Number(agoUs) / 1000);
}

/** Which of the two timestamps of a unit says since when it is as it is. */
export function sinceOf(active: string, times: Record<'entered' | 'changed', bigint>): number | undefined {
  return wallTimeOf(active === 'active' || active === 'reloading' ? times.entered : times.changed);
}

const POLL_MS = 100;

/** Looks until `look` has found something. Throws as `act` does. */
export async function untilFound<T>(
  look: () => Promise<T | undefined> | T | undefined,
  { what, timeoutMs, interrupted = () => false }: JobOptions & { readonly what: string },
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (interrupted()) throw new IslandError('E_RETRY', `${what}: interrupted`);
    if (performance.now() > deadline) {
      throw new IslandError('E_APPLY', `${what}: has not ended within ${timeoutMs / 1000} s`, {
        hint: 'see "systemctl list-jobs"',
      });
    }
    await delay(POLL_MS);
  }
}
