import { type Edns, readAdditional } from './additional.ts';
import { HEADER_LENGTH, TYPES } from './codes.ts';
import { nameEnd as nameEndAt, ownerEnd, recordEnd, uint16 } from './records.ts';

/** What a query asks, and how its answer may look. */
export interface Query {
  readonly bytes: Buffer;
  /** Where the name of its question ends, behind the root's zero; it begins behind the header. */
  readonly nameEnd: number;
  readonly type: number;
  readonly class: number;
  /** Undefined where the asker knows no EDNS. */
  readonly edns: Edns | undefined;
  /** Whether there is a TSIG. */
  readonly isSigned: boolean;
}

/** The query in `bytes`, which have a whole header; undefined for what is no query of one question. */
export function readQuery(bytes: Buffer): Query | undefined {
  // Counts first: nothing is looked for that a header only promises.
  if (uint16(bytes, 4) !== 1 || uint16(bytes, 6) !== 0) return undefined;
  const nameEnd = nameEndAt(bytes, HEADER_LENGTH);
  const questionEnd = nameEnd + 4;
  if (nameEnd === 0 || questionEnd > bytes.length) return undefined;
  const type = uint16(bytes, nameEnd);
  const start = authorityEnd(bytes, questionEnd, type);
  const additional = start === 0 ? undefined : readAdditional(bytes, start, uint16(bytes, 10));
  if (additional === undefined) return undefined;
  const { edns, isSigned } = additional;
  return { bytes, nameEnd, type, class: uint16(bytes, nameEnd + 2), edns, isSigned };
}

/** RFC 1995 section 3: who asks for changes, and nobody else, says in an authority what there is already. */
function authorityEnd(bytes: Buffer, start: number, type: number): number {
  const count = uint16(bytes, 8);
  if (count === 0) return start;
  return count === 1 && type === TYPES.IXFR ? recordEnd(bytes, ownerEnd(bytes, start)) : 0;
}
