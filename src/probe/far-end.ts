import type { Ipv4 } from '../model/ip.ts';
import type { LinkEnd, LinkKind } from '../model/island.ts';
import type { Link } from '../plan/resource.ts';
import { checkKey, type Evidence } from './check.ts';
import { peerOf } from './host-checks.ts';
import type { Question, Tcp } from './question.ts';

/** The far end of a link of this host. */
export interface FarEnd {
  readonly end: LinkEnd;
  readonly kind: LinkKind;
  readonly link: Link;
  /** The link has this end alone, so that what it counts is this end's. */
  readonly isOwn: boolean;
  /** What the underlay is asked from; undefined where no packet but the link's own gets there by it. */
  readonly outerFrom: string | undefined;
  /** This host has not the address that the far end knows it by: a NAT stands between. */
  readonly isBehindNat: boolean;
}

/** Keys of the checks that the link to the far end is made as it should be. */
export function madeKeys({ link, end }: FarEnd): string[] {
  return [peerOf(link), end.name].map((name) => checkKey({ code: 'ISL-L01', subject: { name } }));
}

/** A question that everybody answers who is there, at the price of a socket. */
export function knock(address: Ipv4, port: number): Tcp {
  return { kind: 'tcp', address, port };
}

/** Asked by a ping as well when it does not answer: some drop the one, some the other. */
export function knocks(address: Ipv4, port: number): (answerTo: Evidence['answerTo']) => Question[] {
  const first = knock(address, port);
  return (answerTo) => {
    const state = answerTo(first)?.state;
    return state === 'silent' || state === 'unasked' ? [first, { kind: 'ping', address }] : [first];
  };
}

/** The answer of who was asked so, and after how long; undefined when there was none. */
export function answered(address: Ipv4, port: number, { answerTo }: Pick<Evidence, 'answerTo'>) {
  const answers = [answerTo(knock(address, port)), answerTo({ kind: 'ping', address })];
  return answers.find((answer) => answer?.state === 'answered' || answer?.state === 'refused');
}
