import type { CompiledZones } from './compiled.ts';
import { ABSENT, firstSlot, hashOf, NAME_FIELDS, OUTSIDE, SET_FIELDS } from './names.ts';

/** A name that is there; without sets it only has names below it. */
export interface NameDraft {
  /** The number of its zone. */
  readonly zone: number;
  readonly sets: readonly SetDraft[];
  /** The name that its CNAME leads to, if it has one and that is in the same zone. */
  readonly alias: string | undefined;
}

export interface SetDraft {
  readonly type: number;
  readonly records: readonly Uint8Array[];
}

const NAMES_PER_STEP = 1000;

/** The names in one piece of memory, and where to find them. They are in wire form, a character for a byte, with the root's zero. */
export function* packed(
  names: ReadonlyMap<string, NameDraft>,
): Generator<undefined, Pick<CompiledZones, 'entries' | 'slots'>> {
  const starts = yield* startsOf(names);
  const entries = Buffer.alloc(starts.end);
  const slots = new Int32Array(slotCountFor(names.size));
  let count = 0;
  for (const [name, draft] of names) {
    const entry = starts.byName.get(name) ?? 0;
    const place = entry + entries.write(name, entry, 'latin1');
    entries.writeUInt16BE(draft.zone, place + NAME_FIELDS.zone);
    entries.writeUInt32BE(aliasOf(draft, starts), place + NAME_FIELDS.alias);
    entries[place + NAME_FIELDS.count] = draft.sets.length;
    writeSets(entries, place + NAME_FIELDS.sets, draft.sets);
    enter(slots, hashOf({ bytes: entries, start: entry }), entry);
    count += 1;
    if (count % NAMES_PER_STEP === 0) yield;
  }
  return { entries, slots };
}

interface Starts {
  readonly byName: ReadonlyMap<string, number>;
  readonly end: number;
}

/** Behind a byte that is no name's, since 0 stands for none, and one for ABSENT. */
function* startsOf(names: ReadonlyMap<string, NameDraft>): Generator<undefined, Starts> {
  const byName = new Map<string, number>();
  let end = ABSENT + 1;
  for (const [name, { sets }] of names) {
    byName.set(name, end);
    end += name.length + NAME_FIELDS.sets;
    for (const set of sets) end += SET_FIELDS.records + lengthOf(set);
    if (byName.size % NAMES_PER_STEP === 0) yield;
  }
  return { byName, end };
}

function lengthOf({ records }: SetDraft): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}

function aliasOf({ alias }: NameDraft, { byName }: Starts): number {
  if (alias === undefined) return OUTSIDE;
  const entry = byName.get(alias);
  return entry === undefined ? ABSENT : entry + alias.length;
}

function writeSets(entries: Buffer, start: number, sets: readonly SetDraft[]): void {
  let at = start;
  for (const set of sets) {
    entries.writeUInt16BE(set.type, at + SET_FIELDS.type);
    entries.writeUInt32BE(set.records.length, at + SET_FIELDS.count);
    entries.writeUInt32BE(lengthOf(set), at + SET_FIELDS.length);
    at += SET_FIELDS.records;
    for (const record of set.records) {
      entries.set(record, at);
      at += record.length;
    }
  }
}

/** Pairs, a power of two of them, and at least half of them free: else it would take long to see that a name is not there. */
function slotCountFor(names: number): number {
  return 2 ** (Math.ceil(Math.log2(names + 1)) + 2);
}

function enter(slots: Int32Array, hash: number, entry: number): void {
  let slot = firstSlot(slots, hash);
  while (slots[slot + 1] !== 0) slot = (slot + 2) & (slots.length - 1);
  slots[slot] = hash;
  slots[slot + 1] = entry;
}
