import { type HealOptions, heal, type Kept } from '../app/heal.ts';
import type { SceneOptions } from '../app/scene.ts';
import { IslandError } from '../errors.ts';
import type { Host, News } from '../host/host.ts';
import { nftTableOf } from '../model/addressing.ts';
import type { Island } from '../model/island.ts';
import type { Log } from '../model/log.ts';
import { workersLinkOf } from '../model/worker.ts';
import { type LookEnd, newCourse, nextLook, withLook, withNews } from './pace.ts';
import { reporterTo } from './reporter.ts';
import { newSleeper } from './sleeper.ts';

export interface KeepOptions extends SceneOptions {
  readonly everyMs: number;
  readonly log: Log;
  /** Hears what it is at, in a line, whenever that changes. */
  readonly status?: (text: string) => void;
  /** Ends it when the work in hand is done. */
  readonly signal: AbortSignal;
  /** After every look that found the host on the island, or brought it there. */
  readonly onKept: (kept: Kept) => Promise<void>;
  /** When a worker has sent something from elsewhere than before, or an entry that says where one is is gone. */
  readonly onMoved: (isGone: boolean) => void;
  /** When the host turns out to have left. */
  readonly onLeft: () => Promise<void>;
}

/** What may make the next look come sooner. */
export interface Keeper {
  readonly done: Promise<void>;
  /** Something has changed that the kernel does not tell. */
  lookSoon(what: string): void;
  /** Goes by the file as it is now from the next look on; resolves after that one, whatever it came to. */
  reload(): Promise<void>;
  /** Since when the present look goes on; undefined between two. */
  lookingSince(): number | undefined;
}

/** Errors that another try does not cure; while it runs the operator may, and the host is kept as it is. */
const FATAL_AT_START = ['E_USAGE', 'E_CONFIG', 'E_PERMISSION', 'E_HOST_UNSUPPORTED'];

/** Keeps the host as the island's file says until the signal comes: looks at it after each change, and now and then. */
export function keep(host: Host, island: Island, options: KeepOptions): Keeper {
  const { everyMs, log, signal } = options;
  const sleeper = newSleeper();
  const because = new Set<string>();
  let sight: Sight = { chains: new Set(), learned: undefined };
  let course = newCourse(everyMs);
  let reloading: (() => void)[] = [];
  let since: number | undefined;

  const lookSoon = (what: string) => {
    because.add(what);
    course = withNews(course, host.now());
    sleeper.wake();
  };
  const tell = (news: News) => {
    if (news.kind === 'changed') return lookSoon(news.what);
    if (news.kind === 'moved') return options.onMoved(news.isGone);
    log.warn({ tool: news.tool, reason: news.reason }, 'does not tell changes any more; started again');
  };
  const scope = {
    config: options.config,
    nftTable: nftTableOf(island.name),
    learned: () => sight.learned,
    chains: () => sight.chains,
  };

  async function run(): Promise<void> {
    const watch = host.watch(scope, tell);
    const stop = () => sleeper.wake();
    signal.addEventListener('abort', stop);
    try {
      const look = lookWith(host, options);
      while (!signal.aborted) {
        const ms = nextLook(course) - host.now();
        if (ms > 0) {
          await sleeper.sleep(ms);
          continue;
        }
        const reasons = [...because];
        because.clear();
        course = { ...course, news: undefined };
        const reloads = reloading;
        reloading = [];
        since = host.now();
        const { outcome, kept } = await look(reasons, reloads.length > 0);
        since = undefined;
        for (const done of reloads) done();
        if (kept !== undefined) sight = sightOf(kept);
        course = withLook(course, { now: host.now(), outcome });
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await watch.close();
    }
  }

  const reload = () =>
    new Promise<void>((resolve) => {
      reloading.push(resolve);
      lookSoon('reload');
    });
  return { done: run(), lookSoon, reload, lookingSince: () => since };
}

interface Looked {
  readonly outcome: LookEnd['outcome'];
  readonly kept?: Kept;
}

type Look = (because: readonly string[], reloads: boolean) => Promise<Looked>;

function lookWith(host: Host, options: KeepOptions): Look {
  const reporter = reporterTo(options.log, options.status);
  let kept: Kept | undefined;

  async function look(because: readonly string[], how: Pick<HealOptions, 'onCommand' | 'reloads'>) {
    const healed = await heal(host, { ...options, ...how, kept: kept?.island, joins: kept === undefined });
    reporter.healed(healed, because);
    if (healed.state === 'left') await options.onLeft();
    if (healed.state !== 'kept')
      return { outcome: healed.state === 'busy' ? ('busy' as const) : ('done' as const) };
    kept = healed;
    await options.onKept(healed);
    return { outcome: 'done' as const, kept };
  }

  function failed(error: IslandError, { reloads, before }: Failing): boolean {
    if (before === undefined && FATAL_AT_START.includes(error.code)) throw error;
    const isReload = reloads && before !== undefined && kept === before;
    if (isReload) reporter.notReloaded(error);
    else reporter.failed(error);
    return isReload;
  }

  return async (because, reloads) => {
    const before = kept;
    let hasChanged = false;
    const onCommand = () => {
      hasChanged = true;
    };
    try {
      return await look(because, { onCommand, reloads });
    } catch (error) {
      if (!(error instanceof IslandError)) throw error;
      // Soon after a reload that failed it is looked after as what it is kept as.
      if (failed(error, { reloads, before })) return { outcome: 'busy' };
      return { outcome: hasChanged ? 'failed after changes' : 'failed' };
    }
  };
}

interface Failing {
  readonly reloads: boolean;
  /** As what the host was kept before this look. */
  readonly before: Kept | undefined;
}

interface Sight {
  readonly chains: ReadonlySet<string>;
  readonly learned: string | undefined;
}

function sightOf(kept: Kept): Sight {
  const { island, scene } = kept;
  // A worker's own link has the same name, but nobody learns there.
  const learned = scene.place.role === 'hub' ? workersLinkOf(island.name) : undefined;
  return { chains: chainsOf(kept), learned };
}

/** Where a rule of somebody else's may come to be in our way, or one of ours may go. */
function chainsOf({ scene }: Kept): ReadonlySet<string> {
  return new Set(
    scene.observed.firewalls.flatMap(({ tool, family, table, chains }) =>
      tool === 'nft'
        ? chains
            .filter(({ hook, name }) => hook !== undefined || name === 'DOCKER-USER')
            .map(({ name }) => `${family} ${table} ${name}`)
        : [],
    ),
  );
}
