import { TYPES } from './packet.ts';

/** A reply as a person would compare it: names in lower case, the records of a section in order of the alphabet. */
export interface Reply {
  readonly id: number;
  readonly opcode: number;
  /** With the upper bits that an OPT record has. */
  readonly rcode: string;
  /** Bits of the header that are set, such as `aa rd`. */
  readonly flags: string;
  /** The bytes of the question section in hexadecimal. */
  readonly question: string;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** What the OPT record says of version, flags and options; undefined where there is none. */
  readonly opt: string | undefined;
  readonly length: number;
}

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET'];
const MORE_RCODES: Readonly<Record<number, string>> = {
  8: 'NXRRSET',
  9: 'NOTAUTH',
  10: 'NOTZONE',
  16: 'BADVERS',
};

const BITS = { qr: 0x8000, aa: 0x400, tc: 0x200, rd: 0x100, ra: 0x80, z: 0x40, ad: 0x20, cd: 0x10 };

/** Reads a reply to its last byte; throws when it is no packet that a client could read. */
export function decode(reply: Uint8Array): Reply {
  const view = Buffer.from(reply);
  const [id, word, ...counts] = Array.from({ length: 6 }, (_, index) => view.readUInt16BE(2 * index));
  let at = 12;
  const startsAt = at;
  for (let left = counts[0] ?? 0; left > 0; left -= 1) at = nameAt(view, at).end + 4;
  const question = view.subarray(startsAt, at).toString('hex');
  const [answer, authority, additional] = counts.slice(1).map((count) =>
    Array.from({ length: count }, () => {
      const record = recordAt(view, at);
      at = record.end;
      return record;
    }),
  ) as [DecodedRecord[], DecodedRecord[], DecodedRecord[]];
  if (at !== view.length) throw new Error(`${view.length - at} bytes behind the last record`);
  const opt = additional.find(({ type }) => type === TYPES.OPT);
  const flags = word ?? 0;
  const rcode = (flags & 15) | (opt === undefined ? 0 : (opt.ttl >>> 24) << 4);
  return {
    id: id ?? 0,
    opcode: (flags >> 11) & 15,
    rcode: RCODES[rcode] ?? MORE_RCODES[rcode] ?? String(rcode),
    flags: Object.entries(BITS)
      .flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]))
      .join(' '),
    question,
    answer: textOf(answer),
    authority: textOf(authority),
    additional: textOf(additional.filter((record) => record !== opt)),
    opt:
      opt &&
      `version ${(opt.ttl >>> 16) & 255} flags ${(opt.ttl & 0xffff).toString(16)} options ${opt.data || 'none'}`,
    length: view.length,
  };
}

interface DecodedRecord {
  readonly type: number;
  readonly ttl: number;
  readonly data: string;
  readonly text: string;
  readonly end: number;
}

function recordAt(view: Buffer, start: number): DecodedRecord {
  const { name, end: at } = nameAt(view, start);
  const type = view.readUInt16BE(at);
  const ttl = view.readUInt32BE(at + 4);
  const end = at + 10 + view.readUInt16BE(at + 8);
  if (end > view.length) throw new Error(`a record runs to byte ${end} of ${view.length}`);
  const data = dataAt(view, type, { from: at + 10, to: end });
  const known = Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? `TYPE${type}`;
  return { type, ttl, data, end, text: `${name} ${ttl} CLASS${view.readUInt16BE(at + 2)} ${known} ${data}` };
}

/** Names are written out, since a server may compress them; the rest is in hexadecimal. */
function dataAt(view: Buffer, type: number, { from, to }: { from: number; to: number }): string {
  const names =
    { [TYPES.SOA]: 2, [TYPES.NS]: 1, [TYPES.CNAME]: 1, [TYPES.PTR]: 1, [TYPES.SRV]: 1 }[type] ?? 0;
  const front = type === TYPES.SRV ? 6 : 0;
  const parts = front > 0 ? [view.subarray(from, from + front).toString('hex')] : [];
  let at = from + front;
  for (let left = names; left > 0; left -= 1) {
    const { name, end } = nameAt(view, at);
    parts.push(name);
    at = end;
  }
  if (at > to) throw new Error(`a name runs out of its record at byte ${to}`);
  if (at < to) parts.push(view.subarray(at, to).toString('hex'));
  return parts.join(' ');
}

function nameAt(view: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (let length = view.readUInt8(at); length > 0; length = view.readUInt8(at)) {
    if (length >= 0xc0) {
      const target = view.readUInt16BE(at) & 0x3fff;
      if (target >= at) throw new Error(`a name at byte ${start} points forward`);
      end ??= at + 2;
      at = target;
      continue;
    }
    if (length > 63) throw new Error(`a label of an unknown kind at byte ${at}`);
    labels.push(labelText(view.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return { name: `${labels.join('.')}.`, end: end ?? at + 1 };
}

function labelText(label: Uint8Array): string {
  return Array.from(label, (byte) => {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
    return isPlain ? String.fromCharCode(byte).toLowerCase() : `\\${String(byte).padStart(3, '0')}`;
  }).join('');
}

function textOf(records: readonly DecodedRecord[]): readonly string[] {
  return records.map(({ text }) => text).toSorted();
}
