import { type Answer, encode } from 'dns-packet';
import { unquote } from './text.ts';
import type { RecordType, Zone, ZoneRecord } from './zone.ts';

/** Zones in the form in which they are sent, found by names as they are asked for. */
export interface CompiledZones {
  /** By name in wire form, lower case, without the root's zero. */
  readonly names: ReadonlyMap<string, CompiledName>;
  readonly apexes: ReadonlyMap<string, CompiledZone>;
}

export interface CompiledZone {
  /** How long its apex is on the wire, with the root's zero. */
  readonly apexLength: number;
  /** What a negative answer has behind the owner: type, class, ttl and data of the SOA. */
  readonly negative: Uint8Array;
  readonly isPartial: boolean;
}

/** A name that is there; without sets it only has names below it. */
export interface CompiledName {
  readonly zone: CompiledZone;
  readonly sets: readonly RecordSet[];
  /** Where its CNAME leads to, if it has one and that is in the same zone. */
  readonly alias: string | undefined;
}

/** All records of one type that a name has. */
export interface RecordSet {
  readonly type: number;
  /** The records, each with a pointer to the question as its owner. */
  readonly bytes: Uint8Array;
  /** Where each of them begins. */
  readonly starts: readonly number[];
}

/** RFC 1035 section 3.2.2, RFC 3596, RFC 2782. */
export const TYPES: Readonly<Record<RecordType, number>> = {
  ...{ A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 },
};

/** Every answer of the zones, encoded once. */
export function compile(zones: readonly Zone[]): CompiledZones {
  const names = new Map<string, CompiledName>();
  const apexes = new Map<string, CompiledZone>();
  for (const zone of zones) {
    const compiled = zoneOf(zone);
    const apex = keyOf(zone.apex);
    apexes.set(apex, compiled);
    for (const [key, records] of byOwner(zone.records)) {
      names.set(key, nameOf(records, compiled, apex));
      addNamesAbove(names, key, compiled);
    }
  }
  return { names, apexes };
}

function zoneOf({ apex, records, isPartial }: Zone): CompiledZone {
  const soa = records.find(({ type }) => type === 'SOA');
  if (soa === undefined) throw new Error(`zone without a SOA: ${apex}`);
  // RFC 2308 section 3: a negative answer is remembered for the lesser of the two.
  const ttl = Math.min(soa.ttl, Number(soa.value.split(' ').at(-1)));
  return { apexLength: apex.length + 2, negative: encoded({ ...soa, ttl }).subarray(2), isPartial };
}

function byOwner(records: readonly ZoneRecord[]): Map<string, ZoneRecord[]> {
  const owners = new Map<string, ZoneRecord[]>();
  for (const record of records) {
    const others = owners.get(record.owner);
    if (others === undefined) owners.set(record.owner, [record]);
    else others.push(record);
  }
  return new Map([...owners].map(([owner, sets]) => [keyOf(owner), sets]));
}

function nameOf(records: readonly ZoneRecord[], zone: CompiledZone, apex: string): CompiledName {
  const types = [...new Set(records.map(({ type }) => type))];
  const sets = types.map((type) => setOf(records.filter((record) => record.type === type)));
  const target = records.find(({ type }) => type === 'CNAME')?.value.slice(0, -1);
  const alias = target === undefined ? undefined : keyOf(target);
  return { zone, sets, alias: alias !== undefined && isBelow(alias, apex) ? alias : undefined };
}

function setOf(records: readonly ZoneRecord[]): RecordSet {
  const parts = records.map(encoded);
  let next = 0;
  const starts = parts.map(({ length }) => {
    next += length;
    return next - length;
  });
  return { type: TYPES[records[0]?.type ?? 'A'], bytes: Buffer.concat(parts), starts };
}

/** RFC 8020: what has names below it exists. */
function addNamesAbove(names: Map<string, CompiledName>, key: string, zone: CompiledZone): void {
  for (let above = parentOf(key); above.length + 1 > zone.apexLength; above = parentOf(above)) {
    if (names.has(above)) return;
    names.set(above, { zone, sets: [], alias: undefined });
  }
}

function parentOf(key: string): string {
  return key.slice(key.charCodeAt(0) + 1);
}

function isBelow(key: string, apex: string): boolean {
  for (let name = key; name.length >= apex.length; name = parentOf(name)) if (name === apex) return true;
  return false;
}

/** `fit01.r2lab.internal` as the wire has it, a byte for a character; zones have no other letters. */
function keyOf(name: string): string {
  return name
    .split('.')
    .map((label) => `${String.fromCharCode(label.length)}${label}`)
    .join('');
}

const HEADER_AND_ROOT = 13;

/** The record behind a pointer to the name of the question. */
function encoded(record: ZoneRecord): Buffer {
  const packet = encode({ type: 'response', answers: [answerOf(record)] });
  return Buffer.concat([Buffer.of(0xc0, 12), packet.subarray(HEADER_AND_ROOT)]);
}

/** As dns-packet takes it, of the root instead of its owner. */
export function answerOf({ type, ttl, value }: ZoneRecord): Answer {
  const start = { name: '.', ttl } as const;
  const words = value.split(' ');
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return { ...start, type, data: value };
    case 'TXT':
      return { ...start, type, data: Buffer.from(unquote(value)) };
    case 'SRV': {
      const [priority, weight, port] = words.map(Number);
      return { ...start, type, data: { priority, weight, port: port ?? 0, target: words[3] ?? '' } };
    }
    case 'SOA': {
      const [serial, refresh, retry, expire, minimum] = words.slice(2).map(Number);
      const [mname = '', rname = ''] = words;
      return { ...start, type, data: { mname, rname, serial, refresh, retry, expire, minimum } };
    }
  }
}
