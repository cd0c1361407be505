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
  /** How long `island join` may take to put back what was flushed. */
  readonly healMs: number;
}

/** A victim with attackers in front of it and witnesses all around. */
export interface Siege {
  readonly scene: Scene;
  readonly victim: LabHost;
  readonly attacks: readonly Attack[];
  readonly wire: Wire;
  readonly effort: Effort;
  /** Does something and returns what got in meanwhile. */
  during(act: () => Promise<unknown>): Promise<Seen>;
}

/** What got in, and of how many rounds. */
export type Seen = Pick<Tally, 'sent' | 'behind' | 'victim'>;

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
    ...{ scene, victim: host, attacks: all, wire, effort },
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

/** Both together. */
export function sumOfSeen(a: Seen, b: Seen): Seen {
  return { sent: a.sent + b.sent, behind: sum(a.behind, b.behind), victim: sum(a.victim, b.victim) };
}

const NONE: Counts = new Map();

function sum(a: Counts, b: Counts): Counts {
  const markers = [...a.keys(), ...b.keys()];
  return new Map(markers.map((marker) => [marker, (a.get(marker) ?? 0) + (b.get(marker) ?? 0)]));
}
