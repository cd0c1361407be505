import { MOST_ALIASES } from '../model/record-rules.ts';
import { CLASSES, FLAGS, HEADER_LENGTH, LARGEST_MESSAGE, RCODES, SMALLEST_DATAGRAM, TYPES } from './codes.ts';
import type { CompiledZone, CompiledZones, Content } from './compiled.ts';
import { ABSENT, aliasAt, find, OUTSIDE, SET_FIELDS, setAt, zoneAt } from './names.ts';
import { type Query, readQuery } from './query.ts';
import { uint16 } from './records.ts';
import { writeHeader, writeReply } from './reply.ts';

export type Transport = 'udp' | 'tcp';

/** How a query came, and in what memory its reply is written. */
export interface Way {
  readonly transport: Transport;
  readonly memory: (length: number) => Buffer;
}

/** With memory of its own for each reply. */
export const WAYS: Readonly<Record<Transport, Way>> = {
  udp: { transport: 'udp', memory: Buffer.allocUnsafe },
  tcp: { transport: 'tcp', memory: Buffer.allocUnsafe },
};

/** Why a packet gets no reply: it has no whole header, or is a reply itself. */
export type DropReason = 'short' | 'response';

/** What to send for a packet; the type is 0 where none could be read. */
export type Response =
  | { readonly kind: 'reply'; readonly bytes: Uint8Array; readonly type: number; readonly rcode: number }
  | { readonly kind: 'silence'; readonly reason: DropReason };

const SHORT: Response = { kind: 'silence', reason: 'short' };
const RESPONSE: Response = { kind: 'silence', reason: 'response' };
const REFUSED = refusal(RCODES.refused);
const NOT_AUTH = refusal(RCODES.notAuth);
const NOT_IMP = refusal(RCODES.notImp);
const BAD_VERS = refusal(RCODES.badVers);

/**
 * The reply to any bytes: with the id and the question that came, and never longer than what the asker takes, as a
 * datagram at most 1232 bytes.
 */
export function respond(zones: CompiledZones, query: Uint8Array, { transport, memory }: Way): Response {
  const bytes = Buffer.isBuffer(query) ? query : Buffer.from(query.buffer, query.byteOffset, query.length);
  if (bytes.length < HEADER_LENGTH) return SHORT;
  const flags = bytes[2] ?? 0;
  if ((flags & FLAGS.response) !== 0) return RESPONSE;
  if ((flags & FLAGS.opcode) !== 0) return unread(bytes, RCODES.notImp);
  const read = readQuery(bytes);
  if (read === undefined) return unread(bytes, RCODES.formErr);
  const content = contentOf(zones, read, transport);
  const limit = transport === 'tcp' ? LARGEST_MESSAGE : (read.edns?.size ?? SMALLEST_DATAGRAM);
  return {
    kind: 'reply',
    bytes: writeReply(read, content, { limit, entries: zones.entries, memory }),
    type: read.type,
    rcode: content.rcode,
  };
}

function unread(bytes: Buffer, rcode: number): Response {
  return { kind: 'reply', bytes: writeHeader(bytes, rcode), type: 0, rcode };
}

function refusal(rcode: number): Content {
  return { rcode, isAuthoritative: false, sets: [], negative: undefined };
}

function contentOf(zones: CompiledZones, query: Query, transport: Transport): Content {
  if (query.edns !== undefined && query.edns.version !== 0) return BAD_VERS;
  if (query.isSigned) return NOT_AUTH;
  if (query.class !== CLASSES.IN && query.class !== CLASSES.ANY) return REFUSED;
  const place = find(zones, { bytes: query.bytes, start: HEADER_LENGTH });
  if (query.type === TYPES.AXFR || query.type === TYPES.IXFR) {
    return transfer(zones, place, { query, transport });
  }
  return place === 0 ? (zoneAbove(zones, query)?.missing ?? REFUSED) : answer(zones, place, query.type);
}

interface Request {
  readonly query: Query;
  readonly transport: Transport;
}

/** Whole zones are not given here; RFC 5936 section 4.2 has no datagrams for them. */
function transfer(zones: CompiledZones, place: number, { query, transport }: Request): Content {
  if (query.type === TYPES.AXFR && transport === 'udp') return NOT_IMP;
  const isApex = place !== 0 && zoneAt(zones, place).apexLength === query.nameEnd - HEADER_LENGTH;
  return isApex ? REFUSED : NOT_AUTH;
}

function answer(zones: CompiledZones, place: number, type: number): Content {
  const set = setAt(zones, place, type);
  if (set === 0) return zoneAt(zones, place).nothing;
  const isAlias = isCname(zones, set) && type !== TYPES.CNAME && type !== TYPES.ANY;
  return isAlias ? follow(zones, { place, set }, type) : answerOf([set]);
}

function answerOf(sets: readonly number[]): Content {
  return { rcode: RCODES.noError, isAuthoritative: true, sets, negative: undefined };
}

function isCname({ entries }: CompiledZones, set: number): boolean {
  return uint16(entries, set + SET_FIELDS.type) === TYPES.CNAME;
}

interface Alias {
  readonly place: number;
  readonly set: number;
}

/** The CNAME and what it leads to inside its zone; RFC 6604: the rcode is that of the last name. */
function follow(zones: CompiledZones, { place, set }: Alias, type: number): Content {
  const sets = [set];
  let alias = aliasAt(zones, place);
  while (alias !== OUTSIDE && sets.length <= MOST_ALIASES) {
    if (alias === ABSENT) return noTarget(zoneAt(zones, place).missing, sets);
    const found = setAt(zones, alias, type);
    if (found === 0) return { ...zoneAt(zones, alias).nothing, sets };
    sets.push(found);
    alias = isCname(zones, found) ? aliasAt(zones, alias) : OUTSIDE;
  }
  return answerOf(sets);
}

/** What is not known is not half known either. */
function noTarget(missing: Content, sets: readonly number[]): Content {
  return missing.rcode === RCODES.servFail ? missing : { ...missing, sets };
}

function zoneAbove(zones: CompiledZones, { bytes, nameEnd }: Query): CompiledZone | undefined {
  for (let start = HEADER_LENGTH; start < nameEnd; start += (bytes[start] ?? 0) + 1) {
    // A name may have 127 labels: only what may be an apex is looked for.
    if (!zones.apexLengths.has(nameEnd - start)) continue;
    const place = find(zones, { bytes, start });
    if (place !== 0) return zoneAt(zones, place);
  }
  return undefined;
}
