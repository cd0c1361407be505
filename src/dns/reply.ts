import type { CompiledZone, RecordSet } from './compile.ts';
import { FLAGS, HEADER_LENGTH, type Query } from './query.ts';

/** RFC 9715: what crosses every path in one piece. */
export const LARGEST_DATAGRAM = 1232;

const OPT_LENGTH = 11;
const POINTER = 0xc000;

/** What goes behind the question of a reply. */
export interface Content {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly sets: readonly RecordSet[];
  /** The zone whose SOA says for how long there is nothing. */
  readonly negativeOf: CompiledZone | undefined;
}

/** The reply to a query that can be read; without its content where that would be larger than `limit`. */
export function writeReply(
  asked: Uint8Array,
  query: Query,
  content: Content & { readonly limit: number },
): Buffer {
  const { sets, negativeOf, limit, rcode, isAuthoritative } = content;
  const questionEnd = query.nameEnd + 4;
  const optLength = query.edns === undefined ? 0 : OPT_LENGTH;
  let length = questionEnd + optLength + (negativeOf === undefined ? 0 : negativeOf.negative.length + 2);
  let answers = 0;
  for (const { bytes, starts } of sets) {
    length += bytes.length;
    answers += starts.length;
  }
  const isTruncated = length > limit;
  const reply = Buffer.allocUnsafe(isTruncated ? questionEnd + optLength : length);
  reply.set(asked.subarray(0, questionEnd));
  reply[2] =
    FLAGS.response |
    ((asked[2] ?? 0) & (FLAGS.opcode | FLAGS.recursionDesired)) |
    (isAuthoritative ? FLAGS.authoritative : 0) |
    (isTruncated ? FLAGS.truncated : 0);
  reply[3] = rcode & 15;
  reply[4] = 0;
  reply[5] = 1;
  setUint16(reply, 6, isTruncated ? 0 : answers);
  setUint16(reply, 8, isTruncated || negativeOf === undefined ? 0 : 1);
  setUint16(reply, 10, optLength === 0 ? 0 : 1);
  let at = questionEnd;
  if (!isTruncated) {
    at = writeSets(reply, at, sets);
    if (negativeOf !== undefined) at = writeNegative(reply, at, { nameEnd: query.nameEnd, zone: negativeOf });
  }
  if (query.edns !== undefined) writeOption(reply, at, { rcode, isDnssecWanted: query.edns.isDnssecWanted });
  return reply;
}

/** Twelve bytes: for a query whose question cannot be read, or is not looked at. */
export function writeHeader(asked: Uint8Array, rcode: number): Buffer {
  const reply = Buffer.alloc(HEADER_LENGTH);
  reply[0] = asked[0] ?? 0;
  reply[1] = asked[1] ?? 0;
  reply[2] = FLAGS.response | ((asked[2] ?? 0) & (FLAGS.opcode | FLAGS.recursionDesired));
  reply[3] = rcode;
  return reply;
}

/** The first set is that of the name of the question; each further one that of the alias before it. */
function writeSets(reply: Buffer, start: number, sets: readonly RecordSet[]): number {
  let at = start;
  let owner = 0;
  for (const { bytes, starts } of sets) {
    reply.set(bytes, at);
    if (owner !== 0) for (const each of starts) setUint16(reply, at + each, POINTER | owner);
    owner = at + DATA_OFFSET;
    at += bytes.length;
  }
  return at;
}

/** Pointer, type, class, ttl and length: where the target of a CNAME begins. */
const DATA_OFFSET = 12;

interface Negative {
  readonly nameEnd: number;
  readonly zone: CompiledZone;
}

/** The apex is the end of the name of the question. */
function writeNegative(reply: Buffer, at: number, { nameEnd, zone }: Negative): number {
  setUint16(reply, at, POINTER | (nameEnd - zone.apexLength));
  reply.set(zone.negative, at + 2);
  return at + 2 + zone.negative.length;
}

interface Option {
  readonly rcode: number;
  readonly isDnssecWanted: boolean;
}

function writeOption(reply: Buffer, at: number, { rcode, isDnssecWanted }: Option): void {
  reply[at] = 0;
  setUint16(reply, at + 1, 41);
  setUint16(reply, at + 3, LARGEST_DATAGRAM);
  reply[at + 5] = rcode >> 4;
  reply[at + 6] = 0;
  setUint16(reply, at + 7, isDnssecWanted ? 0x8000 : 0);
  setUint16(reply, at + 9, 0);
}

function setUint16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
}
