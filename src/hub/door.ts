import { createFailures, type FailureLimits } from './failures.ts';

export interface Visit {
  readonly address: string;
  /** Ends the connection, and tells the door by `leave`. */
  readonly drop: (why: string) => void;
}

export interface DoorLimits extends FailureLimits {
  readonly connections: number;
  readonly perAddress: number;
}

/** Why one was ended that another took the place of. */
export const EVICTED = 'evicted';

/** Why a connection is not let in. */
export type Turned = 'failures' | 'full';

export interface Door {
  /** Lets a connection in, perhaps in the place of another; or says why not. */
  admit(visit: Visit, nowMs: number): Turned | undefined;
  /** Nobody takes its place any more. */
  keep(visit: Visit): void;
  /** It has gone; when it has failed, that is remembered of its address. */
  leave(visit: Visit, nowMs: number, hasFailed: boolean): void;
}

/**
 * Who may be connected. Where there is no room, a newcomer takes the place of the one who has been there longest
 * without naming a key that there is: idle and garbage connections, however many, keep no key's holder out.
 */
export function createDoor(limits: DoorLimits): Door {
  const visits = new Map<Visit, { readonly isKept: boolean }>();
  const failures = createFailures(limits);

  function hasRoom(among: readonly Visit[], most: number): boolean {
    if (among.length < most) return true;
    const stranger = among.find((visit) => visits.get(visit)?.isKept === false);
    stranger?.drop(EVICTED);
    return stranger !== undefined;
  }

  return {
    admit(visit, nowMs) {
      if (failures.isBarred(visit.address, nowMs)) return 'failures';
      const neighbours = [...visits.keys()].filter(({ address }) => address === visit.address);
      if (!hasRoom(neighbours, limits.perAddress)) return 'full';
      if (!hasRoom([...visits.keys()], limits.connections)) return 'full';
      visits.set(visit, { isKept: false });
      return undefined;
    },
    keep(visit) {
      if (visits.has(visit)) visits.set(visit, { isKept: true });
    },
    leave(visit, nowMs, hasFailed) {
      if (visits.delete(visit) && hasFailed) failures.count(visit.address, nowMs);
    },
  };
}
