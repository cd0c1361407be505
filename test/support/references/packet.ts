/** Types of records and questions by name, as IANA numbers them. */
export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  SIG: 24,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  HTTPS: 65,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  ANY: 255,
} as const;

export const CLASSES = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Bits of the second word of the header, RFC 1035 section 4.1.1 and RFC 4035 section 3. */
export const FLAGS = {
  QR: 0x8000,
  AA: 0x400,
  TC: 0x200,
  RD: 0x100,
  RA: 0x80,
  Z: 0x40,
  AD: 0x20,
  CD: 0x10,
} as const;

/** What a header says; a count that is left out is that of what the packet has. */
export interface HeaderFields {
  readonly flags?: number;
  readonly opcode?: number;
  readonly rcode?: number;
  readonly counts?: readonly [question: number, answer: number, authority: number, additional: number];
}

/** A packet: its header, and the records of each section as bytes. */
export interface PacketFields extends HeaderFields {
  readonly questions?: readonly Uint8Array[];
  readonly answers?: readonly Uint8Array[];
  readonly authorities?: readonly Uint8Array[];
  readonly additionals?: readonly Uint8Array[];
  /** Whatever comes behind the last section. */
  readonly rest?: Uint8Array;
}

/** The bytes of a packet, right or wrong; its id is 0. */
export function packet(fields: PacketFields): Uint8Array {
  const { questions = [], answers = [], authorities = [], additionals = [], rest = bytes('') } = fields;
  const { flags = 0, opcode = 0, rcode = 0 } = fields;
  const sections = [questions, answers, authorities, additionals];
  const counts = fields.counts ?? sections.map(({ length }) => length);
  return concat(words(0, flags | (opcode << 11) | rcode, ...counts), ...sections.flat(), rest);
}

/** The same packet under another id. */
export function withId(query: Uint8Array, id: number): Uint8Array {
  if (query.length < 2) return query;
  return concat(words(id), query.subarray(2));
}

/** A question; the name is text as `name` takes it, or bytes. */
export function question(
  owner: string | Uint8Array,
  type: keyof typeof TYPES | number = 'A',
  inClass: keyof typeof CLASSES | number = 'IN',
): Uint8Array {
  return concat(
    nameOf(owner),
    words(typeNumber(type), typeof inClass === 'number' ? inClass : CLASSES[inClass]),
  );
}

export interface RecordFields {
  readonly owner?: string | Uint8Array;
  readonly type: keyof typeof TYPES | number;
  readonly inClass?: number;
  readonly ttl?: number;
  readonly data?: Uint8Array;
  /** The length that the record claims; that of the data unless given. */
  readonly length?: number;
}

export function record(fields: RecordFields): Uint8Array {
  const { owner = '', type, inClass = CLASSES.IN, ttl = 0, data = bytes(''), length = data.length } = fields;
  return concat(nameOf(owner), words(typeNumber(type), inClass, ttl >>> 16, ttl & 0xffff, length), data);
}

export interface OptFields {
  readonly owner?: string | Uint8Array;
  readonly payload?: number;
  readonly extendedRcode?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly data?: Uint8Array;
  readonly length?: number;
}

/** The OPT record of RFC 6891. */
export function opt(fields: OptFields = {}): Uint8Array {
  const { payload = 1232, extendedRcode = 0, version = 0, flags = 0, ...rest } = fields;
  const ttl = ((extendedRcode << 24) | (version << 16) | flags) >>> 0;
  return record({ type: 'OPT', inClass: payload, ttl, ...rest });
}

/** An option inside an OPT record. */
export function option(code: number, data: string, length = data.length / 2): Uint8Array {
  return concat(words(code, length), bytes(data));
}

/** `a.b` as labels; a byte that is none of text is written `\ddd`, as in a zone file. */
export function name(text: string): Uint8Array {
  const labels = text.match(/(?:\\\d{3}|[^.])+/g) ?? [];
  return concat(...labels.map(label), bytes('00'));
}

/** A label alone, without the root behind it. */
export function label(text: string): Uint8Array {
  const raw = text.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number(code)));
  return concat(Uint8Array.of(raw.length), Buffer.from(raw, 'latin1'));
}

/** Bytes as hexadecimal digits, with spaces between them as one likes. */
export function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function words(...values: readonly number[]): Uint8Array {
  const buffer = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt16BE(value & 0xffff, 2 * index);
  return buffer;
}

function nameOf(owner: string | Uint8Array): Uint8Array {
  return typeof owner === 'string' ? name(owner) : owner;
}

function typeNumber(type: keyof typeof TYPES | number): number {
  return typeof type === 'number' ? type : TYPES[type];
}
