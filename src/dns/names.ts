import { TYPES } from './codes.ts';
import type { CompiledZone, CompiledZones } from './compiled.ts';
import { uint16 } from './records.ts';

/** What lies behind a name, from its place on: its zone, where its CNAME leads to, how many sets it has, and these. */
export const NAME_FIELDS = { zone: 0, alias: 2, count: 6, sets: 7 } as const;

/** All records of one type and name, from their place on: the type, how many they are and how long, and these. */
export const SET_FIELDS = { type: 0, count: 2, length: 6, records: 10 } as const;

/** Where a CNAME leads to outside its zone, and where to a name of it that is not there; else it is a place. */
export const OUTSIDE = 0;
export const ABSENT = 1;

/** Letters as small ones. The length of a label is never that of a letter, so a name can be taken byte by byte. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

/** A name among other bytes; that it ends has been made sure of. */
export interface NameIn {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/** The place of a name; 0 where there is none. */
export function find({ entries, slots }: CompiledZones, name: NameIn): number {
  const hash = hashOf(name);
  for (let slot = firstSlot(slots, hash); ; slot = (slot + 2) & (slots.length - 1)) {
    const entry = slots[slot + 1] ?? 0;
    if (entry === 0) return 0;
    const place = slots[slot] === hash ? placeIn(entries, entry, name) : 0;
    if (place !== 0) return place;
  }
}

/** FNV-1a. Who asks has no say in what names there are, and so not in how many are in one another's way. */
export function hashOf({ bytes, start }: NameIn): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; bytes[at] !== 0; at += 1) hash = Math.imul(hash ^ lower(bytes[at]), 0x01000193);
  return hash;
}

/** Where to begin to look for the hash. */
export function firstSlot(slots: Int32Array, hash: number): number {
  return ((hash ^ (hash >>> 15)) << 1) & (slots.length - 1);
}

function placeIn(entries: Buffer, entry: number, { bytes, start }: NameIn): number {
  let at = entry;
  for (let from = start; entries[at] === lower(bytes[from]); from += 1) {
    at += 1;
    if (bytes[from] === 0) return at;
  }
  return 0;
}

function lower(byte: number | undefined): number {
  return LOWER[byte ?? 0] ?? 0;
}

export function zoneAt({ entries, zones }: CompiledZones, place: number): CompiledZone {
  const zone = zones[uint16(entries, place + NAME_FIELDS.zone)];
  if (zone === undefined) throw new Error(`no name at ${place}`);
  return zone;
}

export function aliasAt({ entries }: CompiledZones, place: number): number {
  return entries.readUInt32BE(place + NAME_FIELDS.alias);
}

/** The place of what answers for the type, which may be a CNAME; 0 where there is nothing. */
export function setAt({ entries }: CompiledZones, place: number, type: number): number {
  let at = place + NAME_FIELDS.sets;
  for (let left = entries[place + NAME_FIELDS.count] ?? 0; left > 0; left -= 1) {
    const own = uint16(entries, at + SET_FIELDS.type);
    // RFC 8482 section 4.1: who asks for everything gets something.
    if (own === type || own === TYPES.CNAME || type === TYPES.ANY) return at;
    at += SET_FIELDS.records + entries.readUInt32BE(at + SET_FIELDS.length);
  }
  return 0;
}
