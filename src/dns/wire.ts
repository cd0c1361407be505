import type { CompiledName, CompiledZone, CompiledZones, RecordSet } from './compile.ts';
import { FLAGS, HEADER_LENGTH, type Query, RCODES, readQuery } from './query.ts';
import { type Content, LARGEST_DATAGRAM, writeHeader, writeReply } from './reply.ts';

export type Transport = 'udp' | 'tcp';

/** Why a packet gets no reply: it has no whole header, or is a reply itself. */
export type DropReason = 'short' | 'response';

/** What to send for a packet. */
export type Response =
  | { readonly kind: 'reply'; readonly bytes: Uint8Array; readonly type: number; readonly rcode: number }
  | { readonly kind: 'silence'; readonly reason: DropReason };

const SHORT: Response = { kind: 'silence', reason: 'short' };
const RESPONSE: Response = { kind: 'silence', reason: 'response' };

const IN = 1;
const CNAME = 5;
/** RFC 6895: OPT and from 128 on what is no data: TKEY, TSIG, IXFR, AXFR and the like; of these only ANY is answered. */
const ANY = 255;

const MOST_ALIASES = 8;
const SMALLEST_DATAGRAM = 512;
const LARGEST_MESSAGE = 65_535;

/** The reply to any bytes: the id and the question are those that came, and it is never larger than what the asker takes. */
export function respond(zones: CompiledZones, query: Uint8Array, transport: Transport): Response {
  if (query.length < HEADER_LENGTH) return SHORT;
  const flags = query[2] ?? 0;
  if ((flags & FLAGS.response) !== 0) return RESPONSE;
  if ((flags & FLAGS.opcode) !== 0) {
    return { kind: 'reply', bytes: writeHeader(query, RCODES.notImp), type: 0, rcode: RCODES.notImp };
  }
  const read = readQuery(query);
  if (read === undefined) {
    return { kind: 'reply', bytes: writeHeader(query, RCODES.formErr), type: 0, rcode: RCODES.formErr };
  }
  const content = contentFor(zones, query, read);
  const limit = transport === 'tcp' ? LARGEST_MESSAGE : datagramLimit(read);
  const bytes = writeReply(query, read, { ...content, limit });
  return { kind: 'reply', bytes, type: read.type, rcode: content.rcode };
}

function datagramLimit({ edns }: Query): number {
  if (edns === undefined) return SMALLEST_DATAGRAM;
  return Math.min(LARGEST_DATAGRAM, Math.max(SMALLEST_DATAGRAM, edns.size));
}

function contentFor(zones: CompiledZones, bytes: Uint8Array, query: Query): Content {
  if (query.edns !== undefined && query.edns.version !== 0) return refusal(RCODES.badVers);
  if (query.class !== IN || isMeta(query.type)) return refusal(RCODES.refused);
  const key = keyIn(bytes, query.nameEnd);
  const name = zones.names.get(key);
  if (name !== undefined) return answer(zones, name, query.type);
  const zone = zoneAbove(zones, key);
  return zone === undefined ? refusal(RCODES.refused) : missing(zone, []);
}

function isMeta(type: number): boolean {
  return type >= 249 && type <= 252;
}

function refusal(rcode: number): Content {
  return { rcode, isAuthoritative: false, sets: [], negativeOf: undefined };
}

/** As a string of one character for each byte. Letters count as small ones; a length is never a letter. */
function keyIn(bytes: Uint8Array, nameEnd: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  return buffer.toString('latin1', HEADER_LENGTH, nameEnd - 1).toLowerCase();
}

function answer(zones: CompiledZones, first: CompiledName, type: number): Content {
  const sets: RecordSet[] = [];
  let name: CompiledName | undefined = first;
  for (let aliases = 0; name !== undefined && aliases < MOST_ALIASES; aliases += 1) {
    const set: RecordSet | undefined = setOf(name, type);
    if (set === undefined) return { ...found(sets), negativeOf: name.zone };
    sets.push(set);
    if (set.type !== CNAME || type === CNAME || type === ANY || name.alias === undefined) return found(sets);
    const next: CompiledName | undefined = zones.names.get(name.alias);
    if (next === undefined) return missing(name.zone, sets);
    name = next;
  }
  return found(sets);
}

function setOf({ sets }: CompiledName, type: number): RecordSet | undefined {
  for (const set of sets) if (set.type === type || set.type === CNAME || type === ANY) return set;
  return undefined;
}

function found(sets: readonly RecordSet[]): Content {
  return { rcode: RCODES.noError, isAuthoritative: true, sets, negativeOf: undefined };
}

/** No such name; or one of those that are not known here. */
function missing(zone: CompiledZone, sets: readonly RecordSet[]): Content {
  return zone.isPartial
    ? { ...refusal(RCODES.servFail) }
    : { rcode: RCODES.nxDomain, isAuthoritative: true, sets, negativeOf: zone };
}

function zoneAbove({ apexes }: CompiledZones, key: string): CompiledZone | undefined {
  for (let name = key; name !== ''; name = name.slice(name.charCodeAt(0) + 1)) {
    const zone = apexes.get(name);
    if (zone !== undefined) return zone;
  }
  return undefined;
}
