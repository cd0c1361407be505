import { encode } from 'dns-packet';
import { CLASSES, FLAGS, HEADER_LENGTH, LARGEST_DATAGRAM, OPT_LENGTH, TYPES } from './codes.ts';
import { dataOf } from './compile.ts';
import type { Transfers } from './duty.ts';
import { readQuery } from './query.ts';
import type { Zone, ZoneRecord } from './zone.ts';

export interface TransferOptions {
  /** Those of now. One that is partial is not given away: who copies it would deny what is missing. */
  readonly zones: () => readonly Zone[];
  /** Who may have them all; an address as `toNumber` gives it. */
  readonly admits: (source: number) => boolean;
}

/** In a longer message names could not point to all that stand before them (RFC 1035 section 4.1.4). */
const MOST_BYTES = 16_384;
/** The root as its name, the longest datagram, no rcode, version 0, no flags, no options. */
const OPT_RECORD = Uint8Array.of(
  ...[0, 0, TYPES.OPT, LARGEST_DATAGRAM >> 8, LARGEST_DATAGRAM & 255],
  ...[0, 0, 0, 0, 0, 0],
);
/** The longest name, type and class. */
const MOST_QUESTION_BYTES = 255 + 4;

/** Gives whoever may have them the zones of this responder (RFC 5936). Any bytes will do as a query. */
export function transfersOf({ zones, admits }: TransferOptions): Transfers {
  // It takes far longer to encode a zone than to hand it out.
  const encoded = new WeakMap<Zone, readonly Block[]>();
  return (query, source) => {
    const asked = transferIn(query);
    if (asked === undefined || !admits(source)) return undefined;
    const zone = zones().find(({ apex }) => apex === asked.apex);
    if (zone === undefined || zone.isPartial) return undefined;
    const blocks = encoded.get(zone) ?? blocksOf(zone);
    encoded.set(zone, blocks);
    return blocks.map((block, index) => messageOf(block, asked, index === 0));
  };
}

/** A query for a whole zone. */
interface Asked {
  /** Its two bytes. */
  readonly id: readonly number[];
  readonly recursion: number;
  readonly apex: string | undefined;
  /** As it came. */
  readonly question: Uint8Array;
  readonly hasOpt: boolean;
}

/** Undefined for anything but a well-formed query for a zone, or for the changes of one. */
function transferIn(query: Uint8Array): Asked | undefined {
  const bytes = Buffer.from(query.buffer, query.byteOffset, query.byteLength);
  const [high = 0, low = 0, flags = 0] = bytes;
  if (bytes.length < HEADER_LENGTH || (flags & (FLAGS.response | FLAGS.opcode)) !== 0) return undefined;
  const read = readQuery(bytes);
  // RFC 1995 section 4: who keeps no changes gives all of the zone.
  if (read?.type !== TYPES.AXFR && read?.type !== TYPES.IXFR) return undefined;
  if (read.class !== CLASSES.IN || read.isSigned || (read.edns?.version ?? 0) !== 0) return undefined;
  const { nameEnd, edns } = read;
  return {
    ...{ id: [high, low], recursion: flags & FLAGS.recursionDesired, hasOpt: edns !== undefined },
    ...{ apex: nameIn(bytes, nameEnd), question: bytes.subarray(HEADER_LENGTH, nameEnd + 4) },
  };
}

/** In lower case; undefined where it is none that a zone of ours can have, such as one with a dot in a label. */
function nameIn(query: Buffer, end: number): string | undefined {
  const labels: string[] = [];
  for (let at = HEADER_LENGTH; at < end - 1; at += 1 + (query[at] ?? 0)) {
    const label = query.subarray(at + 1, at + 1 + (query[at] ?? 0));
    labels.push(label.toString('latin1').toLowerCase());
  }
  return labels.every((label) => /^[a-z0-9_-]+$/.test(label)) ? labels.join('.') : undefined;
}

/** Records that one message takes. */
interface Block {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The SOA, all other records, and the SOA again (RFC 5936 section 2.2). */
function blocksOf({ records }: Zone): readonly Block[] {
  const most = MOST_BYTES - HEADER_LENGTH - MOST_QUESTION_BYTES - OPT_LENGTH;
  const groups: Uint8Array[][] = [];
  let length = most;
  for (const record of [...records, ...records.slice(0, 1)]) {
    const bytes = bytesOf(record);
    length += bytes.length;
    if (length > most) {
      groups.push([]);
      length = bytes.length;
    }
    groups.at(-1)?.push(bytes);
  }
  return groups.map((group) => ({ count: group.length, bytes: Buffer.concat(group) }));
}

function bytesOf(record: ZoneRecord): Uint8Array {
  const answer = { ...dataOf(record), name: record.owner };
  return encode({ type: 'response', answers: [answer] }).subarray(HEADER_LENGTH);
}

/** The question stands in the first one alone, OPT in each. */
function messageOf({ count, bytes }: Block, asked: Asked, isFirst: boolean): Uint8Array {
  const { id, recursion, question, hasOpt } = asked;
  const flags = [FLAGS.response | FLAGS.authoritative | recursion, 0];
  const counts = [isFirst ? 1 : 0, count, 0, hasOpt ? 1 : 0].flatMap((each) => [each >> 8, each & 255]);
  const header = Uint8Array.of(...id, ...flags, ...counts);
  return Buffer.concat([header, ...(isFirst ? [question] : []), bytes, ...(hasOpt ? [OPT_RECORD] : [])]);
}
