import { isDeepStrictEqual } from 'node:util';
import type { Kept } from '../app/heal.ts';
import type { Host } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import type { RunningService, ServicesOf } from './service.ts';

export interface Services {
  /**
   * Starts them the first time; when the island or the place of this host in it has changed each goes on with that,
   * or is started anew. Rejects when one does not start: that one is tried again the next time, the others run.
   */
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

export function newServices({ servicesOf, ...given }: ServicesOptions): Services {
  /** By name, in the order in which they were started. */
  const running = new Map<string, RunningService>();
  let last: Kept | undefined;
  const leased = () => {
    for (const service of running.values()) service.leased?.();
  };

  async function start(kept: Kept): Promise<void> {
    const { island, scene } = kept;
    for (const { name, start: begin } of servicesOf(kept)) {
      if (!running.has(name)) running.set(name, await begin({ ...given, island, scene, leased }));
    }
  }

  async function change(kept: Kept): Promise<void> {
    const wanted = new Set(servicesOf(kept).map(({ name }) => name));
    for (const [name, service] of [...running].toReversed()) {
      if (wanted.has(name) && (await service.changed?.(kept)) === true) continue;
      running.delete(name);
      await service.close();
    }
  }

  return {
    async close() {
      last = undefined;
      for (const [name, service] of [...running].toReversed()) {
        running.delete(name);
        await service.close();
      }
    },
    moved: (isGone) => {
      for (const service of running.values()) service.moved?.(isGone);
    },
    async onKept(kept) {
      if (last !== undefined && !isSameFor(last, kept)) await change(kept);
      last = kept;
      if (kept.repaired.length > 0) for (const service of running.values()) service.repaired?.();
      await start(kept);
    },
  };
}

function isSameFor(a: Kept, b: Kept): boolean {
  const { role, name } = a.scene.place;
  return role === b.scene.place.role && name === b.scene.place.name && isDeepStrictEqual(a.island, b.island);
}
