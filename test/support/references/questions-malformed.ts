import { bytes, concat, FLAGS, label, name, opt, packet, question } from './packet.ts';
import { HOST, type Question, ZONE } from './question.ts';

/** 12 bytes of header, 22 of name, 2 of type, 2 of class, 11 of OPT. */
const WHOLE = packet({ questions: [question(HOST)], additionals: [opt()] });

export const MALFORMED_QUESTIONS: readonly Question[] = [
  ...[0, 1, 2, 3, 11].map((length) => ({
    title: `the first ${length} bytes of a header`,
    query: WHOLE.subarray(0, length),
  })),
  { title: 'a header alone that announces a question', query: WHOLE.subarray(0, 12) },
  { title: 'a header alone that announces nothing', query: packet({}) },
  { title: 'a header of zeros and 500 bytes behind it', query: packet({ rest: new Uint8Array(500) }) },
  ...cuts({
    'within the first label': 15,
    'behind the first label': 18,
    'in front of the root': 33,
    'behind the root': 34,
    'within the type': 35,
    'behind the type': 36,
    'within the class': 37,
  }),
  ...cuts({ 'in front of OPT': 38, 'within OPT': 44, 'in front of the last byte of OPT': 48 }),
  of('garbage of one byte behind the question', { questions: [question(HOST)], rest: bytes('00') }),
  of('garbage of 400 bytes behind the question', {
    questions: [question(HOST)],
    rest: new Uint8Array(400).fill(0xaa),
  }),
  of('two questions', { questions: [question(HOST), question(ZONE, 'SOA')] }),
  of('the same question twice', { questions: [question(HOST), question(HOST)] }),
  of('two questions of which one is there', { counts: [2, 0, 0, 0], questions: [question(HOST)] }),
  of('65535 questions of which one is there', { counts: [65_535, 0, 0, 0], questions: [question(HOST)] }),
  of('a question that is not announced', { counts: [0, 0, 0, 0], questions: [question(HOST)] }),
  of('a pointer to itself', { questions: [question(bytes('c00c'))] }),
  of('a pointer forward', { questions: [question(bytes('c012'))], rest: name(HOST) }),
  of('a pointer to the header', { questions: [question(bytes('c000'))] }),
  of('a pointer to a zero byte of the header', { questions: [question(bytes('c004'))] }),
  of('a pointer out of the packet', { questions: [question(bytes('ffff'))] }),
  of('a pointer to itself behind a label', { questions: [question(concat(label('a'), bytes('c00c')))] }),
  of('a pointer that is cut', { counts: [1, 0, 0, 0], rest: bytes('c0') }),
  of('a label of the kind 0x40', { questions: [question(concat(bytes('4161'), name(ZONE)))] }),
  of('a label of the kind 0x80', { questions: [question(concat(bytes('8161'), name(ZONE)))] }),
  of('a name without its root', { counts: [1, 0, 0, 0], rest: concat(name(HOST).subarray(0, -1)) }),
  of('a label of 63 bytes of which 5 are there', { counts: [1, 0, 0, 0], rest: bytes('3f6162636465') }),
  of('a second question that is no name', {
    questions: [question(HOST)],
    counts: [2, 0, 0, 0],
    rest: bytes('c0ff'),
  }),
];

function of(title: string, fields: Parameters<typeof packet>[0]): Question {
  return { title, query: packet({ flags: FLAGS.RD, ...fields }) };
}

function cuts(places: Readonly<Record<string, number>>): readonly Question[] {
  return Object.entries(places).map(([where, length]) => ({
    title: `a packet that is cut ${where}`,
    query: WHOLE.subarray(0, length),
  }));
}
