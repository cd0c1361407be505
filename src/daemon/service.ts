import type { Kept } from '../app/heal.ts';
import type { Host } from '../host/host.ts';
import type { Log } from '../model/log.ts';

/** What a daemon does beside keeping the host as the file says: on a hub, the control API and the learner. */
export interface Service {
  readonly name: string;
  /** Starts it on a host that is on the island; rejects with an IslandError when it cannot. */
  start(setting: ServiceSetting): Promise<RunningService>;
}

export interface ServiceSetting extends Pick<Kept, 'island' | 'scene'> {
  readonly host: Host;
  readonly log: Log;
  /** Asks for a look at the host, and a repair, within a moment. */
  readonly lookSoon: (what: string) => void;
}

export interface RunningService {
  /** After each look that repaired something: what the service keeps in the kernel may be gone. */
  repaired?(): void;
  /** When a worker has sent something from elsewhere than before, or an entry that says where one is is gone. */
  moved?(isGone: boolean): void;
  close(): Promise<void>;
}

/** The services of this host, which depend on what it is in the island. */
export type ServicesOf = (kept: Kept) => readonly Service[];
