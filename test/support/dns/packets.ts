import { decode, encode, type RecordType } from 'dns-packet';

/** What a query may have beside its question. */
export interface QueryOptions {
  readonly id?: number;
  readonly flags?: number;
  /** Undefined for none. */
  readonly edns?: {
    readonly size?: number;
    readonly version?: number;
    readonly data?: Buffer;
    readonly flags?: number;
  };
  /** IN, if nothing else is said. */
  readonly class?: number;
}

const RECURSION_DESIRED = 0x100;

/** A query for a name of the zone, or for one with a final dot. */
export function queryFor(name: string, type: RecordType | number = 'A', options: QueryOptions = {}): Buffer {
  const full = name.endsWith('.') ? name.slice(0, -1) : `${name}.r2lab.internal`;
  const question = encode({
    ...{ type: 'query', id: options.id ?? 0x1234, flags: options.flags ?? RECURSION_DESIRED },
    questions: [{ name: full, type: typeof type === 'number' ? 'A' : type }],
  });
  const end = question.length;
  if (typeof type === 'number') question.writeUInt16BE(type, end - 4);
  if (options.class !== undefined) question.writeUInt16BE(options.class, end - 2);
  if (options.edns === undefined) return question;
  question.writeUInt16BE(1, 10);
  return Buffer.concat([question, optRecord(options.edns)]);
}

/** RFC 6891 section 6.1.2. */
export function optRecord({
  size = 1232,
  version = 0,
  data = Buffer.alloc(0),
  flags = 0,
}: NonNullable<QueryOptions['edns']>) {
  const head = Buffer.alloc(11);
  head.writeUInt16BE(41, 1);
  head.writeUInt16BE(size, 3);
  head[6] = version;
  head.writeUInt16BE(flags, 7);
  head.writeUInt16BE(data.length, 9);
  return Buffer.concat([head, data]);
}

/** A reply in a line: rcode, flags, answers, the owner and ttl of the SOA, OPT. */
export function summaryOf(bytes: Uint8Array): string {
  const packet = decode(Buffer.from(bytes)) as unknown as Decoded;
  const opt = packet.additionals.find(({ type }) => type === 'OPT');
  const rcode = packet.rcode === 'NOERROR' && opt?.extendedRcode === 1 ? 'BADVERS' : packet.rcode;
  const flags = [packet.flag_aa && 'aa', packet.flag_tc && 'tc', packet.flag_rd && 'rd']
    .filter(Boolean)
    .join(' ');
  const answers = packet.answers.map(({ name, type, data }) => `${short(name)} ${type} ${shown(data)}`);
  const soa = packet.authorities.map(({ name, type, ttl }) => `${short(name)} ${type} ${ttl}`);
  const crowd = answers.length > 4 ? [`${answers.length} answers`] : answers;
  return [
    rcode,
    flags,
    ...crowd,
    ...soa.map((each) => `(${each})`),
    ...(opt === undefined ? [] : ['OPT']),
  ].join('; ');
}

interface Decoded {
  readonly rcode: string;
  readonly flag_aa: boolean;
  readonly flag_tc: boolean;
  readonly flag_rd: boolean;
  readonly answers: readonly DecodedRecord[];
  readonly authorities: readonly DecodedRecord[];
  readonly additionals: readonly DecodedRecord[];
}

interface DecodedRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
  readonly extendedRcode?: number;
}

function short(name: string): string {
  return name === 'r2lab.internal' ? '@' : name.replace(/\.r2lab\.internal$/, '');
}

function shown(data: unknown): string {
  if (typeof data === 'string') return short(data);
  if (Array.isArray(data)) return data.map(String).join(' ');
  return Object.values(data as Record<string, unknown>)
    .map((value) => short(String(value)))
    .join(' ');
}

/** RFC 8945 section 4.2, with a key that nobody has. */
export function signature(): Buffer {
  const data = Buffer.concat([
    Buffer.from('\x04hmac\0'),
    Buffer.alloc(8),
    Buffer.from([0, 2]),
    Buffer.alloc(8),
  ]);
  const fixed = Buffer.from('00fa00ff000000000000', 'hex');
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([Buffer.from('\x01k\0'), fixed, data]);
}

/** The query with further records, and a count of them that need not be true. */
export function withAdditional(query: Buffer, rest: Buffer, count: number): Buffer {
  const whole = Buffer.concat([query, rest]);
  whole.writeUInt16BE(count, 10);
  return whole;
}
