import { decode } from './decode.ts';

/** What servers are compared by; of a server that is silent there is nothing else. */
export type Aspects = Readonly<Record<string, string>>;

/** Those on which island must agree, or say why not. */
export const MAIN_ASPECTS = ['outcome', 'rcode', 'aa', 'tc', 'answer', 'soa'];

/** A reply by its aspects; throws where a client could not read it. */
export function aspectsOf(query: Uint8Array, reply: Uint8Array | undefined): Aspects {
  if (reply === undefined) return { outcome: 'silence' };
  const { id, flags, ...decoded } = decode(reply);
  const bits = flags.split(' ');
  const asked = Buffer.from(query).toString('hex', 12);
  const isEchoed = decoded.question !== '' && asked.startsWith(decoded.question);
  return {
    outcome: 'reply',
    rcode: decoded.rcode,
    aa: String(bits.includes('aa')),
    tc: String(bits.includes('tc')),
    answer: decoded.answer.join('\n'),
    soa: decoded.authority.find((record) => record.includes(' SOA ')) ?? '',
    question: isEchoed ? 'echoed' : decoded.question,
    id: id === Buffer.from(query).readUInt16BE() ? 'that of the query' : String(id),
    opcode: String(decoded.opcode),
    otherBits: bits.filter((bit) => bit !== 'aa' && bit !== 'tc').join(' '),
    opt: (decoded.opt ?? '').replace(/ options .*/, ''),
  };
}

/** The main aspects in a few words: `NOERROR aa 2 records soa`. */
export function summaryOf(aspects: Aspects): string {
  const { outcome, rcode, answer = '', aa, tc, soa } = aspects;
  if (outcome === 'silence') return outcome;
  const records = answer === '' ? 0 : answer.split('\n').length;
  const words = [rcode, aa === 'true' && 'aa', tc === 'true' && 'tc', records > 0 && `${records} records`];
  return [...words, soa !== '' && 'soa'].filter(Boolean).join(' ');
}
