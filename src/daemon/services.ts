import { isDeepStrictEqual } from 'node:util';
import type { Kept } from '../app/heal.ts';
import type { Host } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import type { RunningService, ServicesOf } from './service.ts';

export interface Services {
  /** Starts them the first time, and anew when the island or the place of this host in it has changed. */
  onKept(kept: Kept): Promise<void>;
  /** A worker has sent something from elsewhere than before. */
  moved(isGone: boolean): void;
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly host: Host;
  readonly log: Log;
  readonly servicesOf: ServicesOf;
  readonly lookSoon: (what: string) => void;
}

interface Started {
  readonly kept: Kept;
  readonly running: RunningService[];
}

export function newServices({ servicesOf, ...setting }: ServicesOptions): Services {
  let started: Started | undefined;

  async function start(kept: Kept): Promise<void> {
    const running: RunningService[] = [];
    started = { kept, running };
    try {
      for (const service of servicesOf(kept)) {
        running.push(await service.start({ ...setting, island: kept.island, scene: kept.scene }));
      }
    } catch (error) {
      await close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    const running = started?.running ?? [];
    started = undefined;
    for (const service of running.toReversed()) await service.close();
  }

  return {
    close,
    moved: (isGone) => {
      for (const service of started?.running ?? []) service.moved?.(isGone);
    },
    async onKept(kept) {
      if (started !== undefined && !isSameFor(started.kept, kept)) await close();
      if (started === undefined) return start(kept);
      if (kept.repaired.length === 0) return;
      for (const service of started.running) service.repaired?.();
    },
  };
}

function isSameFor(a: Kept, b: Kept): boolean {
  const { role, name } = a.scene.place;
  return role === b.scene.place.role && name === b.scene.place.name && isDeepStrictEqual(a.island, b.island);
}
