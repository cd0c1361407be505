import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Joined, JoinOptions } from './join.ts';

export interface WaitOptions extends JoinOptions {
  /** How long to wait for what comes by itself. */
  readonly waitMs: number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

type Join = (host: Host, options: JoinOptions) => Promise<Joined>;

/** Between two tries; a boot is not to be slower for it, nor busy with it. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;
/** So soon an operator's or systemd's signal is heard. */
const SLICE_MS = 100;
/** A link has no carrier for some seconds after it was set up. */
const CARRIER_MS = 5000;

/**
 * Joins as soon as the host can: tries again while an address, a link or a route is missing, or the hub does not
 * answer. Where it still does not, E_RETRY for a worker, who may have to ask it for another lease; any other host
 * is ready for when it does, and waits for it no longer than a cable takes. Other errors come at once.
 */
export async function joinInTime(host: Host, join: Join, options: WaitOptions): Promise<Joined> {
  const { waitMs, interrupted = () => false } = options;
  const deadline = host.now() + waitMs;
  const { said, ...talk } = talkingOnce(options);
  let joinedAt: number | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { joined, lacks } = await attempt(() => join(host, { ...options, ...talk }));
    if (lacks === undefined) return joined;
    const next = host.now() + pauseMs;
    if (joined !== undefined) joinedAt ??= host.now();
    if (isEnough(joined, next > Math.min(deadline, (joinedAt ?? deadline) + CARRIER_MS))) return joined;
    if (next > deadline || said.no || interrupted()) throw lacks;
    talk.say(`waiting: ${lacks.message}`);
    await sleepUntil(next, host, options);
  }
}

async function sleepUntil(
  time: number,
  host: Host,
  { pause = delay, interrupted }: WaitOptions,
): Promise<void> {
  while (host.now() < time && interrupted?.() !== true) await pause(SLICE_MS);
}

/** What is in hand counts: a join that waits to be confirmed, and after a while one that the hub has not answered. */
function isEnough(joined: Joined | undefined, isLate: boolean): joined is Joined {
  if (joined === undefined) return false;
  return joined.pending !== undefined || (isLate && joined.scene.place.role !== 'worker');
}

/** Says nothing twice, and knows when the operator has said no. */
function talkingOnce({ ask, say }: JoinOptions) {
  const told = new Set<string>();
  const said = { no: false };
  return {
    said,
    say: (text: string): void => {
      if (!told.has(text)) say?.(text);
      told.add(text);
    },
    ...(ask !== undefined && {
      ask: async (question: string): Promise<boolean> => {
        const agrees = await ask(question);
        said.no = !agrees;
        return agrees;
      },
    }),
  };
}

/** `lacks` is what may come by itself. */
type Tried =
  | { readonly joined: Joined; readonly lacks: undefined }
  | { readonly joined?: Joined; readonly lacks: IslandError };

async function attempt(join: () => Promise<Joined>): Promise<Tried> {
  try {
    const joined = await join();
    const lacks = silenceOf(joined);
    return lacks === undefined ? { joined, lacks } : { joined, lacks };
  } catch (error) {
    if (!(error instanceof IslandError) || error.code !== 'E_RETRY') throw error;
    return { lacks: error };
  }
}

/** Of a hub: its peers may be anywhere, and come when they like. */
function silenceOf({ scene: { island, place }, reached }: Joined): IslandError | undefined {
  if (place.role === 'hub') return undefined;
  const { name, inner } = island.hub;
  if (reached.some(({ end, ms }) => end.name === name && ms !== undefined)) return undefined;
  return new IslandError('E_RETRY', `the hub ${name} does not answer at ${inner}`, {
    hint: 'run it again later, or "island test", which finds out why',
  });
}
