import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmission } from '../../src/dns/admission.ts';
import { compile } from '../../src/dns/compile.ts';
import { createDnsServer, type DnsServer } from '../../src/dns/server.ts';
import { createTally } from '../../src/dns/tally.ts';
import { respond, type Transport, WAYS } from '../../src/dns/wire.ts';
import { formatZone, type RecordType } from '../../src/dns/zone.ts';
import { parseIpv4, parseSubnet } from '../../src/model/ip.ts';
import { memoryLog } from '../support/dns/responder.ts';
import { ISLAND, install } from '../support/island.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { type Endpoint, exchange } from '../support/references/ask.ts';
import { type Aspects, aspectsOf, MAIN_ASPECTS, summaryOf } from '../support/references/aspects.ts';
import { AGAINST_BOTH, EXPECTED } from '../support/references/differences.ts';
import { COMPLIANCE, parseDig } from '../support/references/edns-compliance.ts';
import { packet, question, withId } from '../support/references/packet.ts';
import { questions } from '../support/references/questions.ts';
import {
  asker,
  ownLoopbackAddress,
  type References,
  startReferences,
} from '../support/references/references.ts';
import { FILE, zones } from '../support/references/zones.ts';

const ZONES = zones();
const COMPILED = compile(ZONES);
const QUESTIONS = questions().map(({ title, query }, index) => ({ title, query: withId(query, index + 1) }));
const PACKETS = QUESTIONS.map(({ query }) => query);

const HERE = { address: parseIpv4(ownLoopbackAddress()), port: 5303 };

let references: References;
let server: DnsServer;

beforeAll(async () => {
  server = createDnsServer({
    zones: () => COMPILED,
    admission: () => ADMISSION,
    tally: createTally(),
    log: memoryLog(),
  });
  const files = ZONES.map((zone) => ({ apex: zone.apex, lines: formatZone(zone) }));
  [references] = await Promise.all([startReferences(files), server.listen([HERE])]);
});
afterAll(() => Promise.all([references?.close(), server.close()]));

const ADMISSION = createAdmission({ ranges: [parseSubnet('127.0.0.0/8')], allow: [], now: () => 0 });

test('there are questions enough, each with a title of its own', () => {
  expect(QUESTIONS.length).toBeGreaterThan(300);
  expect(new Set(QUESTIONS.map(({ title }) => title)).size).toBe(QUESTIONS.length);
});

test('each record of the zones is what all three answer with', async () => {
  const owners = ZONES.flatMap(({ records }) => records.map(({ owner, type }) => `${owner} ${type}`));
  const asked = [...new Set(owners)].map((each) => each.split(' ') as [string, RecordType]);
  expect(asked.length).toBeGreaterThan(100);
  const queries = asked.map(([owner, type]) => packet({ questions: [question(owner, type)] }));
  const [knot, nsd] = await Promise.all([references.knot(queries, 'tcp'), references.nsd(queries, 'tcp')]);
  for (const [index, query] of queries.entries()) {
    const island = answerIn(query, replyTo(query, 'tcp'));
    expect(island[0]).toContain(asked[index]?.[0]);
    expect([answerIn(query, knot[index]), answerIn(query, nsd[index])]).toEqual([island, island]);
  }
});

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  test('island agrees with Knot and NSD wherever these two do, and is as expected where they do not', async () => {
    const [knot, nsd] = await Promise.all([
      references.knot(PACKETS, transport),
      references.nsd(PACKETS, transport),
    ]);
    const compared = QUESTIONS.map(({ title, query }, index) => ({
      title,
      transport,
      island: aspectsOf(query, replyTo(query, transport)),
      knot: aspectsOf(query, knot[index]),
      nsd: aspectsOf(query, nsd[index]),
    }));
    expect(compared.flatMap(complaintsOf)).toEqual([]);
    const agreed = compared.filter((each) => differing(each.knot, each.nsd).length === 0);
    expect(agreed.length).toBeGreaterThan(200);
    expect(agreed.filter(({ knot: { aa } }) => aa === 'true').length).toBeGreaterThan(100);
  });

  test('the responder sends exactly these replies', async () => {
    const replies = await asker(HERE)(PACKETS, transport);
    expect(replies.map(hex)).toEqual(PACKETS.map((query) => hex(replyTo(query, transport))));
  });

  test('no reply has an option, or is larger than the asker takes', () => {
    const replies = QUESTIONS.flatMap(({ title, query }) => {
      const reply = replyTo(query, transport);
      return reply === undefined ? [] : [{ title, reply, hasOpt: aspectsOf(query, reply)['opt'] !== '' }];
    });
    // The OPT record is the last one, and the length of its data is then the last thing in it.
    expect(replies.filter(({ hasOpt, reply }) => hasOpt && hex(reply.subarray(-2)) !== '0000')).toEqual([]);
    const most = transport === 'tcp' ? { edns: 65_535, plain: 65_535 } : { edns: 1232, plain: 512 };
    const isTooLarge = ({ hasOpt, reply }: (typeof replies)[number]) =>
      reply.length > (hasOpt ? most.edns : most.plain);
    expect(replies.filter(isTooLarge)).toEqual([]);
  });
});

describe("island dns serve, asked by dig what ISC's report on EDNS compliance asks", () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await createLab();
    await lab.raise({ hosts: { 'sopnode-l1': {} } });
    const hub = lab.host('sopnode-l1');
    await install([hub], FILE);
    const responder = hub.start([process.execPath, ISLAND, 'dns', 'serve', '--listen', '127.0.0.1:5303']);
    await responder.outputMatching(/"msg":"ready"/, 30_000);
  });
  afterAll(() => lab?.close());

  test.each(COMPLIANCE)('$title', async ({ query, reply }) => {
    const hub = lab.host('sopnode-l1');
    const args = [...at({ address: '127.0.0.1', port: 5303 }), ...query.split(' '), 'r2lab.internal'];
    expect(parseDig(await hub.run(['dig', '-r', ...args]))).toEqual(reply);
  });
});

describe('over one connection', () => {
  test('kdig asks several questions, one after the other, and sees its own spelling of each name', async () => {
    const { endpoint, connections, close } = await countingProxy(HERE);
    try {
      const names = ['FiT01.R2LAB.internal', 'fit02.r2lab.internal', 'sopnode-L1.r2lab.INTERNAL'];
      const asked = names.flatMap((name) => [name, 'A']);
      const output = await run('kdig', [...at(endpoint), '+tcp', '+keepopen', '+noidn', ...asked]);
      const questioned = [...output.matchAll(/^;; QUESTION SECTION:\n;; (\S+)\./gm)].map(([, name]) => name);
      expect(questioned).toEqual(names);
      const answered = [...output.matchAll(/\sA\t(\d\S+)$/gm)].map(([, address]) => address);
      expect(answered).toEqual(['192.168.3.1', '192.168.3.2', '138.96.245.50']);
      expect(connections()).toBe(1);
    } finally {
      await close();
    }
  });

  test.each([
    { how: 'in one piece', pieces: (frames: Uint8Array) => [frames] },
    {
      how: 'byte by byte',
      pieces: (frames: Uint8Array) => Array.from(frames, (byte) => Uint8Array.of(byte)),
    },
  ])('questions that come without waiting for an answer, $how, are all answered', async ({ pieces }) => {
    const names = ['fit01', 'nobody', 'vast', 'gitlab', '_ldap._tcp', 'fit37'];
    const queries = names.map((name, index) =>
      withId(packet({ questions: [question(`${name}.r2lab.internal`, 'ANY')] }), index + 1),
    );
    const replies = await exchange(HERE, queries, pieces);
    // Sorted by id: they may come in any order.
    expect(replies.map(hex).toSorted()).toEqual(queries.map((query) => hex(replyTo(query, 'tcp'))));
  });
});

interface Compared {
  readonly title: string;
  readonly transport: Transport;
  readonly island: Aspects;
  readonly knot: Aspects;
  readonly nsd: Aspects;
}

function complaintsOf({ title, transport, island, knot, nsd }: Compared): readonly string[] {
  const complaint = (what: string) =>
    [`${title}: ${what}`, ...Object.entries({ island, knot, nsd }).map((each) => JSON.stringify(each))].join(
      '\n',
    );
  const doDiffer = differing(knot, nsd).length > 0;
  const expected = doDiffer ? EXPECTED.get(title) : AGAINST_BOTH.get(`${title}, over ${transport}`);
  if (expected !== undefined) {
    const summary = summaryOf(island);
    return summary === expected ? [] : [complaint(`not "${expected}" but "${summary}"`)];
  }
  if (doDiffer) return [complaint('the references differ, and nothing says what is right')];
  const agreed = Object.keys(knot).filter((aspect) => knot[aspect] === nsd[aspect]);
  const wrong = agreed.filter((aspect) => island[aspect] !== knot[aspect]);
  return wrong.length === 0 ? [] : [complaint(`differs in ${wrong.join(', ')}`)];
}

function differing(one: Aspects, other: Aspects): readonly string[] {
  return MAIN_ASPECTS.filter((aspect) => one[aspect] !== other[aspect]);
}

function answerIn(query: Uint8Array, reply: Uint8Array | undefined): readonly string[] {
  return (aspectsOf(query, reply)['answer'] ?? '').split('\n');
}

function replyTo(query: Uint8Array, transport: Transport): Uint8Array | undefined {
  const response = respond(COMPILED, query, WAYS[transport]);
  return response.kind === 'reply' ? response.bytes : undefined;
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}

function at({ address, port }: Endpoint): readonly string[] {
  return [`@${address}`, '-p', String(port)];
}

async function run(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args);
  return stdout;
}

/** In front of a server, to see how many connections somebody opens to it. */
async function countingProxy({ address, port }: Endpoint) {
  let count = 0;
  const proxy = createServer((socket) => {
    count += 1;
    const behind = connect(port, address);
    socket.pipe(behind).pipe(socket);
    for (const each of [socket, behind]) each.on('error', () => undefined);
  });
  proxy.listen(0, address);
  await once(proxy, 'listening');
  const listening = proxy.address();
  if (listening === null || typeof listening === 'string') throw new Error('the proxy has no port');
  return {
    endpoint: { address, port: listening.port },
    connections: () => count,
    close: async () => {
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
