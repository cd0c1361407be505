import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import packet, { type Packet } from 'dns-packet';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { askServer, type DnsAnswer, type DnsQuestion } from '../../src/dns/client.ts';
import { queryOf, readAnswer } from '../../src/dns/client-query.ts';
import type { Ipv4 } from '../../src/model/ip.ts';

const HERE = '127.0.0.1' as Ipv4;
const LONG_MS = 30_000;
const SHORT_MS = 150;

const open: (Socket | Server)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => new Promise<void>((done) => each.close(() => done()))));
});

/** What is sent for the query, in this order, each after the other. */
type Respond = (query: Buffer) => readonly Buffer[];

/** A server on UDP, and on TCP at the same port if it answers there; its port. */
async function serve(overUdp: Respond, overTcp?: Respond): Promise<number> {
  const socket = createSocket('udp4', (query, asker) => {
    for (const message of overUdp(query)) socket.send(message, asker.port, asker.address);
  });
  await new Promise<void>((bound) => socket.bind(0, HERE, bound));
  open.push(socket);
  const { port } = socket.address();
  if (overTcp === undefined) return port;
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.on('data', (data) => {
      // Byte by byte, as a network may do it.
      for (const message of overTcp(data.subarray(2))) {
        const length = Buffer.from([message.length >> 8, message.length & 255]);
        for (const byte of Buffer.concat([length, message])) connection.write(Buffer.from([byte]));
      }
      connection.end();
    });
  });
  await new Promise<void>((bound) => server.listen(port, HERE, bound));
  open.push(server);
  return port;
}

function reply(query: Buffer, { flags = 0, ...sections }: Packet): Buffer {
  const { id, questions } = packet.decode(query);
  return packet.encode({ type: 'response', id, questions, flags, ...sections });
}

function askAt(port: number, question: Partial<DnsQuestion> = {}, timeoutMs = LONG_MS): Promise<DnsAnswer> {
  const asked = { server: { address: HERE, port }, name: 'fit01.r2lab.internal', type: 'A', ...question };
  return askServer(asked, timeoutMs);
}

const FIT01 = { type: 'A', name: 'Fit01.r2lab.internal', ttl: 30, data: '192.168.3.1' } as const;

test('asks with EDNS for what crosses every link, and reads every type as a zone file has it', async () => {
  let asked: Buffer = Buffer.alloc(0);
  const soa = { serial: 7, refresh: 10, retry: 5, expire: 3600, minimum: 10 };
  const names = { name: 'x.r2lab.internal', ttl: 1 };
  const port = await serve((query) => {
    asked = query;
    const answers: Packet['answers'] = [
      FIT01,
      { ...names, type: 'AAAA', data: 'fd00::1' },
      { ...names, type: 'CNAME', data: 'fit01.r2lab.internal' },
      { ...names, type: 'SRV', data: { priority: 1, weight: 2, port: 6443, target: 'fit01.r2lab.internal' } },
      { ...names, type: 'TXT', data: ['a "b" \\', 'über\u001b'] },
      { ...names, type: 'SOA', data: { mname: 'hub', rname: 'hostmaster.hub', ...soa } },
      { ...names, type: 'MX', data: { preference: 10, exchange: 'a' } },
      { ...names, name: 'a\u001b b', type: 'UNKNOWN_999' as 'NULL', data: Buffer.from([1, 2]) },
    ];
    return [reply(query, { flags: packet.AUTHORITATIVE_ANSWER, answers })];
  });
  const answer = await askAt(port);
  expect(packet.decode(asked)).toMatchObject({
    flag_rd: true,
    questions: [{ name: 'fit01.r2lab.internal', type: 'A', class: 'IN' }],
    additionals: [{ type: 'OPT', udpPayloadSize: 1232, ednsVersion: 0, flag_do: false, options: [] }],
  });
  expect(answer).toMatchObject({
    ...{ state: 'answered', rcode: 'NOERROR', isAuthoritative: true, transport: 'udp' },
    ...{ ms: expect.any(Number) },
  });
  expect('records' in answer && answer.records.map((each) => Object.values(each).join(' '))).toEqual([
    'fit01.r2lab.internal A 30 192.168.3.1',
    'x.r2lab.internal AAAA 1 fd00::1',
    'x.r2lab.internal CNAME 1 fit01.r2lab.internal.',
    'x.r2lab.internal SRV 1 1 2 6443 fit01.r2lab.internal.',
    'x.r2lab.internal TXT 1 "a \\"b\\" \\\\" "\\195\\188ber\\027"',
    'x.r2lab.internal SOA 1 hub. hostmaster.hub. 7 10 5 3600 10',
    'x.r2lab.internal MX 1 \\# 5 000a016100',
    'a\\027\\032b TYPE999 1 \\# 2 0102',
  ]);
});

test('a type goes out by its number, as each of its names', async () => {
  const types: number[] = [];
  const port = await serve((query) => {
    types.push(query.readUInt16BE(query.length - 11 - 4));
    return [reply(query, {})];
  });
  for (const type of ['A', 'PTR', 'ANY', 'TYPE257', 'TYPE65535']) await askAt(port, { type });
  expect(types).toEqual([1, 12, 255, 257, 65_535]);
});

test('what does not fit UDP is fetched over TCP; asked over TCP, UDP is left out', async () => {
  const [ready, cut] = [{ answers: [FIT01] }, { flags: packet.TRUNCATED_RESPONSE }];
  let asked = 0;
  const overUdp = (query: Buffer) => {
    asked += 1;
    return [reply(query, cut)];
  };
  const port = await serve(overUdp, (query) => [reply(query, ready)]);
  expect(await askAt(port)).toMatchObject({ transport: 'tcp', records: [{ value: '192.168.3.1' }] });
  expect(asked).toBe(1);
  expect(await askAt(port, { transport: 'tcp' })).toMatchObject({ state: 'answered', transport: 'tcp' });
  expect(asked).toBe(1);
  const udpAlone = await serve(overUdp);
  expect(await askAt(udpAlone)).toMatchObject({ state: 'malformed', reason: /nobody listens on TCP/ });
  const hasty = await serve(overUdp, () => []);
  expect(await askAt(hasty)).toMatchObject({ state: 'malformed', reason: /ended before/ });
});

test('the errors of a server are answers, also where it could not read the question', async () => {
  const of = (flags: number, opt?: number) => async () => {
    const edns = { udpPayloadSize: 1232, ednsVersion: 0, flags: 0, flag_do: false, options: [] };
    const additionals: Packet['additionals'] =
      opt === undefined ? [] : [{ type: 'OPT', name: '.', ...edns, extendedRcode: opt }];
    const answer = await askAt(await serve((query) => [reply(query, { flags, additionals })]));
    return 'rcode' in answer && answer.rcode;
  };
  expect(await Promise.all([of(3)(), of(5)(), of(9)(), of(0, 1)(), of(7, 1)()])).toEqual([
    ...['NXDOMAIN', 'REFUSED', 'RCODE9', 'BADVERS', 'RCODE23'],
  ]);
  const header = (query: Buffer) => [
    Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x80, 1, ...Array(8).fill(0)]),
  ];
  expect(await askAt(await serve(header))).toMatchObject({ rcode: 'FORMERR', records: [] });
});

describe('what did not come from this server for this question is passed over', () => {
  const changed = (at: number, to: (byte: number) => number) => (query: Buffer) => {
    const message = reply(query, { answers: [{ ...FIT01, data: '192.0.2.66' }] });
    message[at] = to(message[at] ?? 0);
    return [message, reply(query, { answers: [FIT01] })];
  };
  test.each([
    ['another id', changed(1, (byte) => byte ^ 1)],
    ['another name', changed(14, (byte) => byte ^ 1)],
    ['another type', changed(12 + 22 + 1, () => 28)],
    ['a question', changed(2, (byte) => byte & 0x7f)],
    ['no question, and no error', changed(5, () => 0)],
    ['too little', (query: Buffer) => [query.subarray(0, 11), reply(query, { answers: [FIT01] })]],
  ])('such as %s', async (_, respond) => {
    expect(await askAt(await serve(respond))).toMatchObject({ records: [{ value: '192.168.3.1' }] });
  });

  test('but letters may come back in another case', async () => {
    const port = await serve(changed(13, (byte) => byte ^ 0x20));
    expect(await askAt(port)).toMatchObject({ records: [{ value: '192.0.2.66' }] });
  });
});

test('nobody, nothing and nonsense are told apart', async () => {
  const silent = await serve(() => []);
  expect(await askAt(silent, {}, SHORT_MS)).toEqual({ state: 'silent' });
  // Nobody listens there on TCP, and soon not on UDP either.
  expect(await askAt(silent, { transport: 'tcp' })).toEqual({ state: 'refused' });
  open.pop()?.close();
  expect(await askAt(silent)).toEqual({ state: 'refused' });
  const nonsense = (query: Buffer) => [reply(query, { answers: [FIT01] }).subarray(0, -2)];
  expect(await askAt(await serve(nonsense))).toMatchObject({ state: 'malformed' });
  const counting = (query: Buffer) => {
    const message = reply(query, {});
    message.writeUInt16BE(0xffff, 6);
    return [message];
  };
  expect(await askAt(await serve(counting))).toMatchObject({ reason: /counts more records/ });
  const nowhere = { server: { address: '240.0.0.1' as Ipv4, port: 53 } };
  expect(await askAt(0, nowhere, SHORT_MS)).toMatchObject({ state: /unasked|silent/ });
});

test('a packet that is lost is sent again', async () => {
  let seen = 0;
  const port = await serve((query) => {
    seen += 1;
    return seen < 2 ? [] : [reply(query, { answers: [FIT01] })];
  });
  expect(await askAt(port, {}, 3000)).toMatchObject({ state: 'answered' });
});

test('any bytes at all are read to an end', () => {
  const query = queryOf({ name: 'fit01.r2lab.internal', type: 'A' });
  const soa = { mname: 'a.b', rname: 'c.d', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 };
  const good = reply(query.bytes, {
    answers: [FIT01, { ...FIT01, type: 'TXT', data: 'x' }, { ...FIT01, type: 'CNAME', data: 'y.z' }],
    authorities: [{ ...FIT01, type: 'SOA', data: soa }],
  });
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  const states = new Set<string>();
  fc.assert(
    fc.property(edits, fc.nat(good.length), (changes, cut) => {
      const message = Buffer.from(good);
      // The id stays, and mostly the question: what is of neither is passed over unread.
      for (const [at, byte] of changes) message[at < 2 ? 3 : at] = byte;
      const read = readAnswer(message.subarray(0, message.length - (cut % 3 === 0 ? cut : 0)), query);
      states.add(typeof read === 'string' ? read : read.state);
    }),
    { numRuns: 3000 },
  );
  expect([...states].toSorted()).toEqual(['answered', 'malformed', 'of another question']);
});
