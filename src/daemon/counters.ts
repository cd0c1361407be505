import { isDeepStrictEqual } from 'node:util';
import { formatRecord } from '../app/record.ts';
import type { TallySnapshot } from '../dns/tally.ts';
import { IslandError } from '../errors.ts';
import type { Store } from '../host/host.ts';
import type { Log } from '../model/log.ts';

export interface CountersOptions {
  readonly store: Store;
  readonly counted: () => TallySnapshot;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface Counters {
  /** Takes the file away. */
  close(): Promise<void>;
}

const EVERY_MS = 10_000;

/** Keeps what the responder has counted in a file, for "island dns stats"; none before there is something. */
export function keepCounters({ store, counted, log, since }: CountersOptions): Counters {
  let last = counted();
  let writing: Promise<void> = Promise.resolve();
  let isTrouble = false;

  async function write(): Promise<void> {
    const now = counted();
    if (isDeepStrictEqual(now, last)) return;
    try {
      await store.write('dns', formatRecord({ since, ...now }));
      last = now;
      isTrouble = false;
    } catch (error) {
      if (!(error instanceof IslandError)) throw error;
      if (!isTrouble) log.warn({ reason: error.message }, 'the counters of names are not kept');
      isTrouble = true;
    }
  }

  const timer = setInterval(() => {
    writing = writing.then(write);
  }, EVERY_MS);
  return {
    async close() {
      clearInterval(timer);
      await writing;
      await store.remove('dns').catch(() => undefined);
    },
  };
}

/** A line of what was counted, if anything was. */
export function logCounted(log: Log, { udp, tcp, types, rcodes, drops }: TallySnapshot): void {
  const words = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `${name}=${count}`);
  const fields = { udp, tcp, types: words(types), rcodes: words(rcodes), drops: words(drops) };
  if (udp + tcp + fields.drops.length > 0) log.info(fields, 'what has been answered');
}
