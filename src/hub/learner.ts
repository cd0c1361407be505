import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';
import type { Host, SeenEndpoint } from '../host/host.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Log } from '../model/log.ts';
import { withoutSecrets } from '../model/secret.ts';

/** Where the frames for a worker are to go. */
export interface EndpointChange {
  readonly mac: string;
  readonly address: Ipv4;
  readonly port: number;
}

/** One look at what the kernel has seen, and what it goes by. */
export interface EndpointView {
  readonly seen: readonly SeenEndpoint[];
  readonly workers: readonly KnownWorker[];
  /** The entries of the workers' link. */
  readonly fdb: readonly ForwardingEntry[];
  /** What the last look saw. */
  readonly previous: readonly SeenEndpoint[];
}

interface KnownWorker {
  readonly mac: string;
}

interface ForwardingEntry {
  readonly mac: string;
  readonly outer: string;
  readonly port?: number | undefined;
}

/** What has to change for the frames of each worker to go where its packets last came from. */
export function endpointChanges(view: EndpointView): EndpointChange[] {
  const { workers, fdb } = view;
  const latest = latestEndpoints(view);
  const entries = new Map(fdb.map((entry) => [entry.mac, keyOf(entry.outer, entry.port ?? 0)]));
  return workers.flatMap(({ mac }) => {
    const found = latest.get(mac);
    if (found === undefined || keyOf(found.address, found.port) === entries.get(mac)) return [];
    return [{ mac, address: found.address, port: found.port }];
  });
}

/** The newest endpoint by MAC, also of MACs that are nobody's. */
function latestEndpoints({ seen, fdb, previous }: EndpointView): ReadonlyMap<string, SeenEndpoint> {
  const before = new Set(previous.map(nameOf));
  const used = new Set(fdb.map(({ mac, outer, port = 0 }) => `${mac} ${keyOf(outer, port)}`));
  const latest = new Map<string, SeenEndpoint>();
  for (const each of seen) {
    const other = latest.get(each.mac);
    if (other === undefined || isNewer(each, other, { before, used })) latest.set(each.mac, each);
  }
  return latest;
}

interface Past {
  readonly before: ReadonlySet<string>;
  readonly used: ReadonlySet<string>;
}

/**
 * Each packet gives its endpoint the full time again, so the one that expires later is newer. nft tells whole
 * seconds: of two alike, the one that was not there before is; of two that were, the one in use stays.
 */
function isNewer(a: SeenEndpoint, b: SeenEndpoint, { before, used }: Past): boolean {
  if (a.expiresSeconds !== b.expiresSeconds) return a.expiresSeconds > b.expiresSeconds;
  const [aWas, bWas] = [before.has(nameOf(a)), before.has(nameOf(b))];
  if (aWas !== bWas) return bWas;
  const [aIs, bIs] = [used.has(nameOf(a)), used.has(nameOf(b))];
  return aIs !== bIs ? aIs : nameOf(a) < nameOf(b);
}

function nameOf({ mac, address, port }: SeenEndpoint): string {
  return `${mac} ${keyOf(address, port)}`;
}

function keyOf(address: string, port: number): string {
  return `${address}:${port}`;
}

export interface LearnOptions {
  readonly host: Pick<Host, 'seenEndpoints' | 'fdbOf' | 'perform' | 'now'>;
  readonly nftTable: string;
  /** The workers' link. */
  readonly link: string;
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

const POLL_MS = 2000;
/** While somebody joins: each of his packets is lost until then. */
const URGENT_POLL_MS = 50;
const LONGEST_WAIT_MS = 10_000;
/** The link's entries are read anew with the polls of this many, if nothing was seen that is new. */
const POLLS_PER_READING = 10;

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

  async function run(): Promise<void> {
    while (!isClosing) {
      alarm = new AbortController();
      const { signal } = alarm;
      if (workers().length > 0 || expected.length > 0) {
        const known = await teacher.look(workers());
        settle(({ mac }) => known.has(mac));
      }
      const ms = expected.length > 0 ? URGENT_POLL_MS : POLL_MS;
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
        expected = [...expected, { mac, deadline: host.now() + LONGEST_WAIT_MS, resolve }];
        alarm.abort();
      }),
    refresh: () => {
      teacher.forget();
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
  forget(): void;
}

const NOBODY: ReadonlySet<string> = new Set();

function teacherOf({ host, nftTable, link, log }: Omit<LearnOptions, 'workers'>): Teacher {
  let previous: readonly SeenEndpoint[] = [];
  /** The link's entries as they were read and written; undefined where they have to be read. */
  let fdb: readonly ForwardingEntry[] | undefined;
  let polls = 0;
  let trouble = '';

  async function look(workers: readonly KnownWorker[]): Promise<ReadonlySet<string>> {
    const seen = await host.seenEndpoints(nftTable);
    // The table is gone; who put it there does so again.
    if (seen === undefined) return NOBODY;
    polls = (polls + 1) % POLLS_PER_READING;
    const changesTo = (entries: readonly ForwardingEntry[]) =>
      endpointChanges({ seen, workers, fdb: entries, previous });
    if (fdb === undefined || polls === 0 || changesTo(fdb).length > 0) {
      const entries = await host.fdbOf(link);
      const changes = changesTo(entries);
      fdb = undefined;
      if (changes.length > 0) {
        await host.perform({ tool: 'bridge', lines: changes.map((change) => lineOf(link, change)) });
        log.info({ workers: changes.length }, 'learned where workers are');
      }
      fdb = withChanges(entries, changes);
    }
    previous = seen;
    const written = new Set(fdb.map(({ mac }) => mac));
    return new Set(seen.map(({ mac }) => mac).filter((mac) => written.has(mac)));
  }

  return {
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
