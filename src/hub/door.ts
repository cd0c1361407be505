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
  /** It has proven that it holds a key. */
  prove(visit: Visit): void;
  /** It has gone. True for a failure: it had proven nothing, which was its own fault. */
  leave(visit: Visit, nowMs: number, isItsFault: boolean): boolean;
}

/**
 * Who may be connected. Where there is no room, a newcomer takes the place of the one who has been there longest
 * without proving anything: idle and garbage connections, however many, keep no key's holder out.
 */
export function createDoor(limits: DoorLimits): Door {
  const visits = new Map<Visit, { isProven: boolean }>();
  const failures = createFailures(limits);

  function hasRoom(among: readonly Visit[], most: number): boolean {
    if (among.length < most) return true;
    const stranger = among.find((visit) => visits.get(visit)?.isProven === false);
    stranger?.drop(EVICTED);
    return stranger !== undefined;
  }

  return {
    admit(visit, nowMs) {
      if (failures.isBarred(visit.address, nowMs)) return 'failures';
      const neighbours = [...visits.keys()].filter(({ address }) => address === visit.address);
      if (!hasRoom(neighbours, limits.perAddress)) return 'full';
      if (!hasRoom([...visits.keys()], limits.connections)) return 'full';
      visits.set(visit, { isProven: false });
      return undefined;
    },
    prove(visit) {
      if (visits.has(visit)) visits.set(visit, { isProven: true });
    },
    leave(visit, nowMs, isItsFault) {
      const state = visits.get(visit);
      visits.delete(visit);
      const hasFailed = state?.isProven === false && isItsFault;
      if (hasFailed) failures.count(visit.address, nowMs);
      return hasFailed;
    },
  };
}
