import type { Edns } from './additional.ts';
import { FLAGS, HEADER_LENGTH, LARGEST_DATAGRAM, LARGEST_MESSAGE, OPT_LENGTH, TYPES } from './codes.ts';
import type { Content, Negative } from './compiled.ts';
import { SET_FIELDS } from './names.ts';
import type { Query } from './query.ts';
import { uint16 } from './records.ts';

/** The two highest bits set, and the place in the message in the others: RFC 1035 section 4.1.4. */
const POINTER = 0xc000;
const POINTER_LENGTH = 2;

/** Pointer, type, class, ttl and length: behind these a CNAME has its target. */
const DATA_OFFSET = 12;

const DNSSEC_WANTED = 0x8000;

/** How long a reply may be, and what it is taken from. */
export interface Room {
  readonly limit: number;
  /** Where its sets are. */
  readonly entries: Buffer;
  readonly memory: (length: number) => Buffer;
}

/** The reply to a query that could be read; where it would be longer than `limit`, one that says just that. */
export function writeReply(query: Query, content: Content, room: Room): Buffer {
  const { limit, entries, memory } = room;
  const { nameEnd, edns } = query;
  const empty = nameEnd + 4 + (edns === undefined ? 0 : OPT_LENGTH);
  const length = empty + lengthOf(content, entries);
  if (length > limit) return writeTruncated(query, content, { ...room, limit: limit - empty });
  const reply = memory(length);
  writeStart(reply, query, content);
  const end = writeContent(reply, { nameEnd, content, entries });
  if (edns !== undefined) writeOption(reply, end, { rcode: content.rcode, edns });
  return reply;
}

/** RFC 2181 section 9: a set of records is there as a whole or not at all; an alias may be there without its target. */
function writeTruncated(query: Query, content: Content, { limit, entries, memory }: Room): Buffer {
  const sets: number[] = [];
  let left = limit;
  for (const set of content.sets) {
    left -= setLength(entries, set);
    if (left < 0) break;
    sets.push(set);
  }
  const less = { ...content, sets, negative: undefined };
  const reply = writeReply(query, less, { limit: LARGEST_MESSAGE, entries, memory });
  reply[2] = (reply[2] ?? 0) | FLAGS.truncated;
  return reply;
}

/** Twelve bytes, for what is not one question: nothing behind the header is repeated. */
export function writeHeader(asked: Buffer, rcode: number): Buffer {
  const reply = Buffer.alloc(HEADER_LENGTH);
  asked.copy(reply, 0, 0, 2);
  reply[2] = flagsOf(asked);
  reply[3] = rcode;
  return reply;
}

function lengthOf({ sets, negative }: Content, entries: Buffer): number {
  let length = negative === undefined ? 0 : POINTER_LENGTH + negative.bytes.length;
  for (const set of sets) length += setLength(entries, set);
  return length;
}

function setLength(entries: Buffer, set: number): number {
  return entries.readUInt32BE(set + SET_FIELDS.length);
}

/** The id and the question as they came, with the counts of what is always there. */
function writeStart(reply: Buffer, { bytes, nameEnd, edns }: Query, content: Content): void {
  copyBytes(reply, 0, { from: bytes, start: 0, length: nameEnd + 4 });
  reply[2] = flagsOf(bytes) | (content.isAuthoritative ? FLAGS.authoritative : 0);
  reply[3] = content.rcode & 15;
  writeUint16(reply, 4, 1);
  writeUint16(reply, 6, 0);
  writeUint16(reply, 8, 0);
  writeUint16(reply, 10, edns === undefined ? 0 : 1);
}

function flagsOf(asked: Buffer): number {
  return FLAGS.response | ((asked[2] ?? 0) & (FLAGS.opcode | FLAGS.recursionDesired));
}

interface Draft {
  readonly nameEnd: number;
  readonly content: Content;
  readonly entries: Buffer;
}

function writeContent(reply: Buffer, { nameEnd, content, entries }: Draft): number {
  let at = nameEnd + 4;
  let answers = 0;
  let alias = 0;
  for (const set of content.sets) {
    const length = setLength(entries, set);
    const end = at + length;
    copyBytes(reply, at, { from: entries, start: set + SET_FIELDS.records, length });
    if (alias !== 0) writeOwners(reply, at, { end, alias });
    alias = at + DATA_OFFSET;
    at = end;
    answers += entries.readUInt32BE(set + SET_FIELDS.count);
  }
  writeUint16(reply, 6, answers);
  const { negative } = content;
  return negative === undefined ? at : writeNegative(reply, at, { nameEnd, negative });
}

interface Part {
  readonly from: Buffer;
  readonly start: number;
  readonly length: number;
}

/** Byte by byte: for as few as there are this is faster than to make the view of them that copying needs. */
function copyBytes(reply: Buffer, at: number, { from, start, length }: Part): void {
  for (let index = 0; index < length; index += 1) reply[at + index] = from[start + index] ?? 0;
}

/** Records behind a CNAME belong to its target. */
function writeOwners(
  reply: Buffer,
  start: number,
  { end, alias }: { readonly end: number; readonly alias: number },
): void {
  let at = start;
  while (at < end) {
    writeUint16(reply, at, POINTER | alias);
    at += DATA_OFFSET + uint16(reply, at + DATA_OFFSET - 2);
  }
}

interface Ending {
  readonly nameEnd: number;
  readonly negative: Negative;
}

function writeNegative(reply: Buffer, at: number, { nameEnd, negative }: Ending): number {
  writeUint16(reply, at, POINTER | (nameEnd - negative.ownerLength));
  reply.set(negative.bytes, at + POINTER_LENGTH);
  reply[9] = 1;
  return at + POINTER_LENGTH + negative.bytes.length;
}

/** RFC 6891 section 6.1.2; the upper bits of the rcode are in it. */
function writeOption(
  reply: Buffer,
  at: number,
  { rcode, edns }: { readonly rcode: number; readonly edns: Edns },
) {
  reply[at] = 0;
  writeUint16(reply, at + 1, TYPES.OPT);
  writeUint16(reply, at + 3, LARGEST_DATAGRAM);
  reply[at + 5] = rcode >> 4;
  reply[at + 6] = 0;
  writeUint16(reply, at + 7, edns.isDnssecWanted ? DNSSEC_WANTED : 0);
  writeUint16(reply, at + 9, 0);
}

function writeUint16(reply: Buffer, at: number, value: number): void {
  reply[at] = value >> 8;
  reply[at + 1] = value & 255;
}
