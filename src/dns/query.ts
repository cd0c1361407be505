import { HEADER_LENGTH, LARGEST_DATAGRAM, OPT_LENGTH, SMALLEST_DATAGRAM, TYPES } from './codes.ts';

/** What a query asks, and how its answer may look. */
export interface Query {
  readonly bytes: Buffer;
  /** Where the name of its question ends, behind the root's zero; it begins behind the header. */
  readonly nameEnd: number;
  readonly type: number;
  readonly class: number;
  /** Undefined where the asker knows no EDNS. */
  readonly edns: Edns | undefined;
}

/** RFC 6891 section 6.1. */
export interface Edns {
  readonly version: number;
  /** The bit DO, which a reply repeats. */
  readonly isDnssecWanted: boolean;
  /** How long a datagram may be that answers. */
  readonly size: number;
}

const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
const FIRST_POINTER = 0xc0;

/** The query in `bytes`, which have a whole header; undefined for anything but one question and at most one OPT. */
export function readQuery(bytes: Buffer): Query | undefined {
  // Counts first: nothing is looked for that a header only promises.
  const additional = uint16(bytes, 10);
  if (uint16(bytes, 4) !== 1 || uint16(bytes, 6) !== 0 || additional > 1) return undefined;
  const nameEnd = questionNameEnd(bytes);
  if (nameEnd === 0 || nameEnd + 4 > bytes.length) return undefined;
  const type = uint16(bytes, nameEnd);
  const start = authorityEnd(bytes, nameEnd + 4, type);
  if (start === 0 || (additional === 1 && !isOption(bytes, start))) return undefined;
  const edns = additional === 1 ? ednsAt(bytes, start) : undefined;
  return { bytes, nameEnd, type, class: uint16(bytes, nameEnd + 2), edns };
}

/** 0 for what is no name, or a compressed one: there is nothing in front of it to point to. */
function questionNameEnd(bytes: Buffer): number {
  let at = HEADER_LENGTH;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > LONGEST_LABEL) return 0;
    at += length + 1;
  }
  return at - HEADER_LENGTH < LONGEST_NAME ? at + 1 : 0;
}

/** RFC 1995 section 3: a query for changes, and no other one, says in a SOA what the asker has; 0 for what is wrong. */
function authorityEnd(bytes: Buffer, start: number, type: number): number {
  const count = uint16(bytes, 8);
  if (count === 0) return start;
  if (count > 1 || type !== TYPES.IXFR) return 0;
  const end = recordEnd(bytes, start);
  return end <= bytes.length ? end : 0;
}

function recordEnd(bytes: Buffer, start: number): number {
  let at = start;
  for (let length = bytes[at]; length !== 0 && length !== undefined; length = bytes[at]) {
    at += length < FIRST_POINTER ? length + 1 : 1;
    if (length >= FIRST_POINTER) break;
  }
  return at + OPT_LENGTH + uint16(bytes, at + 9);
}

/** Whether there is an OPT record, and all of it, with options that fill it. */
function isOption(bytes: Buffer, start: number): boolean {
  if (start + OPT_LENGTH > bytes.length || bytes[start] !== 0 || uint16(bytes, start + 1) !== TYPES.OPT) {
    return false;
  }
  const end = start + OPT_LENGTH + uint16(bytes, start + 9);
  let at = start + OPT_LENGTH;
  while (at + 4 <= end) at += 4 + uint16(bytes, at + 2);
  return at === end && end <= bytes.length;
}

function ednsAt(bytes: Buffer, start: number): Edns {
  const size = uint16(bytes, start + 3);
  return {
    version: bytes[start + 6] ?? 0,
    isDnssecWanted: ((bytes[start + 7] ?? 0) & 0x80) !== 0,
    size: Math.min(LARGEST_DATAGRAM, Math.max(SMALLEST_DATAGRAM, size)),
  };
}

function uint16(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
