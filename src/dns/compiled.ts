/** Zones in the form in which they are sent, found by names as they are asked for. */
export interface CompiledZones {
  /** By name in wire form, a character for a byte, in lower case and without the root's zero. */
  readonly names: ReadonlyMap<string, CompiledName>;
  readonly apexes: ReadonlyMap<string, CompiledZone>;
  readonly apexLengths: ReadonlySet<number>;
}

export interface CompiledZone {
  /** For a name that has nothing of the type. */
  readonly nothing: Content;
  /** For a name that is not there, or of which that is not known. */
  readonly missing: Content;
}

/** A name that is there; without answers it only has names below it. */
export interface CompiledName {
  readonly zone: CompiledZone;
  readonly answers: readonly Answer[];
  /** Where its CNAME leads to, if it has one and that is in the same zone. */
  readonly alias: string | undefined;
}

/** What a name has of one type. */
export interface Answer {
  readonly set: RecordSet;
  /** The reply that has just this set. */
  readonly content: Content;
}

/** All records of one type and name. */
export interface RecordSet {
  readonly type: number;
  /** The records, each with a pointer to the name of the question as its owner. */
  readonly bytes: Buffer;
  /** Where each of them begins. */
  readonly starts: readonly number[];
}

/** What a reply has behind its question. */
export interface Content {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  /** The first belongs to the name of the question, each further one to the target of the CNAME before it. */
  readonly sets: readonly RecordSet[];
  readonly negative: Negative | undefined;
}

/** The SOA that says for how long there is nothing. */
export interface Negative {
  /** How long its owner is on the wire, with the root's zero: the end of the name of the question. */
  readonly ownerLength: number;
  /** What follows the owner. */
  readonly bytes: Buffer;
}
