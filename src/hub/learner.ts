import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import type { Log } from '../model/log.ts';
import type { KnownWorker } from './endpoints.ts';
import { GATHERING_MS, pauseAfter } from './learner-pace.ts';
import { teacherOf } from './teacher.ts';

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
  /** Looks soon: the kernel has told that somebody is somewhere else, or that an entry is gone. */
  hear(news?: { readonly isGone: boolean }): void;
  /** Looks at once, and at everything: the link may have been made anew. */
  refresh(): void;
  /** Resolves when the last look has ended; the forwarding entries stay. */
  close(): Promise<void>;
}

/** After a boot of the hub the kernel of each worker asks once in a period, whatever one it is in. */
const CATCHING_UP_PERIODS = 2;
const LONGEST_WAIT_MS = 10_000;

interface Expected {
  readonly mac: string;
  readonly deadline: number;
  readonly resolve: (isKnown: boolean) => void;
}

/** Keeps the forwarding entries of the workers' link where the kernel sees the workers' packets come from. */
export function learn({ workers, ...options }: LearnOptions): Learner {
  const { host } = options;
  const teacher = teacherOf(options);
  const expected = expectations(host);
  let isClosing = false;
  let alarm = new AbortController();
  /** Since when the link may have been without entries. */
  let beginning = host.now();
  let isComplete = true;
  let isTold = false;
  /** Whether all had an entry at the last look, so that who is to get another one has moved since. */
  let isSettled = false;
  /** Whether somebody moved and nobody told of it. */
  let isDeaf = false;

  async function run(): Promise<void> {
    while (!isClosing) {
      alarm = new AbortController();
      const ms = await look();
      if (!isTold) await delay(ms, undefined, { signal: alarm.signal }).catch(() => undefined);
      if (isTold && !isClosing) await delay(GATHERING_MS);
    }
    expected.giveUp();
  }

  /** How long to wait before the next one. */
  async function look(): Promise<number> {
    const [started, wasTold] = [host.now(), isTold];
    isTold = false;
    if (workers().length > 0 || expected.size() > 0) {
      const { known, hasChanged } = await teacher.look(workers());
      if (hasChanged && !wasTold && isSettled) isDeaf = true;
      isComplete = teacher.knowsAll(workers());
      expected.settle(known);
      isSettled = isComplete && expected.size() === 0;
    }
    return pauseAfter({
      ...{ lookMs: host.now() - started, workers: workers().length, isUrgent: expected.size() > 0 },
      isCatchingUp: !isComplete && host.now() - beginning < CATCHING_UP_PERIODS * options.keepaliveMs,
      // Who is the first comes without a word of the kernel, such as with a register that was put back.
      isAlert: isDeaf || teacher.isUnsure() || workers().length === 0,
    });
  }

  const done = run();
  return {
    expect: (mac) => {
      if (isClosing) return Promise.resolve(false);
      // Where somebody else is expected already, the next look is near.
      if (expected.size() === 0) alarm.abort();
      return expected.add(mac);
    },
    hear: (news) => {
      if (news?.isGone) teacher.forget();
      isTold = true;
      isDeaf = false;
      alarm.abort();
    },
    refresh: () => {
      teacher.forget();
      isSettled = false;
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

/** Who asked to be told when the hub knows where somebody is. */
function expectations({ now }: Pick<Host, 'now'>) {
  let expected: readonly Expected[] = [];

  function keep(stays: (each: Expected) => boolean, isKnown: (each: Expected) => boolean): void {
    const settled = expected.filter((each) => !stays(each));
    expected = expected.filter(stays);
    for (const each of settled) each.resolve(isKnown(each));
  }

  return {
    size: () => expected.length,
    add: (mac: string) =>
      new Promise<boolean>((resolve) => {
        expected = [...expected, { mac, deadline: now() + LONGEST_WAIT_MS, resolve }];
      }),
    settle(known: ReadonlySet<string>) {
      const time = now();
      const isKnown = ({ mac }: Expected) => known.has(mac);
      keep((each) => !isKnown(each) && each.deadline > time, isKnown);
    },
    giveUp: () =>
      keep(
        () => false,
        () => false,
      ),
  };
}
