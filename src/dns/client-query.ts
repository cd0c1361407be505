import { randomBytes } from 'node:crypto';
import packet, { type DecodedPacket, type RecordType } from 'dns-packet';
import type { DnsAnswered, DnsQuestion } from './client.ts';
import { packetType, recordsOf } from './record-text.ts';

/** A question as it goes over the wire. */
export interface Query {
  readonly bytes: Buffer;
  /** Where its question ends, and OPT begins. */
  readonly questionEnd: number;
}

/** What a message says to a question. */
export type Reading =
  | (Omit<DnsAnswered, 'ms' | 'transport'> & { readonly isTruncated: boolean })
  | { readonly state: 'malformed'; readonly reason: string }
  | 'of another question';

const HEADER_BYTES = 12;
/** The root as its name, type, class, TTL, length: no record takes less, and OPT without an option no more. */
const LEAST_RECORD_BYTES = 11;
/** What crosses every link of an island in one piece, and most others (RFC 9715). */
const UDP_BYTES = 1232;

/** With an id that nobody can guess; one who forwards is asked to. */
export function queryOf({ name, type }: Pick<DnsQuestion, 'name' | 'type'>): Query {
  const edns = { udpPayloadSize: UDP_BYTES, extendedRcode: 0, ednsVersion: 0, flags: 0, options: [] };
  const bytes = packet.encode({
    ...{ type: 'query', id: randomBytes(2).readUInt16BE(), flags: packet.RECURSION_DESIRED },
    questions: [{ type: packetType(type) as RecordType, name }],
    additionals: [{ type: 'OPT', name: '.', ...edns, flag_do: false }],
  });
  return { bytes, questionEnd: bytes.length - LEAST_RECORD_BYTES };
}

/** Reads what came in reply to a query: any bytes at all. */
export function readAnswer(message: Buffer, query: Query): Reading {
  if (!isReply(message, query)) return 'of another question';
  const counts = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  const [, answers = 0, authorities = 0, additionals = 0] = counts;
  // What counts records that cannot be there would take dns-packet milliseconds.
  const least = HEADER_BYTES + (answers + authorities + additionals) * LEAST_RECORD_BYTES;
  if (message.length < least) return { state: 'malformed', reason: 'it counts more records than it has' };
  try {
    const decoded = packet.decode(message);
    // It reads on behind the end, for some types.
    if (packet.decode.bytes > message.length) return { state: 'malformed', reason: 'it is cut off' };
    return {
      ...{ state: 'answered', rcode: rcodeOf(message, decoded), records: recordsOf(decoded.answers ?? []) },
      ...{ isAuthoritative: decoded.flag_aa, isTruncated: decoded.flag_tc },
    };
  } catch (cause) {
    return { state: 'malformed', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

const RESPONSE = 0x80;

/** Whether it has our id and our question; who could not read that leaves it out, and says so. */
function isReply(message: Buffer, { bytes, questionEnd }: Query): boolean {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== bytes.readUInt16BE(0)) return false;
  if (((message[2] ?? 0) & RESPONSE) === 0) return false;
  const questions = message.readUInt16BE(4);
  if (questions === 0) return rcodeIn(message) !== 0;
  // RFC 4343: a server may write the letters in another case.
  return questions === 1 && questionIn(message, questionEnd) === questionIn(bytes, questionEnd);
}

function questionIn(message: Buffer, end: number): string {
  return message.toString('latin1', HEADER_BYTES, end).toLowerCase();
}

function rcodeIn(message: Buffer): number {
  return (message[3] ?? 0) & 15;
}

/** RFC 6895 section 2.3; by number where there is no short name. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const BADVERS = 16;

/** The upper bits are in OPT (RFC 6891 section 6.1.3). */
function rcodeOf(message: Buffer, { additionals = [] }: DecodedPacket): string {
  const opt = additionals.find((record) => record.type === 'OPT');
  const rcode = ((opt?.extendedRcode ?? 0) << 4) | rcodeIn(message);
  return rcode === BADVERS ? 'BADVERS' : (RCODES[rcode] ?? `RCODE${rcode}`);
}
