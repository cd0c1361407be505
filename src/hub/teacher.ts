import { IslandError } from '../errors.ts';
import type { SeenEndpoint } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import { withoutSecrets } from '../model/secret.ts';
import {
  type EndpointChange,
  type EndpointView,
  endpointChanges,
  type ForwardingEntry,
  type KnownWorker,
  sightingsWithin,
} from './endpoints.ts';
import type { LearnOptions } from './learner.ts';

/**
 * Where a worker has not been seen for so many of its periods and the time that the set remembers, it is not any more,
 * and what is still sent there may keep a NAT from giving it the same port again.
 */
const SILENT_PERIODS = 3;
const REMEMBERED_MS = 60_000;
/** The link's entries are read anew so often, if nothing was seen that is new, and nobody tells that one is gone. */
const READING_MS = 300_000;

/** What a poll has come to. */
export interface Lesson {
  /** The MACs of the workers of which the kernel knows by now where they are. */
  readonly known: ReadonlySet<string>;
  readonly hasChanged: boolean;
}

/** Writes down where workers are. */
export interface Teacher {
  /** One poll. */
  look(workers: readonly KnownWorker[]): Promise<Lesson>;
  /** Whether somebody was seen in two places, and may go back to the first, which is nothing new to the kernel. */
  isUnsure(): boolean;
  /** Whether each of them has an entry, however long ago it was heard of. */
  knowsAll(workers: readonly KnownWorker[]): boolean;
  forget(): void;
}

const NOTHING: Lesson = { known: new Set(), hasChanged: false };

/** The teacher of one workers' link. */
export function teacherOf({
  host,
  nftTable,
  link,
  port,
  keepaliveMs,
  log,
}: Omit<LearnOptions, 'workers'>): Teacher {
  let previous: readonly SeenEndpoint[] = [];
  /** The link's entries as they were read and written; undefined where they have to be read. */
  let fdb: readonly ForwardingEntry[] | undefined;
  let readAt = 0;
  const sightings = sightingsWithin(SILENT_PERIODS * keepaliveMs + REMEMBERED_MS);
  const calmly = complainingTo(log);

  async function look(workers: readonly KnownWorker[]): Promise<Lesson> {
    const seen = await host.seenEndpoints(nftTable);
    // The table is gone; who put it there does so again.
    if (seen === undefined) return NOTHING;
    const view = { seen, workers, previous };
    const isDue = fdb === undefined || host.now() - readAt > READING_MS;
    const before = fdb ?? [];
    const lesson =
      isDue || endpointChanges({ ...view, fdb: before }).length > 0 ? await teach(view) : undefined;
    const entries = lesson?.entries ?? before;
    previous = seen;
    const gone = sightings.of({ seen, workers }, host.now());
    const silent = entries.filter(({ mac }) => gone.has(mac));
    await forget(silent);
    fdb = entries.filter((entry) => !silent.includes(entry));
    const written = new Set(fdb.map(({ mac }) => mac));
    const known = new Set(seen.map(({ mac }) => mac).filter((mac) => written.has(mac)));
    return { known, hasChanged: lesson?.hasChanged ?? false };
  }

  /** Reads the link's entries, and writes what differs. */
  async function teach(view: Omit<EndpointView, 'fdb'>) {
    readAt = host.now();
    fdb = undefined;
    const entries = (await host.fdbOf(link)).map((entry) => ({ ...entry, port: entry.port ?? port }));
    const changes = endpointChanges({ ...view, fdb: entries });
    if (changes.length > 0) {
      await host.perform({ tool: 'bridge', lines: changes.map((change) => lineOf(link, change)) });
      log.info({ workers: changes.length }, 'learned where workers are');
    }
    return { entries: withChanges(entries, changes), hasChanged: changes.length > 0 };
  }

  async function forget(silent: readonly ForwardingEntry[]): Promise<void> {
    if (silent.length === 0) return;
    await host.perform({ tool: 'bridge', lines: silent.map((entry) => goneLineOf(link, entry)) });
    log.info({ workers: silent.length }, 'workers have been silent for long; where they were is forgotten');
  }

  return {
    knowsAll(workers) {
      const written = new Set(fdb?.map(({ mac }) => mac));
      return workers.every(({ mac }) => written.has(mac));
    },
    isUnsure: () => new Set(previous.map(({ mac }) => mac)).size < previous.length,
    forget: () => {
      fdb = undefined;
    },
    look: (workers) => calmly(() => look(workers)),
  };
}

/** Says what is wrong once, not every two seconds, and goes on. */
function complainingTo(log: Log): (work: () => Promise<Lesson>) => Promise<Lesson> {
  let trouble = '';
  return async (work) => {
    try {
      const lesson = await work();
      trouble = '';
      return lesson;
    } catch (error) {
      if (!(error instanceof IslandError)) throw error;
      const { code, message } = error;
      if (message !== trouble)
        log.error({ code, reason: withoutSecrets(message) }, 'cannot learn where workers are');
      trouble = message;
      return NOTHING;
    }
  };
}

function withChanges(
  fdb: readonly ForwardingEntry[],
  changes: readonly EndpointChange[],
): readonly ForwardingEntry[] {
  const entries = new Map(fdb.map((entry) => [entry.mac, entry]));
  for (const { mac, address, port } of changes) entries.set(mac, { mac, outer: address, port });
  return [...entries.values()];
}

function lineOf(link: string, { mac, address, port }: EndpointChange): string {
  return `fdb replace ${mac} dev ${link} dst ${address} port ${port} self permanent`;
}

function goneLineOf(link: string, { mac, outer, port }: ForwardingEntry): string {
  return `fdb delete ${mac} dev ${link} dst ${outer} port ${port} self permanent`;
}
