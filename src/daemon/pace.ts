/** News come in bursts: a link that goes takes its addresses and routes along. */
const SETTLED_MS = 200;
const LONGEST_BURST_MS = 2000;
/** While nothing but looking goes on, such as when another program undoes all that is repaired. */
const OFTEN = { looks: 20, withinMs: 20_000, gapMs: 2000 } as const;
/** Before another try. */
const AGAIN_MS = 500;

/** What has happened so far; times are those of one clock, in milliseconds. */
export interface Course {
  readonly everyMs: number;
  /** When the latest looks ended, oldest first; at most as many as count. */
  readonly looks: readonly number[];
  /** News that came since the last look began. */
  readonly news: { readonly first: number; readonly last: number } | undefined;
  /** Failures in a row; those that changed something, and with that make news of their own, are to come ever more seldom. */
  readonly failures: number;
  /** Another command was at it. */
  readonly isBusy: boolean;
}

export function newCourse(everyMs: number): Course {
  return { everyMs, looks: [], news: undefined, failures: 0, isBusy: false };
}

/** When to look: when the news have settled, or at the end of a period without any. */
export function nextLook({ everyMs, looks, news, failures, isBusy }: Course): number {
  const last = looks.at(-1);
  if (last === undefined) return 0;
  if (isBusy) return last + AGAIN_MS;
  const settled =
    news === undefined ? Infinity : Math.min(news.last + SETTLED_MS, news.first + LONGEST_BURST_MS);
  return Math.max(Math.min(last + everyMs, settled), last + pauseOf(failures, everyMs), last + gapOf(looks));
}

function pauseOf(failures: number, everyMs: number): number {
  return failures === 0 ? 0 : Math.min(AGAIN_MS * 2 ** failures, everyMs);
}

function gapOf(looks: readonly number[]): number {
  const first = looks.at(-OFTEN.looks);
  const last = looks.at(-1) ?? 0;
  return first !== undefined && last - first < OFTEN.withinMs ? OFTEN.gapMs : 0;
}

export function withNews(course: Course, now: number): Course {
  return { ...course, news: { first: course.news?.first ?? now, last: now } };
}

export interface LookEnd {
  readonly now: number;
  readonly outcome: 'done' | 'busy' | 'failed' | 'failed after changes';
}

/** What came during a look is looked into again. */
export function withLook(course: Course, { now, outcome }: LookEnd): Course {
  return {
    ...course,
    looks: [...course.looks, now].slice(-OFTEN.looks),
    failures: outcome === 'failed after changes' ? course.failures + 1 : 0,
    isBusy: outcome === 'busy',
  };
}
