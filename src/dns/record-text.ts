import packet, { type Answer, type RecordType } from 'dns-packet';

/** A record as a server gave it: as those of a zone, of any type. */
export interface AnswerRecord {
  /** Full, lower case, no final dot. */
  readonly owner: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  /** As in a zone file, names absolute with their final dot. */
  readonly value: string;
}

/** The name of a type for dns-packet, which takes any number as `UNKNOWN_257`. */
export function packetType(type: string): string {
  return type.replace(/^TYPE(?=\d+$)/, 'UNKNOWN_');
}

export function recordsOf(answers: readonly Answer[]): readonly AnswerRecord[] {
  return answers.flatMap((answer): AnswerRecord[] => {
    if (answer.type === 'OPT') return [];
    const { name, type, ttl = 0 } = answer;
    const owner = escaped(name.toLowerCase());
    return [{ owner, type: type.replace(/^UNKNOWN_/, 'TYPE'), ttl, value: presented(answer) }];
  });
}

type Data = Exclude<Answer, { readonly type: 'OPT' }>;

function presented(answer: Data): string {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return answer.data;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return absolute(answer.data);
    case 'SRV': {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return `${priority} ${weight} ${port} ${absolute(target)}`;
    }
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
      return [absolute(mname), absolute(rname), serial, refresh, retry, expire, minimum].join(' ');
    }
    case 'TXT':
      return [answer.data].flat().map(quoted).join(' ');
    default:
      return generic(answer);
  }
}

function absolute(name: string): string {
  return name === '.' ? name : `${escaped(name)}.`;
}

/** What commands a terminal, or ends a word of a zone file, as RFC 1035 section 5.1 writes it. */
function escaped(text: string): string {
  return text.replaceAll(/[^!#-'*-:<-[\]-~]/gu, (character) => decimals(Buffer.from(character)));
}

function quoted(text: string | Buffer): string {
  const characters = [...Buffer.from(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\') return `\\${character}`;
    return byte >= 32 && byte < 127 ? character : decimals([byte]);
  });
  return `"${characters.join('')}"`;
}

function decimals(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('');
}

interface Codec {
  encode(data: unknown): Buffer;
}

/** RFC 3597 section 5: a type that nobody here knows to write. */
function generic({ type, data }: Data): string {
  const { record } = packet as unknown as { readonly record: (type: RecordType) => Codec };
  // Two bytes of length come first.
  const bytes = record(type).encode(data).subarray(2);
  return `\\# ${bytes.length} ${bytes.toString('hex')}`.trimEnd();
}
