/**
 * Zones in the form in which they are sent. All names lie in one piece of memory, each beside what it has: an answer
 * that is gathered from many objects costs a wait for memory for each of them, which is most of what it costs.
 */
export interface CompiledZones {
  /** The names, as `packed` in pack.ts lays them out. */
  readonly entries: Buffer;
  /** Pairs of the hash of a name and the place of what it has; the latter is 0 in a free one. Never full. */
  readonly slots: Int32Array;
  readonly zones: readonly CompiledZone[];
  readonly apexLengths: ReadonlySet<number>;
}

export interface CompiledZone {
  /** How long its apex is on the wire, with the root's zero. */
  readonly apexLength: number;
  /** For a name that has nothing of the type. */
  readonly nothing: Content;
  /** For a name that is not there, or of which that is not known. */
  readonly missing: Content;
}

/** What a reply has behind its question. */
export interface Content {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  /** Places: the first belongs to the name of the question, each further one to the target of the CNAME before it. */
  readonly sets: readonly number[];
  readonly negative: Negative | undefined;
}

/** The SOA that says for how long there is nothing. */
export interface Negative {
  /** How long its owner is on the wire, with the root's zero: the end of the name of the question. */
  readonly ownerLength: number;
  /** What follows the owner. */
  readonly bytes: Buffer;
}
