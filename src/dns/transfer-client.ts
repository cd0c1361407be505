import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import packet, { type Answer } from 'dns-packet';
import { IslandError } from '../errors.ts';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
import type { NamedAddress } from '../model/zone.ts';
import { createFramer, framed } from './framing.ts';

export interface TransferQuestion {
  readonly address: Ipv4;
  readonly port: number;
  /** Which of our addresses to ask from: others are given nothing. */
  readonly from: Ipv4;
  readonly zone: string;
  /** For all of it. */
  readonly timeoutMs: number;
}

export interface Transfer {
  readonly serial: number;
  /** The A records below the zone, with names relative to it, in lower case. */
  readonly addresses: readonly NamedAddress[];
}

const HEADER_BYTES = 12;
/** The least that a record takes: the root as its name, type, class, TTL, length. */
const LEAST_RECORD_BYTES = 11;
/** A zone of the largest island has some ten. */
const MOST_BYTES = 64_000_000;
/** Of a response to a query, authoritative, not truncated, NOERROR (RFC 1035 section 4.1.1), whatever it says of recursion. */
const FLAGS_MASK = 0xfe_0f;
const FLAGS = 0x84_00;

/** Copies the zone over TCP (RFC 5936). E_RETRY when it does not come whole and as it should: then nothing of it counts. */
export async function transfer(question: TransferQuestion, signal: AbortSignal): Promise<Transfer> {
  const { address, port, from, zone, timeoutMs } = question;
  const socket = connect({ host: address, port, localAddress: from, family: 4, autoSelectFamily: false });
  const stop = () => socket.destroy(new Error('given up'));
  const late = () => socket.destroy(new Error(`not done after ${timeoutMs / 1000} s`));
  const timer = setTimeout(late, timeoutMs);
  signal.addEventListener('abort', stop);
  try {
    const id = randomBytes(2).readUInt16BE();
    socket.write(framed(packet.encode({ type: 'query', id, questions: [{ type: 'AXFR', name: zone }] })));
    return transferOf(await recordsFrom(socket, id), zone);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new IslandError('E_RETRY', `${zone} cannot be copied from ${address}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** Until the second SOA, which is the last record. */
async function recordsFrom(stream: AsyncIterable<Uint8Array>, id: number): Promise<readonly Answer[]> {
  const framer = createFramer();
  const records: Answer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`it is longer than ${MOST_BYTES} bytes`);
    framer.push(chunk);
    for (let message = framer.next(); message !== undefined; message = framer.next()) {
      for (const record of recordsIn(Buffer.from(message), id)) records.push(record);
    }
    if (records.length > 1 && records.at(-1)?.type === 'SOA') return records;
  }
  throw new Error('the connection ended before the transfer did');
}

/** The records of one message of the transfer with that id. */
function recordsIn(message: Buffer, id: number): readonly Answer[] {
  if (message.length < HEADER_BYTES) throw new Error('a message without a header');
  if (message.readUInt16BE(0) !== id) throw new Error('an answer to another question');
  const flags = message.readUInt16BE(2);
  if ((flags & FLAGS_MASK) !== FLAGS) throw new Error(`refused, with flags 0x${flags.toString(16)}`);
  const count = [6, 8, 10].reduce((sum, at) => sum + message.readUInt16BE(at), 0);
  // dns-packet would go on reading for as many as are announced.
  if (count * LEAST_RECORD_BYTES > message.length) throw new Error('fewer records than it announces');
  const { answers = [] } = packet.decode(message);
  if (packet.decode.bytes !== message.length) throw new Error('a message that does not end with its records');
  return answers;
}

function transferOf(records: readonly Answer[], zone: string): Transfer {
  const [first, ...rest] = records;
  const last = rest.pop();
  if (first?.type !== 'SOA' || last?.type !== 'SOA') throw new Error('it does not begin with an SOA');
  if (nameOf(first) !== zone || nameOf(last) !== zone) throw new Error('the SOA of another zone');
  const { serial } = first.data;
  if (serial === undefined || serial !== last.data.serial) throw new Error('its serial changed on the way');
  const addresses = rest.flatMap((record) => addressIn(record, zone));
  return { serial, addresses };
}

function addressIn(record: Answer, zone: string): readonly NamedAddress[] {
  const name = nameOf(record);
  if (record.type === 'SOA') throw new Error('an SOA in the middle');
  if (record.type !== 'A' || !isIpv4(record.data) || !name.endsWith(`.${zone}`)) return [];
  return [{ name: name.slice(0, -zone.length - 1), address: record.data }];
}

function nameOf({ name }: Answer): string {
  return name.toLowerCase();
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
