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
  /** Hears all that keeps services from some of their work, whenever that changes. */
  readonly onTrouble?: (texts: readonly string[]) => void;
}

export function newServices({ servicesOf, onTrouble, ...given }: ServicesOptions): Services {
  /** By name, in the order in which they were started. */
  const running = new Map<string, RunningService>();
  const troubles = new Map<string, readonly string[]>();
  let last: Kept | undefined;
  const leased = () => {
    for (const service of running.values()) service.leased?.();
  };

  const troubleOf = (name: string) => (texts: readonly string[]) => {
    if (isDeepStrictEqual(texts, troubles.get(name) ?? [])) return;
    troubles.set(name, texts);
    onTrouble?.([...troubles.values()].flat());
  };

  async function stop(name: string, service: RunningService): Promise<void> {
    running.delete(name);
    await service.close();
    troubleOf(name)([]);
  }

  async function start(kept: Kept): Promise<void> {
    const { island, scene } = kept;
    for (const { name, start: begin } of servicesOf(kept)) {
      if (running.has(name)) continue;
      const setting = { ...given, island, scene, leased, trouble: troubleOf(name) };
      running.set(name, await begin(setting));
    }
  }

  async function change(kept: Kept): Promise<void> {
    const wanted = new Set(servicesOf(kept).map(({ name }) => name));
    for (const [name, service] of [...running].toReversed()) {
      if (wanted.has(name) && (await service.changed?.(kept)) === true) continue;
      await stop(name, service);
    }
  }

  return {
    async close() {
      last = undefined;
      for (const [name, service] of [...running].toReversed()) await stop(name, service);
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
