/** RFC 1035 section 4.1.1 and RFC 6895: what a reply says of the query. */
export const RCODES = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
  badVers: 16,
};

/** Flags in the third and the fourth byte of the header. */
export const FLAGS = { response: 0x80, opcode: 0x78, authoritative: 4, truncated: 2, recursionDesired: 1 };

/** What a query asks and how its answer may look. */
export interface Query {
  /** Where the name of its question ends: behind the root's zero. */
  readonly nameEnd: number;
  readonly type: number;
  readonly class: number;
  /** Undefined where the asker knows no EDNS. */
  readonly edns: Edns | undefined;
}

/** RFC 6891 section 6.1. */
export interface Edns {
  /** The largest datagram that the asker takes. */
  readonly size: number;
  readonly version: number;
  /** The bit DO, which a reply has, too. */
  readonly isDnssecWanted: boolean;
}

export const HEADER_LENGTH = 12;

/** The query in `bytes`, which have a whole header; undefined where they cannot be read as one question. */
export function readQuery(bytes: Uint8Array): Query | undefined {
  // Counts first: what they promise would have to be looked for.
  if (uint16(bytes, 4) !== 1 || uint16(bytes, 6) !== 0 || uint16(bytes, 8) !== 0) return undefined;
  const additional = uint16(bytes, 10);
  if (additional > 1) return undefined;
  const nameEnd = nameEndIn(bytes, HEADER_LENGTH);
  const end = nameEnd + 4;
  if (nameEnd === 0 || end > bytes.length) return undefined;
  const edns = additional === 0 ? undefined : readOption(bytes, end);
  if (edns === 'malformed') return undefined;
  return { nameEnd, type: uint16(bytes, nameEnd), class: uint16(bytes, nameEnd + 2), edns };
}

const LONGEST_NAME = 255;

/** Where the name at `start` ends, behind the root's zero; 0 for what is no name without pointers. */
function nameEndIn(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63 || at - start >= LONGEST_NAME) return 0;
    if (length === 0) return at + 1;
    at += length + 1;
  }
}

const OPT = 41;
const OPT_LENGTH = 11;

/** The OPT record at `start`, to the end of the query. */
function readOption(bytes: Uint8Array, start: number): Edns | undefined | 'malformed' {
  if (start + OPT_LENGTH > bytes.length || bytes[start] !== 0 || uint16(bytes, start + 1) !== OPT) {
    return 'malformed';
  }
  const end = start + OPT_LENGTH + uint16(bytes, start + 9);
  if (end > bytes.length) return 'malformed';
  return {
    size: uint16(bytes, start + 3),
    version: bytes[start + 6] ?? 0,
    isDnssecWanted: ((bytes[start + 7] ?? 0) & 0x80) !== 0,
  };
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
