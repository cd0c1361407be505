import { MOST_ALIASES } from '../model/record-rules.ts';
import { CLASSES, FLAGS, HEADER_LENGTH, LARGEST_MESSAGE, RCODES, SMALLEST_DATAGRAM, TYPES } from './codes.ts';
import type { Answer, CompiledName, CompiledZone, CompiledZones, Content, RecordSet } from './compiled.ts';
import { type Query, readQuery } from './query.ts';
import { writeHeader, writeReply } from './reply.ts';

export type Transport = 'udp' | 'tcp';

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
export function respond(zones: CompiledZones, query: Uint8Array, transport: Transport): Response {
  const bytes = Buffer.isBuffer(query) ? query : Buffer.from(query.buffer, query.byteOffset, query.length);
  if (bytes.length < HEADER_LENGTH) return SHORT;
  const flags = bytes[2] ?? 0;
  if ((flags & FLAGS.response) !== 0) return RESPONSE;
  if ((flags & FLAGS.opcode) !== 0) return unread(bytes, RCODES.notImp);
  const read = readQuery(bytes);
  if (read === undefined) return unread(bytes, RCODES.formErr);
  const content = contentOf(zones, read, transport);
  const limit = transport === 'tcp' ? LARGEST_MESSAGE : (read.edns?.size ?? SMALLEST_DATAGRAM);
  return { kind: 'reply', bytes: writeReply(read, content, limit), type: read.type, rcode: content.rcode };
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
  const key = keyOf(query);
  if (query.type === TYPES.AXFR || query.type === TYPES.IXFR)
    return transfer(zones, key, { query, transport });
  const name = zones.names.get(key);
  return name === undefined ? (zoneAbove(zones, key)?.missing ?? REFUSED) : answer(zones, name, query.type);
}

/** A character for each byte, in lower case; the length of a label is never that of a letter. */
function keyOf({ bytes, nameEnd }: Query): string {
  return bytes.toString('latin1', HEADER_LENGTH, nameEnd - 1).toLowerCase();
}

interface Request {
  readonly query: Query;
  readonly transport: Transport;
}

/** Whole zones are not given here; RFC 5936 section 4.2 has no datagrams for them. */
function transfer({ apexes }: CompiledZones, key: string, { query, transport }: Request): Content {
  if (query.type === TYPES.AXFR && transport === 'udp') return NOT_IMP;
  return apexes.has(key) ? REFUSED : NOT_AUTH;
}

function answer(zones: CompiledZones, name: CompiledName, type: number): Content {
  const found = answerIn(name, type);
  if (found === undefined) return name.zone.nothing;
  const isAlias = found.set.type === TYPES.CNAME && type !== TYPES.CNAME && type !== TYPES.ANY;
  return isAlias ? follow(zones, { name, set: found.set }, type) : found.content;
}

/** RFC 8482 section 4.1: who asks for everything gets something. */
function answerIn({ answers }: CompiledName, type: number): Answer | undefined {
  for (const each of answers) {
    if (each.set.type === type || each.set.type === TYPES.CNAME || type === TYPES.ANY) return each;
  }
  return undefined;
}

interface Alias {
  readonly name: CompiledName;
  readonly set: RecordSet;
}

/** The CNAME and what it leads to inside its zone; RFC 6604: the rcode is that of the last name. */
function follow(zones: CompiledZones, { name, set }: Alias, type: number): Content {
  const sets = [set];
  let alias = name.alias;
  while (alias !== undefined && sets.length <= MOST_ALIASES) {
    const target = zones.names.get(alias);
    if (target === undefined) return noTarget(name.zone.missing, sets);
    const found = answerIn(target, type);
    if (found === undefined) return { ...target.zone.nothing, sets };
    sets.push(found.set);
    alias = found.set.type === TYPES.CNAME ? target.alias : undefined;
  }
  return { rcode: RCODES.noError, isAuthoritative: true, sets, negative: undefined };
}

/** What is not known is not half known either. */
function noTarget(missing: Content, sets: readonly RecordSet[]): Content {
  return missing.rcode === RCODES.servFail ? missing : { ...missing, sets };
}

function zoneAbove({ apexes, apexLengths }: CompiledZones, key: string): CompiledZone | undefined {
  for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
    // A name may have 127 labels: only what may be an apex is looked up.
    if (!apexLengths.has(key.length - at)) continue;
    const zone = apexes.get(key.slice(at));
    if (zone !== undefined) return zone;
  }
  return undefined;
}
