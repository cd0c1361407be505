import { decode } from 'dns-packet';
import { expect, test } from 'vitest';
import { respond, type Transport, WAYS } from '../../src/dns/wire.ts';
import { parseIpv4 } from '../../src/model/ip.ts';
import { compiledZones } from '../support/dns/island.ts';
import { mutantOf, randomFrom } from '../support/dns/mutants.ts';
import { optRecord, queryFor, signature, withAdditional } from '../support/dns/packets.ts';

/** Another seed finds other packets; it is said with what is found. */
const SEED = 20_240_607;
const PACKETS = 1_000_000;
const MOST_MS = 0.2;

/** A cookie, NSID and a client subnet. */
const OPTIONS = Buffer.from('000a00080102030405060708000300000008000700011800c0a803', 'hex');

const NAMES = 'fit01 FIT01 nobody www later out note many to-crowd _ldap._tcp down.there'.split(' ');
const APEXES = [
  'r2lab.internal.',
  '7.3.168.192.in-addr.arpa.',
  '51.245.96.138.in-addr.arpa.',
  'www.example.com.',
];

/** Valid ones of every kind, from which all others are made. */
const QUERIES: readonly Buffer[] = [
  ...NAMES.flatMap((name) =>
    [1, 16, 28, 33, 255].map((type) => queryFor(name, type, type === 28 ? {} : { edns: {} })),
  ),
  ...[...APEXES, `${'a.'.repeat(110)}r2lab.internal.`].flatMap((name) =>
    [2, 6, 12, 251, 252].map((type) => queryFor(name, type)),
  ),
  ...[0, 512, 4096, 65_535].map((size) => queryFor('crowd', 'A', { edns: { size, data: OPTIONS } })),
  queryFor('fit01', 'A', { edns: { version: 1, flags: 0x8000 } }),
  queryFor('fit01', 'A', { class: 3 }),
  queryFor('fit01', 'A', { flags: 5 << 11 }),
  withAdditional(queryFor('fit01'), Buffer.concat([optRecord({}), signature()]), 2),
];

const ZONES = compiledZones({ workers: [{ name: 'fit38', inner: parseIpv4('10.3.1.64') }] });

test('a million packets that are nearly queries are answered within their limits, or not at all', () => {
  const random = randomFrom(SEED);
  const rcodes = new Map<number | string, number>();
  for (let index = 0; index < PACKETS; index += 1) {
    const packet = mutantOf(QUERIES, random);
    const transport: Transport = index % 4 === 0 ? 'tcp' : 'udp';
    const started = performance.now();
    const response = respond(ZONES, packet, WAYS[transport]);
    const isSlow = performance.now() - started > MOST_MS && leastMs(packet, transport) > MOST_MS;
    const fault = isSlow ? 'too slow' : faultOf(packet, { response, transport, isDecoded: index % 64 === 0 });
    if (fault !== undefined) {
      expect.fail(`${fault}: packet ${index} of seed ${SEED} over ${transport}: ${packet.toString('hex')}`);
    }
    const outcome = response.kind === 'reply' ? response.rcode : response.reason;
    rcodes.set(outcome, (rcodes.get(outcome) ?? 0) + 1);
  }
  // What is mutated beyond recognition tests only that it is refused.
  for (const outcome of [0, 1, 3, 4, 5, 9, 16, 'short', 'response']) {
    expect(rcodes.get(outcome), `${outcome}`).toBeGreaterThan(1000);
  }
  expect(rcodes.size).toBe(9);
});

/** The machine is busy, and a garbage collection is nobody's fault: a packet is slow that is slow each time. */
function leastMs(packet: Buffer, transport: Transport): number {
  const times = Array.from({ length: 30 }, () => {
    const started = performance.now();
    respond(ZONES, packet, WAYS[transport]);
    return performance.now() - started;
  });
  return Math.min(...times);
}

interface Said {
  readonly response: ReturnType<typeof respond>;
  readonly transport: Transport;
  readonly isDecoded: boolean;
}

/** What is wrong with what was said, told from the bytes alone. */
function faultOf(packet: Buffer, { response, transport, isDecoded }: Said): string | undefined {
  if (response.kind === 'silence') return packet.length < 12 || isReply(packet) ? undefined : 'silence';
  const reply = Buffer.from(response.bytes.buffer, response.bytes.byteOffset, response.bytes.length);
  // A reply without OPT goes to somebody who has not said that more than 512 bytes are welcome.
  const datagram = reply[11] === 0 ? 512 : 1232;
  if (reply.length < 12 || reply.length > (transport === 'udp' ? datagram : 65_535)) return 'length';
  return headFault(packet, reply) ?? (isDecoded ? undecodable(reply) : undefined);
}

function isReply(packet: Buffer): boolean {
  return (packet.readUInt8(2) & 0x80) !== 0;
}

function headFault(packet: Buffer, reply: Buffer): string | undefined {
  if (reply.readUInt16BE(0) !== packet.readUInt16BE(0)) return 'id';
  // QR, and the opcode as it came.
  if (reply.readUInt8(2) >> 3 !== (16 | ((packet.readUInt8(2) >> 3) & 15))) return 'opcode';
  if ((reply.readUInt8(3) & 0xf0) !== 0) return 'bits that nobody sets';
  const questions = reply.readUInt16BE(4);
  const end = questions === 0 ? 12 : questionEnd(packet);
  return questions <= 1 && reply.compare(packet, 12, end, 12, end) === 0 ? undefined : 'question';
}

function questionEnd(packet: Buffer): number {
  let at = 12;
  while ((packet[at] ?? 0) !== 0) at += (packet[at] ?? 0) + 1;
  return at + 5;
}

function undecodable(reply: Buffer): string | undefined {
  try {
    decode(reply);
    return decode.bytes === reply.length ? undefined : 'bytes behind the last record';
  } catch (error) {
    return `unreadable: ${String(error)}`;
  }
}
