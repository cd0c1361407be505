import { bytes, CLASSES, concat, FLAGS, name, opt, packet, question, record } from './packet.ts';
import { ask, HOST, type Question, ZONE } from './question.ts';

/** Classes, bits, opcodes, and sections that a query does not have. */
export function headerQuestions(): readonly Question[] {
  return [...ofClasses(), ...ofHeaders(), ...ofOpcodes(), ...ofOtherSections()];
}

function ofClasses(): readonly Question[] {
  const classes = [CLASSES.CH, CLASSES.HS, CLASSES.NONE, CLASSES.ANY, 0, 2, 256, 4096];
  return [
    ...classes.map((inClass) => ask(`class ${inClass}`, HOST, 'A', inClass)),
    ...classes.map((inClass) => ask(`class ${inClass} out of the zone`, 'example.org', 'A', inClass)),
    ask('class 255 of a name that is not there', `nobody.${ZONE}`, 'A', 'ANY'),
    ask('class 255 of an alias', `gitlab.${ZONE}`, 'A', 'ANY'),
    ask('the version of the server', 'version.bind', 'TXT', 'CH'),
    ask('the name of the server', 'hostname.bind', 'TXT', 'CH'),
    ask('its identity', 'id.server', 'A', 'CH'),
  ];
}

function ofHeaders(): readonly Question[] {
  const of = (title: string, fields: object) => ({
    title,
    query: packet({ questions: [question(HOST)], ...fields }),
  });
  return [
    ...Object.entries(FLAGS).map(([bit, flags]) => of(`${bit} set`, { flags })),
    of('no bit set', {}),
    of('every bit but QR set', { flags: 0x7f0 }),
    of('QR set with the answer of somebody', {
      flags: FLAGS.QR,
      answers: [record({ owner: HOST, type: 'A', data: bytes('01020304') })],
    }),
    of('QR set with an opcode that nobody has', { flags: FLAGS.QR, opcode: 15 }),
    { title: 'QR set and nothing else', query: packet({ flags: FLAGS.QR }) },
    of('AD and CD set of a name that is not there', {
      flags: FLAGS.AD | FLAGS.CD,
      questions: [question(`nobody.${ZONE}`)],
    }),
    ...[1, 2, 3, 5, 9, 15].map((rcode) => of(`rcode ${rcode} in a query`, { rcode })),
    of('RD and CD out of the zone', { flags: FLAGS.RD | FLAGS.CD, questions: [question('example.org')] }),
  ];
}

function ofOpcodes(): readonly Question[] {
  const opcodes = Array.from({ length: 15 }, (_, index) => index + 1);
  return [
    ...opcodes.map((opcode) => ({
      title: `opcode ${opcode}`,
      query: packet({ opcode, flags: FLAGS.RD, questions: [question(ZONE, 'SOA')] }),
    })),
    ...[1, 2, 3, 6, 15].map((opcode) => ({
      title: `opcode ${opcode} without a question`,
      query: packet({ opcode }),
    })),
    {
      title: 'NOTIFY out of the zone',
      query: packet({ opcode: 4, flags: FLAGS.AA, questions: [question('example.org', 'SOA')] }),
    },
    {
      title: 'UPDATE that adds a host',
      query: packet({
        opcode: 5,
        questions: [question(ZONE, 'SOA')],
        authorities: [record({ owner: `new.${ZONE}`, type: 'A', data: bytes('0a030109') })],
      }),
    },
    {
      title: 'UPDATE out of the zone',
      query: packet({ opcode: 5, questions: [question('example.org', 'SOA')] }),
    },
    {
      title: 'opcode 6 with two questions',
      query: packet({ opcode: 6, questions: [question(ZONE), question(HOST)] }),
    },
    {
      title: 'opcode 15 with what is no name',
      query: packet({ opcode: 15, counts: [1, 0, 0, 0], rest: bytes('41') }),
    },
  ];
}

function ofOtherSections(): readonly Question[] {
  const a = record({ owner: HOST, type: 'A', ttl: 5, data: bytes('01020304') });
  // The algorithm hmac-sha256, a time, a fudge of 300 s, 32 bytes of signature, the id, no error, nothing else.
  const tsig = concat(
    name('hmac-sha256'),
    bytes('000065000000 012c 0020'),
    new Uint8Array(32),
    bytes('0000 0000 0000'),
  );
  // Type covered 0, algorithm 13, no labels, times, a key tag, a signer, and a signature.
  const sig = concat(bytes('0000 0d 00 00000000 7fffffff 00000000 1234'), name('key'), new Uint8Array(64));
  const of = (title: string, fields: object) => ({
    title,
    query: packet({ questions: [question(HOST)], ...fields }),
  });
  return [
    of('an answer in the query', { answers: [a] }),
    of('an authority in the query', { authorities: [a] }),
    of('an address in the additional section', { additionals: [a] }),
    of('two addresses in the additional section', { additionals: [a, a] }),
    of('an answer that is announced and not there', { counts: [1, 1, 0, 0] }),
    of('an additional record that is announced and not there', { counts: [1, 0, 0, 1] }),
    of('an additional record that is cut in its name', { counts: [1, 0, 0, 1], rest: bytes('03616263') }),
    of('65535 additional records that are not there', { counts: [1, 0, 0, 65_535] }),
    of('65535 of everything', { counts: [65_535, 65_535, 65_535, 65_535] }),
    of('TSIG with a key that nobody has', {
      additionals: [record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig })],
    }),
    of('TSIG that is cut', {
      additionals: [record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig.subarray(0, 20) })],
    }),
    of('TSIG in front of an address', {
      additionals: [record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig }), a],
    }),
    of('TSIG out of the zone', {
      questions: [question('example.org')],
      additionals: [record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig })],
    }),
    of('OPT and TSIG', {
      additionals: [opt(), record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig })],
    }),
    of('TSIG and OPT', {
      additionals: [record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig }), opt()],
    }),
    of('TSIG with opcode 15', {
      opcode: 15,
      additionals: [record({ owner: 'key', type: 'TSIG', inClass: CLASSES.ANY, data: tsig })],
    }),
    of('TSIG of class IN', { additionals: [record({ owner: 'key', type: 'TSIG', data: tsig })] }),
    of('SIG(0)', { additionals: [record({ type: 'SIG', inClass: CLASSES.ANY, data: sig })] }),
  ];
}
