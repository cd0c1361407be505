import type { Ipv4 } from '../model/ip.ts';
import type { AnswerRecord } from './record-text.ts';

/** Where a name server listens. */
export interface DnsEndpoint {
  readonly address: Ipv4;
  readonly port: number;
}

/** One question for one name server. */
export interface DnsQuestion {
  readonly server: DnsEndpoint;
  /** The full name, with or without its final dot: no label is empty or longer than 63 bytes. */
  readonly name: string;
  /** `A`, `PTR`, …; any other as `TYPE257` (RFC 3597). */
  readonly type: string;
  /** `tcp` leaves UDP out; an answer that does not fit UDP is fetched over TCP anyway. */
  readonly transport?: 'udp' | 'tcp' | undefined;
}

export interface DnsAnswered {
  readonly state: 'answered';
  /** By the names of the registry, `NXDOMAIN`; by number where there is none, `RCODE23`. */
  readonly rcode: string;
  readonly isAuthoritative: boolean;
  /** Those of the answer section, in its order. */
  readonly records: readonly AnswerRecord[];
  readonly transport: 'udp' | 'tcp';
  readonly ms: number;
}

export type DnsAnswer =
  | DnsAnswered
  /** The host is there, and nobody listens at that port. */
  | { readonly state: 'refused' }
  /** Nothing came back in time. */
  | { readonly state: 'silent' }
  /** What came back is no answer. */
  | { readonly state: 'malformed'; readonly reason: string }
  /** It could not be asked: no route, or the like. */
  | { readonly state: 'unasked'; readonly reason: string };

/** Asks a name server one question; whatever comes of it within `timeoutMs` is an answer. */
export async function askServer(question: DnsQuestion, timeoutMs: number): Promise<DnsAnswer> {
  // Imported when something is asked: few commands do.
  const { askOverTcp, askOverUdp } = await import('./exchange.ts');
  const deadline = performance.now() + timeoutMs;
  if (question.transport === 'tcp') return askOverTcp(question, deadline);
  const answer = await askOverUdp(question, deadline);
  if (answer !== 'truncated') return answer;
  const whole = await askOverTcp(question, deadline);
  if (whole.state !== 'refused') return whole;
  return { state: 'malformed', reason: 'the answer does not fit UDP, and nobody listens on TCP' };
}
