import { mustIsland } from '../island.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { Attack } from './attack.ts';
import { attacks } from './attacks.ts';
import { sceneOf } from './model.ts';
import type { Parties } from './parties.ts';
import type { Tally } from './report.ts';
import type { Scene } from './tunnel.ts';
import { type Wire, wireFor } from './wire.ts';
import { BEACON, type Counts, countArrivals, countDelivered, countsBetween } from './witness.ts';

/** How often each attack is sent, and how often the victim leaves and joins under attack. */
export interface Effort {
  readonly rounds: number;
  readonly rejoins: number;
  /** Frames a second: what the hosts can handle without losing any. */
  readonly rate: number;
}

/** A victim with attackers in front of it and witnesses all around. */
export interface Siege {
  readonly kind: Scene['kind'];
  readonly victim: LabHost;
  readonly attacks: readonly Attack[];
  readonly wire: Wire;
  readonly effort: Effort;
  /** Does something and returns what got in meanwhile. */
  during(act: () => Promise<unknown>): Promise<Seen>;
}

type Seen = Pick<Tally, 'sent' | 'behind' | 'victim'>;

/** What a siege needs to know. */
export interface SiegePlan {
  readonly kind: Scene['kind'];
  readonly parties: Parties;
  readonly effort: Effort;
}

/** Puts attackers where the internet begins; nothing is sent yet. */
export async function layOut(lab: Lab, { kind, parties, effort }: SiegePlan): Promise<Siege> {
  const host = lab.host(parties.victim.host);
  const internet = lab.host('internet');
  const scene = await sceneOf(lab, kind, parties);
  const all = attacks(scene);
  const [victim, ...around] = await Promise.all([
    countDelivered(host, all),
    countArrivals(lab.host(parties.behind.host), all),
    countArrivals(internet, all),
  ]);
  const wire = await wireFor(scene, all, { sender: internet, victim, rate: effort.rate });
  const counts = () => Promise.all([victim, ...around].map((witness) => witness.counts()));
  return {
    ...{ kind, victim: host, attacks: all, wire, effort },
    async during(act) {
      const before = await counts();
      await act();
      const after = await counts();
      const [inside = NONE, ...elsewhere] = after.map((each, index) =>
        countsBetween(before[index] ?? NONE, each),
      );
      return { sent: inside.get(BEACON) ?? 0, victim: inside, behind: elsewhere.reduce(sum, NONE) };
    },
  };
}

/** What gets in while nothing else happens. */
export async function inPeace({ during, wire, effort }: Siege, state = 'joined'): Promise<Tally> {
  return { state, ...(await during(() => wire.send(effort.rounds))), refused: isClosed, mustPass: isOpen };
}

/** What gets in in every state of the victim's life, which is joined before and after. */
export async function allLife(siege: Siege): Promise<Tally[]> {
  const tallies = [await inPeace(siege)];
  if (siege.kind === 'ipip') tallies.push(await withTunl0(siege));
  tallies.push(...(await whileRejoining(siege)), await whileFlushed(siege));
  await mustIsland(siege.victim, 'join');
  return [...tallies, await inPeace(siege, 'joined again')];
}

/** With the device up that takes in protocol 4 from anybody, to any address of the host. */
async function withTunl0(siege: Siege): Promise<Tally> {
  await siege.victim.ip(['link set tunl0 up']);
  const tally = await inPeace(siege, 'joined, tunl0 up');
  await siege.victim.ip(['link set tunl0 down']);
  return tally;
}

async function whileRejoining({ during, wire, effort, victim }: Siege): Promise<Tally[]> {
  const seen: { readonly leave: Seen; readonly join: Seen }[] = [];
  await wire.sendWhile(async () => {
    for (let time = 0; time < effort.rejoins; time += 1) {
      const leave = await during(() => mustIsland(victim, 'leave'));
      seen.push({ leave, join: await during(() => mustIsland(victim, 'join')) });
    }
  });
  const refused = (attack: Attack) => isClosed(attack) && !attack.whileJoined;
  return (['leave', 'join'] as const).map((verb) => ({
    ...{ state: `during ${verb}`, refused, mustPass: () => false },
    ...seen.map((each) => each[verb]).reduce(sumOfSeen),
  }));
}

/** Nobody puts the guard back meanwhile, so this is also what gets in without one. */
async function whileFlushed({ kind, during, wire, effort, victim }: Siege): Promise<Tally> {
  const loop = 'while :; do nft flush ruleset; echo flushed; sleep 0.1; done';
  const flusher = victim.start(['sh', '-c', loop]);
  try {
    await flusher.outputMatching(/flushed/);
    const seen = await during(() => wire.send(effort.rounds));
    const refused = ({ stranger }: Attack) => kind === 'ipip' && stranger;
    return { state: 'ruleset flushed every 100 ms', ...seen, refused, mustPass: isOpen };
  } finally {
    flusher.signal('SIGTERM');
    await flusher.exited;
  }
}

function isOpen({ open }: Attack): boolean {
  return open;
}

function isClosed({ open }: Attack): boolean {
  return !open;
}

const NONE: Counts = new Map();

function sum(a: Counts, b: Counts): Counts {
  const markers = [...a.keys(), ...b.keys()];
  return new Map(markers.map((marker) => [marker, (a.get(marker) ?? 0) + (b.get(marker) ?? 0)]));
}

function sumOfSeen(a: Seen, b: Seen): Seen {
  return { sent: a.sent + b.sent, behind: sum(a.behind, b.behind), victim: sum(a.victim, b.victim) };
}
