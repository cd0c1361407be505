import { LARGEST_DATAGRAM, OPT_LENGTH, SMALLEST_DATAGRAM, TYPES } from './codes.ts';
import { nameEnd, recordEnd, uint16 } from './records.ts';

/** What a query has behind its question. */
export interface Additional {
  /** Undefined where the asker knows no EDNS. */
  readonly edns: Edns | undefined;
  /** Whether there is a TSIG; there are no keys here that could prove it. */
  readonly isSigned: boolean;
}

/** RFC 6891 section 6.1. */
export interface Edns {
  readonly version: number;
  /** The bit DO, which a reply repeats. */
  readonly isDnssecWanted: boolean;
  /** How long a datagram may be that answers. */
  readonly size: number;
}

const NONE: Additional = { edns: undefined, isSigned: false };
const SIGNED: Additional = { edns: undefined, isSigned: true };

/** `count` records from `start` to the end: at most one OPT, and behind it at most one TSIG. Undefined for all else. */
export function readAdditional(bytes: Buffer, start: number, count: number): Additional | undefined {
  if (count === 0) return start === bytes.length ? NONE : undefined;
  const end = optionEnd(bytes, start);
  if (end === 0) return count === 1 && isSignature(bytes, start) ? SIGNED : undefined;
  if (count === 1) return end === bytes.length ? { edns: ednsAt(bytes, start), isSigned: false } : undefined;
  return count === 2 && isSignature(bytes, end) ? { edns: ednsAt(bytes, start), isSigned: true } : undefined;
}

/** Where the OPT record ends that begins at `start`; 0 where none does, or one whose options do not fill it. */
function optionEnd(bytes: Buffer, start: number): number {
  if (bytes[start] !== 0 || uint16(bytes, start + 1) !== TYPES.OPT) return 0;
  const end = recordEnd(bytes, start + 1);
  // What another version has there is not known.
  if (bytes[start + 6] !== 0) return end;
  let at = start + OPT_LENGTH;
  while (at + 4 <= end) at += 4 + uint16(bytes, at + 2);
  return at === end ? end : 0;
}

function ednsAt(bytes: Buffer, start: number): Edns {
  const size = uint16(bytes, start + 3);
  return {
    version: bytes[start + 6] ?? 0,
    isDnssecWanted: ((bytes[start + 7] ?? 0) & 0x80) !== 0,
    size: Math.min(LARGEST_DATAGRAM, Math.max(SMALLEST_DATAGRAM, size)),
  };
}

/** RFC 8945 section 4.2: algorithm, time and fudge, the signature, id and error, other data; to the end of the query. */
function isSignature(bytes: Buffer, start: number): boolean {
  const fixed = nameEnd(bytes, start);
  const end = recordEnd(bytes, fixed);
  if (end !== bytes.length || uint16(bytes, fixed) !== TYPES.TSIG) return false;
  const signature = nameEnd(bytes, fixed + 10) + 8;
  const other = signature + 2 + uint16(bytes, signature) + 4;
  return other + 2 + uint16(bytes, other) === end;
}
