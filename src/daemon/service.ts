import type { Kept } from '../app/heal.ts';
import type { Host } from '../host/host.ts';
import type { Log } from '../model/log.ts';

/** What a daemon does beside keeping the host as the file says: on a hub, the control API and the learner. */
export interface Service {
  /** No two services of a host have the same. */
  readonly name: string;
  /** Starts it on a host that is on the island; rejects with an IslandError when it cannot. */
  start(setting: ServiceSetting): Promise<RunningService>;
}

/** The island, and what this host is in it. */
export type Standing = Pick<Kept, 'island' | 'scene'>;

export interface ServiceSetting extends Standing {
  readonly host: Host;
  readonly log: Log;
  /** Asks for a look at the host, and a repair, within a moment. */
  readonly lookSoon: (what: string) => void;
  /** Says what keeps it from some of its work, and that nothing does any more. */
  readonly trouble: (texts: readonly string[]) => void;
  /** Tells all services that a worker has come or gone. */
  readonly leased: () => void;
}

export interface RunningService {
  /** Goes on with another island or place; false when it cannot, and is to be closed and started anew. */
  changed?(standing: Standing): Promise<boolean>;
  /** After each look that repaired something: what the service keeps in the kernel may be gone. */
  repaired?(): void;
  /** When a worker has sent something from elsewhere than before, or an entry that says where one is is gone. */
  moved?(isGone: boolean): void;
  /** When a worker has come or gone. */
  leased?(): void;
  close(): Promise<void>;
}

/** The services of this host, which depend on what it is in the island. */
export type ServicesOf = (kept: Kept) => readonly Service[];
