import {
  bytes,
  concat,
  FLAGS,
  name,
  type OptFields,
  opt,
  option,
  packet,
  question,
  record,
} from './packet.ts';
import { HOST, type Question, ZONE } from './question.ts';

const COOKIE = '0123456789abcdef';

/** Options by what they are; RFC 5001, 7871, 7873, 7314, 7828, 7830, 7901 say what belongs into them. */
const OPTIONS: Readonly<Record<string, Uint8Array>> = {
  'an option that nobody knows': option(100, ''),
  'an option of private use with data': option(65_001, 'deadbeef'),
  NSID: option(3, ''),
  'NSID with data, which a query has not': option(3, '6162'),
  'a cookie of a client': option(10, COOKIE),
  'a cookie of a client and a server': option(10, COOKIE + COOKIE),
  'a cookie of 7 bytes': option(10, COOKIE.slice(2)),
  'a cookie of 12 bytes': option(10, `${COOKIE}01020304`),
  'a cookie of 41 bytes': option(10, '00'.repeat(41)),
  'an empty cookie': option(10, ''),
  'a client subnet': option(8, '0001 18 00 c0a803'.replaceAll(' ', '')),
  'a client subnet of nobody': option(8, '00010000'),
  'a client subnet with bits behind its prefix': option(8, '00011000c0a803'),
  'a client subnet of a family that is not there': option(8, '00091800c0a803'),
  'a client subnet that is cut': option(8, '0001'),
  EXPIRE: option(9, ''),
  'a keepalive of TCP': option(11, ''),
  'a keepalive of TCP with a time': option(11, '0064'),
  padding: option(12, '00'.repeat(64)),
  'a chain query': option(13, Buffer.from(name(ZONE)).toString('hex')),
  'many options': concat(
    option(3, ''),
    option(10, COOKIE),
    option(8, '00010000'),
    option(9, ''),
    option(100, '00'),
  ),
  'the same option twice': concat(option(10, COOKIE), option(10, COOKIE)),
  'an option that runs past the end': option(100, '0102', 40),
  'an option whose length is cut': bytes('0064 00'),
  'an option whose code is cut': bytes('00'),
  'a good option and one that runs past the end': concat(option(3, ''), option(100, '', 1)),
};

/** The header, the question for TXT of big, four records of 213 bytes, and OPT. */
const BIG = 12 + 24 + 4 * 213 + 11;

export const EDNS_QUESTIONS: readonly Question[] = [
  edns('EDNS', {}),
  ...[0, 1, 511, 512, 513, 1231, 1232, 1233, 4096, 65_535].map((payload) =>
    edns(`a payload of ${payload}`, { payload }),
  ),
  ...[1, 2, 255].map((version) => edns(`EDNS version ${version}`, { version })),
  edns('EDNS version 1 with DO', { version: 1, flags: 0x8000 }),
  edns('EDNS version 1 with an option', { version: 1, data: option(100, '') }),
  edns('EDNS version 1 with an option that runs past the end', { version: 1, data: option(100, '', 9) }),
  edns('EDNS version 1 out of the zone', { version: 1 }, 'example.org'),
  edns('EDNS version 1 of a name that is not there', { version: 1 }, `nobody.${ZONE}`),
  edns('DO', { flags: 0x8000 }),
  edns('DO of a name that is not there', { flags: 0x8000 }, `nobody.${ZONE}`),
  edns('flags of EDNS that nobody knows', { flags: 0x40 }),
  edns('every flag of EDNS', { flags: 0xffff }),
  edns('the upper bits of an rcode in a query', { extendedRcode: 255 }),
  edns('EDNS out of the zone', {}, 'example.org'),
  edns('EDNS with a name that is not there', {}, `nobody.${ZONE}`),
  edns('OPT with an owner', { owner: 'x' }),
  edns('OPT with an owner in the zone', { owner: HOST }),
  edns('OPT whose data is cut', { data: bytes('0064'), length: 20 }),
  edns('OPT with more data than it says', { data: option(100, '0102'), length: 4 }),
  edns('OPT with an owner that points to the question', { owner: bytes('c00c') }),
  ...Object.entries(OPTIONS).map(([what, data]) => edns(`EDNS with ${what}`, { data })),
  of('two OPT', { additionals: [opt(), opt()] }),
  of('two OPT, the second of version 1', { additionals: [opt(), opt({ version: 1 })] }),
  of('OPT in the answer section', { answers: [opt()] }),
  of('OPT in the authority section', { authorities: [opt()] }),
  of('OPT behind an address', { additionals: [address(), opt()] }),
  of('OPT in front of an address', { additionals: [opt(), address()] }),
  of('OPT that is announced and cut', { counts: [1, 0, 0, 1], rest: opt().subarray(0, 6) }),
  of('OPT and garbage behind it', { additionals: [opt()], rest: bytes('00') }),
  of('OPT without a question', { questions: [], additionals: [opt()] }),
  of('OPT of version 1 without a question', { questions: [], additionals: [opt({ version: 1 })] }),
  of('OPT with two questions', { questions: [question(HOST), question(ZONE)], additionals: [opt()] }),
  of('OPT with opcode 15', { opcode: 15, additionals: [opt()] }),
  of('OPT of version 1 with opcode 15', { opcode: 15, additionals: [opt({ version: 1 })] }),
  of('OPT with opcode 15 and no question', { opcode: 15, questions: [], additionals: [opt()] }),
  of('OPT with class CH', { questions: [question(HOST, 'A', 'CH')], additionals: [opt()] }),
  of('OPT of version 1 with class CH', {
    questions: [question(HOST, 'A', 'CH')],
    additionals: [opt({ version: 1 })],
  }),
  of('OPT with AXFR', { questions: [question(ZONE, 'AXFR')], additionals: [opt()] }),
  of('OPT in a reply', { flags: FLAGS.QR, additionals: [opt()] }),
  ...['big', 'huge', 'vast'].flatMap((each) =>
    [512, 1232, 4096, 65_535].map((payload) =>
      edns(`TXT that is ${each}, with a payload of ${payload}`, { payload }, `${each}.${ZONE}`, 'TXT'),
    ),
  ),
  ...[BIG - 1, BIG, BIG + 1].map((payload) =>
    edns(`TXT of ${BIG} bytes, with a payload of ${payload}`, { payload }, `big.${ZONE}`, 'TXT'),
  ),
  edns(
    'an alias to a TXT that is vast, with a payload of 4096',
    { payload: 4096 },
    `vast-alias.${ZONE}`,
    'TXT',
  ),
];

function edns(
  title: string,
  fields: OptFields,
  ...[owner = HOST, type]: Partial<Parameters<typeof question>>
): Question {
  return {
    title,
    query: packet({ flags: FLAGS.RD, questions: [question(owner, type)], additionals: [opt(fields)] }),
  };
}

function of(title: string, fields: Parameters<typeof packet>[0]): Question {
  return { title, query: packet({ questions: [question(HOST)], ...fields }) };
}

function address(): Uint8Array {
  return record({ owner: HOST, type: 'A', data: bytes('01020304') });
}
