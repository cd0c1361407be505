import { type Answer as Data, encode } from 'dns-packet';
import { HEADER_LENGTH, RCODES, TYPES } from './codes.ts';
import type { CompiledZone, CompiledZones, Content } from './compiled.ts';
import { type NameDraft, packed, type SetDraft } from './pack.ts';
import { unquote } from './text.ts';
import type { Zone, ZoneRecord } from './zone.ts';

const NAMES_PER_STEP = 200;

/** Every answer of the zones, encoded once. */
export function compile(zones: readonly Zone[]): CompiledZones {
  const steps = compileInSteps(zones);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same in steps of some milliseconds, between which queries can be answered. */
export function* compileInSteps(zones: readonly Zone[]): Generator<undefined, CompiledZones> {
  const names = new Map<string, NameDraft>();
  for (const [index, { apex: apexName, records: all }] of zones.entries()) {
    const apex = keyOf(apexName);
    let count = 0;
    for (const [owner, records] of byOwner(all)) {
      const key = keyOf(owner);
      names.set(key, { zone: index, sets: setsOf(records), alias: aliasIn(records, apex) });
      addNamesAbove(names, { key, apex, zone: index });
      count += 1;
      if (count % NAMES_PER_STEP === 0) yield;
    }
  }
  const compiled = zones.map(zoneOf);
  const apexLengths = new Set(compiled.map(({ apexLength }) => apexLength));
  return { ...(yield* packed(names)), zones: compiled, apexLengths };
}

function zoneOf({ apex, records, isPartial }: Zone): CompiledZone {
  const soa = records.find(({ type }) => type === 'SOA');
  if (soa === undefined) throw new Error(`zone without a SOA: ${apex}`);
  // RFC 2308 section 3: that there is nothing is remembered for the lesser of the two.
  const ttl = Math.min(soa.ttl, Number(soa.value.split(' ').at(-1)));
  const apexLength = apex.length + 2;
  const negative = { ownerLength: apexLength, bytes: encoded({ ...soa, ttl }).subarray(2) };
  const nothing: Content = { rcode: RCODES.noError, isAuthoritative: true, sets: [], negative };
  const missing: Content = isPartial
    ? { rcode: RCODES.servFail, isAuthoritative: false, sets: [], negative: undefined }
    : { ...nothing, rcode: RCODES.nxDomain };
  return { apexLength, nothing, missing };
}

function byOwner(records: readonly ZoneRecord[]): Map<string, ZoneRecord[]> {
  const owners = new Map<string, ZoneRecord[]>();
  for (const record of records) {
    const others = owners.get(record.owner);
    if (others === undefined) owners.set(record.owner, [record]);
    else others.push(record);
  }
  return owners;
}

function setsOf(records: readonly ZoneRecord[]): readonly SetDraft[] {
  const byType = new Map<number, Buffer[]>();
  for (const record of records) {
    const type = TYPES[record.type];
    byType.set(type, [...(byType.get(type) ?? []), encoded(record)]);
  }
  return [...byType].map(([type, encodings]) => ({ type, records: encodings }));
}

function aliasIn(records: readonly ZoneRecord[], apex: string): string | undefined {
  const target = records.find(({ type }) => type === 'CNAME')?.value.slice(0, -1);
  if (target === undefined) return undefined;
  const alias = keyOf(target);
  return isAtOrBelow(alias, apex) ? alias : undefined;
}

interface Below {
  readonly key: string;
  readonly apex: string;
  readonly zone: number;
}

/** RFC 8020: what has names below it exists. */
function addNamesAbove(names: Map<string, NameDraft>, { key, apex, zone }: Below): void {
  for (let above = parentOf(key); above.length > apex.length; above = parentOf(above)) {
    if (names.has(above)) return;
    names.set(above, { zone, sets: [], alias: undefined });
  }
}

function parentOf(key: string): string {
  return key.slice(key.charCodeAt(0) + 1);
}

function isAtOrBelow(key: string, apex: string): boolean {
  let name = key;
  while (name.length > apex.length) name = parentOf(name);
  return name === apex;
}

/** `fit01.r2lab.internal` as the wire has it, a character for a byte; no name of a zone needs an escape. */
function keyOf(name: string): string {
  let key = '';
  for (const label of name.split('.')) key += String.fromCharCode(label.length) + label;
  return `${key}\0`;
}

/** The record, with a pointer to the name of the question as its owner. */
function encoded(record: ZoneRecord): Buffer {
  const packet = encode({ type: 'response', answers: [dataOf(record)] });
  // The owner is the root, one byte behind the header; the pointer takes that and the byte in front of it.
  const start = HEADER_LENGTH - 1;
  packet[start] = 0xc0;
  packet[start + 1] = HEADER_LENGTH;
  return packet.subarray(start);
}

/** As dns-packet takes it, of the root instead of its owner. */
export function dataOf({ type, ttl, value }: ZoneRecord): Data {
  const start = { name: '.', ttl } as const;
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
      const [priority = '', weight = '', port = '', target = ''] = value.split(' ');
      const data = { priority: Number(priority), weight: Number(weight), port: Number(port), target };
      return { ...start, type, data };
    }
    case 'SOA': {
      const [mname = '', rname = '', ...numbers] = value.split(' ');
      const [serial, refresh, retry, expire, minimum] = numbers.map(Number);
      return { ...start, type, data: { mname, rname, serial, refresh, retry, expire, minimum } };
    }
  }
}
