import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';
import type { Host, SeenEndpoint } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import { withoutSecrets } from '../model/secret.ts';
import {
  type EndpointChange,
  endpointChanges,
  type ForwardingEntry,
  type KnownWorker,
  sightingsWithin,
} from './endpoints.ts';

export interface LearnOptions {
  readonly host: Pick<Host, 'seenEndpoints' | 'fdbOf' | 'perform' | 'now'>;
  readonly nftTable: string;
  /** The workers' link, and its UDP port: `bridge` names no port that is the same. */
  readonly link: string;
  readonly port: number;
  /** How long a worker may be silent. */
  readonly keepaliveMs: number;
  /** As they are now. */
  readonly workers: () => readonly KnownWorker[];
  readonly log: Log;
}

export interface Learner {
  /** Resolves when the hub knows where the worker with this MAC is: `false` when it does not in ten seconds. */
  expect(mac: string): Promise<boolean>;
  /** Looks at once, and at everything: the link may have been made anew. */
  refresh(): void;
  /** Resolves when the last look has ended; the forwarding entries stay. */
  close(): Promise<void>;
}

/**
 * Where a worker has not been seen for so many of its periods and the time that the set remembers, it is not any more,
 * and what is still sent there may keep a NAT from giving it the same port again.
 */
const SILENT_PERIODS = 3;
const REMEMBERED_MS = 60_000;
/** After a boot of the hub the kernel of each worker asks once in a period, whatever one it is in. */
const CATCHING_UP_PERIODS = 2;
const LONGEST_WAIT_MS = 10_000;
/** The link's entries are read anew with the polls of this many, if nothing was seen that is new. */
const POLLS_PER_READING = 10;

/** While somebody joins: each of his packets is lost until then. */
const URGENT_MS = 50;
/** Where workers have no entry yet, as after a boot of the hub: their packets are answered from then on. */
const CATCHING_UP_MS = 500;
const CALM_MS = 2000;
/** For each worker, up to the longest: there is the more to look at. */
const MORE_CALM_MS = 3;
const LONGEST_CALM_MS = 5000;

interface Pace {
  readonly lookMs: number;
  readonly workers: number;
  readonly isUrgent: boolean;
  readonly isCatchingUp: boolean;
}

/** Until the next look. Where hundreds join a look takes long, and those whom it is for need the processor as well. */
function pauseAfter({ lookMs, workers, isUrgent, isCatchingUp }: Pace): number {
  if (isUrgent) return Math.max(URGENT_MS, lookMs);
  if (isCatchingUp) return Math.max(CATCHING_UP_MS, lookMs);
  return Math.min(CALM_MS + MORE_CALM_MS * workers, LONGEST_CALM_MS);
}

interface Expected {
  readonly mac: string;
  readonly deadline: number;
  readonly resolve: (isKnown: boolean) => void;
}

/** Keeps the forwarding entries of the workers' link where the kernel sees the workers' packets come from. */
export function learn({ workers, ...options }: LearnOptions): Learner {
  const { host } = options;
  const teacher = teacherOf(options);
  let expected: readonly Expected[] = [];
  let isClosing = false;
  let alarm = new AbortController();
  /** Since when the link may have been without entries. */
  let beginning = host.now();
  let isComplete = true;

  async function run(): Promise<void> {
    while (!isClosing) {
      alarm = new AbortController();
      const { signal } = alarm;
      const started = host.now();
      if (workers().length > 0 || expected.length > 0) {
        const known = await teacher.look(workers());
        isComplete = teacher.knowsAll(workers());
        settle(({ mac }) => known.has(mac));
      }
      const ms = pauseAfter({
        ...{ lookMs: host.now() - started, workers: workers().length, isUrgent: expected.length > 0 },
        isCatchingUp: !isComplete && host.now() - beginning < CATCHING_UP_PERIODS * options.keepaliveMs,
      });
      await delay(ms, undefined, { signal }).catch(() => undefined);
    }
    settle(() => false, true);
  }

  function settle(isKnown: (each: Expected) => boolean, all = false): void {
    const now = host.now();
    const rest = expected.filter((each) => !all && !isKnown(each) && each.deadline > now);
    const settled = expected.filter((each) => !rest.includes(each));
    expected = rest;
    for (const each of settled) each.resolve(isKnown(each));
  }

  const done = run();
  return {
    expect: (mac) =>
      new Promise((resolve) => {
        if (isClosing) return resolve(false);
        // Where somebody else is expected already, the next look is near.
        if (expected.length === 0) alarm.abort();
        expected = [...expected, { mac, deadline: host.now() + LONGEST_WAIT_MS, resolve }];
      }),
    refresh: () => {
      teacher.forget();
      beginning = host.now();
      alarm.abort();
    },
    close: () => {
      isClosing = true;
      alarm.abort();
      return done;
    },
  };
}

interface Teacher {
  /** One poll; the MACs of the workers of which the kernel knows by now where they are. */
  look(workers: readonly KnownWorker[]): Promise<ReadonlySet<string>>;
  /** Whether each of them has an entry, however long ago it was heard of. */
  knowsAll(workers: readonly KnownWorker[]): boolean;
  forget(): void;
}

const NOBODY: ReadonlySet<string> = new Set();

function teacherOf({ host, nftTable, link, port, keepaliveMs, log }: Omit<LearnOptions, 'workers'>): Teacher {
  let previous: readonly SeenEndpoint[] = [];
  /** The link's entries as they were read and written; undefined where they have to be read. */
  let fdb: readonly ForwardingEntry[] | undefined;
  let polls = 0;
  const sightings = sightingsWithin(SILENT_PERIODS * keepaliveMs + REMEMBERED_MS);
  let trouble = '';

  async function look(workers: readonly KnownWorker[]): Promise<ReadonlySet<string>> {
    const seen = await host.seenEndpoints(nftTable);
    // The table is gone; who put it there does so again.
    if (seen === undefined) return NOBODY;
    polls = (polls + 1) % POLLS_PER_READING;
    const changesTo = (entries: readonly ForwardingEntry[]) =>
      endpointChanges({ seen, workers, fdb: entries, previous });
    if (fdb === undefined || polls === 0 || changesTo(fdb).length > 0) {
      const entries = (await host.fdbOf(link)).map((entry) => ({ ...entry, port: entry.port ?? port }));
      const changes = changesTo(entries);
      fdb = undefined;
      if (changes.length > 0) {
        await host.perform({ tool: 'bridge', lines: changes.map((change) => lineOf(link, change)) });
        log.info({ workers: changes.length }, 'learned where workers are');
      }
      fdb = withChanges(entries, changes);
    }
    previous = seen;
    const gone = sightings.of({ seen, workers }, host.now());
    const silent = fdb.filter(({ mac }) => gone.has(mac));
    await forget(silent);
    fdb = fdb.filter((entry) => !silent.includes(entry));
    const written = new Set(fdb.map(({ mac }) => mac));
    return new Set(seen.map(({ mac }) => mac).filter((mac) => written.has(mac)));
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
    forget: () => {
      fdb = undefined;
    },
    async look(workers) {
      try {
        const known = await look(workers);
        trouble = '';
        return known;
      } catch (error) {
        if (!(error instanceof IslandError)) throw error;
        const { code, message } = error;
        // Said once, not every two seconds.
        if (message !== trouble)
          log.error({ code, reason: withoutSecrets(message) }, 'cannot learn where workers are');
        trouble = message;
        return NOBODY;
      }
    },
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
