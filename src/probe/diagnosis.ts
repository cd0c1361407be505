import type { Island } from '../model/island.ts';
import type { Counters } from '../plan/observed.ts';
import type { Evidence } from './check.ts';
import type { Code } from './codes.ts';
import { answered, type FarEnd } from './far-end.ts';
import type { Refusal, Udp } from './question.ts';

/** The ways in which a link to a far end fails though it is as the file says, the surest evidence first. */
export const DIAGNOSES = [
  'ISL-L03',
  'ISL-F04',
  'ISL-U04',
  'ISL-U03',
  'ISL-L02',
  'ISL-L04',
] as const satisfies Code[];

export interface Diagnosis {
  readonly code: (typeof DIAGNOSES)[number];
  readonly text: string;
  readonly fix: string;
}

interface Setting {
  readonly island: Island;
  readonly far: FarEnd;
}

/** As traceroute does: nobody listens there, and a host says so. */
const CLOSED_PORT = 33_434;

/**
 * What tells the failures of a link from each other, once its far end is known not to answer: whether UDP passes
 * where protocol 4 does not, and whether the far end refuses the link's packets.
 */
export function probeOf({ end, kind, outerFrom }: FarEnd): Udp | Refusal {
  return kind === 'ipip'
    ? { kind: 'udp', address: end.outer, port: CLOSED_PORT, from: outerFrom }
    : { kind: 'refusal', address: end.inner };
}

/** The guard counts and drops what tells of ipip packets that nobody took (plan/guard.ts). */
const ICMP_ERROR = 'ICMP error about a tunnel packet';

/** Why the far end does not answer; undefined when it does. */
export function diagnose({ island, far }: Setting, evidence: Evidence): Diagnosis | undefined {
  if (answered(far.end.inner, island.port, evidence) !== undefined) return undefined;
  return (
    recursion(far, evidence) ??
    ownPeerDropped(far, evidence) ??
    notJoined(far, evidence) ??
    natInTheWay(far) ??
    oneWay({ island, far }, evidence) ?? {
      code: 'ISL-L04',
      text: `${far.end.inner} does not answer`,
      fix: `on ${far.end.name}: island join && island test`,
    }
  );
}

function recursion({ end, link }: FarEnd, evidence: Evidence): Diagnosis | undefined {
  const collisions = grown(evidence, link.name, 'collisions');
  if (collisions === 0) return undefined;
  return {
    code: 'ISL-L03',
    text: `${count(collisions, 'packet')} of ${link.name} entered the link again (collsns): ${end.outer} is routed into the tunnel that leads there`,
    fix: `ip route get ${end.outer}`,
  };
}

/** What is not from a peer as the file has it, while this peer is not heard: it is most likely this one. */
function ownPeerDropped({ end }: FarEnd, { before, after }: Evidence): Diagnosis | undefined {
  const packets = (after.dropped.get('stranger') ?? 0) - (before.dropped.get('stranger') ?? 0);
  if (packets <= 0) return undefined;
  return {
    code: 'ISL-F04',
    text: `the guard dropped ${count(packets, 'packet')} of who is not a peer as the file has it, and ${end.name} is not heard: is ${end.outer} its outer address?`,
    fix: `correct "outer:" and "networks:" of ${end.name} in the file, on every host, and island join`,
  };
}

/** The far end answered the link's packets, by saying that nobody there takes them. */
function notJoined(far: FarEnd, { answerTo, before, after }: Evidence): Diagnosis | undefined {
  const { end, kind } = far;
  const told = (counts: Evidence['after']) => counts.dropped.get(ICMP_ERROR) ?? 0;
  const isRefused =
    kind === 'vxlan' ? answerTo(probeOf(far))?.state === 'refused' : told(after) > told(before);
  if (!isRefused) return undefined;
  return {
    code: 'ISL-L04',
    text: `${end.name} is there and takes no packets of the link: it has not joined, or its link is down`,
    fix: `on ${end.name}: island join`,
  };
}

function natInTheWay({ end, kind, isBehindNat }: FarEnd): Diagnosis | undefined {
  if (kind !== 'ipip' || !(isBehindNat || end.local !== undefined)) return undefined;
  return {
    code: 'ISL-U04',
    text: `${end.outer} is not heard through a NAT, which takes ipip only as an answer: who is spoken to first is shut out for 600 s`,
    fix: `write "link: vxlan" for this link in the file, on every host; or keep both ends silent for 600 s and have the end behind the NAT speak first`,
  };
}

function oneWay({ island, far }: Setting, evidence: Evidence): Diagnosis | undefined {
  const { end, kind, link, isOwn } = far;
  const sent = grown(evidence, link.name, 'txPackets');
  const received = grown(evidence, link.name, 'rxPackets');
  if (!isOwn || sent === 0) return undefined;
  if (received > 0) {
    return {
      code: 'ISL-L02',
      text: `${count(received, 'packet')} came in by ${link.name}, and none of the ${sent} that went out was answered: what this host sends is lost`,
      fix: `on ${end.name}: island test; look at what drops ${wordFor(kind, island)} on the way from here to ${end.outer}`,
    };
  }
  if (kind === 'ipip' && evidence.answerTo(probeOf(far))?.state === 'refused') {
    return {
      code: 'ISL-U03',
      text: `${count(sent, 'packet')} of protocol 4 went out and none came in, while UDP gets to ${end.outer} and back`,
      fix: `write "link: vxlan" for this link in the file, on every host, and island join; or accept protocol 4 from here at ${end.name} and on the way`,
    };
  }
  return {
    code: 'ISL-L02',
    text: `${count(sent, 'packet')} went out by ${link.name} and none came in; from here it cannot be known which way they are lost`,
    fix: `on ${end.name}: island test; look at what drops ${wordFor(kind, island)} between here and ${end.outer}`,
  };
}

function wordFor(kind: FarEnd['kind'], { port }: Island): string {
  return kind === 'ipip' ? 'protocol 4' : `UDP port ${port}`;
}

function grown({ before, after }: Evidence, link: string, counter: keyof Counters): number {
  return (after.links.get(link)?.[counter] ?? 0) - (before.links.get(link)?.[counter] ?? 0);
}

function count(packets: number, word: string): string {
  return `${packets} ${word}${packets === 1 ? '' : 's'}`;
}
