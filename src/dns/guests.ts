/** Connections that there are at one moment, and how long they may take. */
export interface TcpLimits {
  /** In all, and from one address. */
  readonly connections: number;
  readonly perSource: number;
  /** From one question to the next, and for an answer to be taken. */
  readonly idleMs: number;
  /** Questions answered at a stretch, before others have their turn. */
  readonly atOnce: number;
  /** How long close() waits for those who have been answered to hang up. */
  readonly closeMs: number;
}

export const DEFAULT_TCP_LIMITS: TcpLimits = {
  ...{ connections: 128, perSource: 16, idleMs: 10_000, atOnce: 64, closeMs: 1000 },
};

/** Whoever is connected. */
export interface Guest {
  readonly source: number;
  cut(reason: string): void;
  /** Answers what has come, and hangs up. */
  finish(): void;
}

export interface Guests {
  /** False for an address that has too many already. */
  hasRoomFor(source: number): boolean;
  /** Where it is full, the one is cut who has not asked for longest. */
  enter(guest: Guest): void;
  /** It has asked. */
  heard(guest: Guest): void;
  leave(guest: Guest): void;
  all(): readonly Guest[];
}

/** So nobody keeps others out, with however many connections: from one address they are few, and idle ones give way. */
export function createGuests({ connections, perSource }: TcpLimits): Guests {
  // In the order in which they last asked.
  const present = new Set<Guest>();
  const bySource = new Map<number, number>();

  function leave(guest: Guest): void {
    if (!present.delete(guest)) return;
    const left = (bySource.get(guest.source) ?? 0) - 1;
    if (left > 0) bySource.set(guest.source, left);
    else bySource.delete(guest.source);
  }

  return {
    leave,
    hasRoomFor: (source) => (bySource.get(source) ?? 0) < perSource,
    enter(guest) {
      const [idlest] = present.size >= connections ? present : [];
      if (idlest !== undefined) {
        leave(idlest);
        idlest.cut('tcp-evicted');
      }
      present.add(guest);
      bySource.set(guest.source, (bySource.get(guest.source) ?? 0) + 1);
    },
    heard(guest) {
      if (present.delete(guest)) present.add(guest);
    },
    all: () => [...present],
  };
}
