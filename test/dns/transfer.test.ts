import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import packet, { type Answer, type Packet, type SoaAnswer } from 'dns-packet';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { askServer } from '../../src/dns/client.ts';
import { createFramer, framed } from '../../src/dns/framing.ts';
import { followPrimary } from '../../src/dns/secondary.ts';
import { transfersOf } from '../../src/dns/transfer.ts';
import { transfer } from '../../src/dns/transfer-client.ts';
import { formatZone, type Zone, zonesOf } from '../../src/dns/zone.ts';
import type { Ipv4 } from '../../src/model/ip.ts';
import { namedAddresses } from '../../src/model/zone.ts';
import { within } from '../support/daemon.ts';
import { memoryLog } from '../support/hub/hub.ts';
import { HUB_LINES } from '../support/island.ts';
import { startZoneServer, type ZoneServer } from '../support/names/zone-server.ts';

const HERE = '127.0.0.1' as Ipv4;
const ZONE = 'r2lab.internal';
const NEVER = new AbortController().signal;
/** Of more records than a message takes. */
const ISLAND = loadIsland(
  `island: r2lab
${HUB_LINES}peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.0.0/20, gateway: 192.168.0.100 }
hosts:
${[4, 5, 6, 7].map((octet) => `  - { name: "n${octet}-[1-200]", address: "192.168.${octet}.[1-200]" }`).join('\n')}
workers: { pool: 10.3.1.64/26 }
dns:
  records:
    - { name: note, type: TXT, value: 'a "word" \\ é' }
    - { name: _k8s._tcp, type: SRV, value: 0 10 6443 sopnode-l1 }
    - { name: six, type: AAAA, value: "fd00::1" }
    - { name: www, type: CNAME, value: n4-1 }
`,
  'r2lab.yaml',
);

function zonesWith(serial: number, workers: readonly string[] | undefined): readonly Zone[] {
  const names = workers?.map((name, index) => ({ name, inner: `10.3.1.${64 + index}` as Ipv4 }));
  return zonesOf({ island: ISLAND, workers: names, serial });
}

let server: ZoneServer;
beforeAll(async () => {
  server = await startZoneServer(zonesWith(7, []));
});
afterAll(() => server?.close());

function copy(changes: Partial<Parameters<typeof transfer>[0]> = {}) {
  return transfer({ ...server, from: HERE, zone: ZONE, timeoutMs: 20_000, ...changes }, NEVER);
}

/** What a program prints that asks the server; lines of records with one space between words. */
async function printed(tool: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(tool, [
    `@${server.address}`,
    '-p',
    String(server.port),
    ...args,
  ]);
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';'));
  return lines.map((line) => line.trim().split(/\s+/).join(' '));
}

describe('a whole zone', () => {
  test('is copied by dig, kdig and the island itself as it is in a zone file, also with names of any case', async () => {
    server.serve(zonesWith(7, ['w1']));
    const [forward, subnet] = zonesWith(7, ['w1']);
    if (forward === undefined || subnet === undefined) throw new Error('no zones');
    const lines = [...formatZone(forward), ...formatZone(forward).slice(0, 1)];
    expect(await printed('dig', 'AXFR', 'R2lab.INTERNAL', '+onesoa', '+nocmd')).toEqual(lines.slice(0, -1));
    expect(await printed('dig', 'AXFR', ZONE, '+edns=0', '+nocmd')).toEqual(lines);
    // Who asks for what has changed is given all (RFC 1995 section 4).
    expect(await printed('dig', 'IXFR=1', ZONE)).toEqual(lines);
    expect((await printed('kdig', 'AXFR', ZONE)).toSorted()).toEqual(lines.toSorted());
    expect(await printed('dig', 'AXFR', subnet.apex, '+onesoa')).toEqual(formatZone(subnet));
    const { serial, addresses } = await copy();
    expect(serial).toBe(7);
    expect(addresses).toEqual(namedAddresses(ISLAND, [{ name: 'w1', inner: '10.3.1.64' as Ipv4 }]));
  });

  test('is refused to others, over UDP, of other names, and while it is not known whole', async () => {
    const refused = expect.stringContaining('refused');
    await expect(copy({ from: '127.0.0.2' as Ipv4 })).rejects.toMatchObject({
      code: 'E_RETRY',
      message: refused,
    });
    await expect(copy({ zone: 'internal' })).rejects.toMatchObject({ message: refused });
    expect((await printed('dig', 'AXFR', ZONE, '-b', '127.0.0.2')).join()).not.toContain('n4-1');
    const overUdp = await askServer({ server, name: ZONE, type: 'AXFR', transport: 'udp' }, 20_000);
    expect(overUdp).toMatchObject({ rcode: expect.stringMatching(/REFUSED|NOTIMP/), records: [] });
    expect((await printed('dig', 'AXFR', 'r2lab\\.internal')).join()).not.toContain('n4-1');
    server.serve(zonesWith(8, undefined));
    await expect(copy()).rejects.toMatchObject({ message: refused });
  });
});

test('any bytes are a query for a zone, or are not: nothing is thrown', () => {
  const [forward] = zonesWith(7, []);
  const small = [{ ...forward, records: forward?.records.slice(0, 2) }] as readonly Zone[];
  const transfers = transfersOf({ zones: () => small, admits: () => true });
  const query = packet.encode({ type: 'query', id: 1, questions: [{ type: 'AXFR', name: ZONE }] });
  expect(transfers(query, 0)?.length).toBe(1);
  let count = 0;
  const mutated = fc.tuple(fc.nat(query.length - 1), fc.nat(255), fc.nat(query.length + 4));
  fc.assert(
    fc.property(mutated, fc.uint8Array({ maxLength: 20 }), ([at, byte, length], tail) => {
      const bytes = Buffer.concat([query, tail]).subarray(0, length);
      if (at < bytes.length) bytes[at] = byte;
      for (const given of transfers(bytes, 0) ?? []) {
        count += 1;
        expect(given.subarray(0, 2)).toEqual(bytes.subarray(0, 2));
      }
    }),
    { numRuns: 5000 },
  );
  expect(count).toBeGreaterThan(0);
});

const open: Server[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A server that sends these bytes for the first query, and then hangs up or not; its port. */
async function startBroken(answer: (id: number) => Uint8Array, ends: boolean): Promise<number> {
  const broken = createServer((connection) => {
    const framer = createFramer();
    connection
      .on('error', () => undefined)
      .on('data', (chunk) => {
        framer.push(chunk);
        const query = framer.next();
        if (query === undefined) return;
        connection.write(answer(Buffer.from(query).readUInt16BE(0)));
        if (ends) connection.end();
      });
  });
  await new Promise<void>((bound) => broken.listen(0, HERE, bound));
  open.push(broken);
  const address = broken.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

const DATA = { mname: 'a', rname: 'b', serial: 7, refresh: 1, retry: 1, expire: 1, minimum: 1 };
const SOA: SoaAnswer = { type: 'SOA', name: ZONE, data: DATA };
const A = { type: 'A', name: `w1.${ZONE}`, data: '10.3.1.64' } as const;

function message(id: number, answers: readonly Answer[], changes: Packet = {}): Buffer {
  const flags = packet.AUTHORITATIVE_ANSWER;
  return packet.encode({ type: 'response', id, flags, answers: [...answers], ...changes });
}

describe('a transfer counts for nothing', () => {
  test.each<[string, (id: number) => Uint8Array, RegExp]>([
    ['that ends in the middle', (id) => framed(message(id, [SOA, A])), /ended before/],
    ['that ends in a message', (id) => framed(message(id, [SOA, A, SOA])).subarray(0, -1), /ended before/],
    ['of another question', (id) => framed(message(id + 1, [SOA, A, SOA])), /another question/],
    ['that begins with something else', (id) => framed(message(id, [A, SOA, SOA])), /begin/],
    [
      'whose serial changes',
      (id) => framed(message(id, [SOA, A, { ...SOA, data: { ...DATA, serial: 8 } }])),
      /serial/,
    ],
    [
      'of another zone',
      (id) =>
        framed(
          message(id, [
            { ...SOA, name: 'b' },
            { ...SOA, name: 'b' },
          ]),
        ),
      /another zone/,
    ],
    ['with an SOA in the middle', (id) => framed(message(id, [SOA, SOA, A, SOA])), /middle/],
    [
      'with bytes behind its records',
      (id) => framed(Buffer.concat([message(id, [SOA, A, SOA]), A4])),
      /does not end/,
    ],
    ['that is refused', (id) => framed(message(id, [], { flags: 5 })), /refused/],
    ['that is not authoritative', (id) => framed(message(id, [SOA, A, SOA], { flags: 0 })), /refused/],
    ['of no message', () => framed(Buffer.from('hello')), /header/],
    ['with more announced than there is', (id) => framed(announcing(message(id, [SOA]))), /announces/],
  ])('%s', async (_, answer, reason) => {
    const port = await startBroken(answer, true);
    await expect(copy({ port })).rejects.toMatchObject({
      code: 'E_RETRY',
      message: expect.stringMatching(reason),
    });
  });

  test('that does not come in time, or from nobody', async () => {
    const port = await startBroken((id) => framed(message(id, [SOA, A])), false);
    await expect(copy({ port, timeoutMs: 100 })).rejects.toThrow('not done after 0.1 s');
    for (const each of open.splice(0)) each.close();
    await expect(copy({ port })).rejects.toThrow('ECONNREFUSED');
    await expect(copy({ port, from: '192.0.2.1' as Ipv4 })).rejects.toThrow('EADDRNOTAVAIL');
  });
});

const A4 = Buffer.alloc(4);

function announcing(bytes: Buffer): Buffer {
  bytes.writeUInt16BE(0xffff, 6);
  return bytes;
}

test('a copy follows its primary, counts while that is silent, and no longer than it may', async () => {
  server.serve(zonesWith(7, ['w1']));
  const seen: (readonly string[] | undefined)[] = [];
  const { lines, log } = memoryLog();
  let clock = 0;
  const secondary = followPrimary({
    ...{ log, now: () => clock, primary: { ...server, from: HERE, zone: ZONE } },
    onCopied: (addresses) =>
      seen.push(addresses?.map(({ name }) => name).filter((name) => /^w\d$/.test(name))),
    times: { refreshMs: 20, retryMs: 20 },
  });
  const sees = (what: (readonly string[] | undefined)[]) =>
    within(20_000, JSON.stringify(what), () => JSON.stringify(seen) === JSON.stringify(what));
  await sees([['w1']]);
  server.serve(zonesWith(8, ['w1', 'w2']));
  await sees([['w1'], ['w1', 'w2']]);
  // Refused from now on.
  server.serve(zonesWith(9, undefined));
  await within(20_000, 'it says so', () => lines.length > 0);
  clock = 3_600_000;
  await within(20_000, 'it goes on', () => lines.length > 0);
  expect(seen.length).toBe(2);
  clock = 3_600_001;
  await sees([['w1'], ['w1', 'w2'], undefined]);
  server.serve(zonesWith(10, ['w1']));
  await sees([['w1'], ['w1', 'w2'], undefined, ['w1']]);
  await secondary.close();
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['warn', 'error', 'info']);
});
