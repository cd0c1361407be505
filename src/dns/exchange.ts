import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { DnsAnswer, DnsQuestion } from './client.ts';
import { type Query, queryOf, readAnswer } from './client-query.ts';

/** Tunnels lose a packet now and then: so often it is sent, evenly over the time. */
const SENDINGS = 3;

/** By the clock of `performance.now()`. */
type Deadline = number;

/** A connected socket: the kernel drops what others send, and tells when the host says that nobody listens there. */
export function askOverUdp(question: DnsQuestion, deadline: Deadline): Promise<DnsAnswer | 'truncated'> {
  const { address, port } = question.server;
  const started = performance.now();
  const query = queryOf(question);
  const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) });
  const resend = setInterval(() => send(), (deadline - started) / SENDINGS);
  const send = () => socket.send(query.bytes, (cause) => cause && socket.emit('error', cause));
  return new Promise<DnsAnswer | 'truncated'>((settle) => {
    const end = silentAt(deadline, settle);
    socket.on('message', (message) => {
      const read = readAnswer(message, query);
      if (read === 'of another question') return;
      if (read.state === 'answered' && read.isTruncated) settle('truncated');
      else settle(answerOf(read, started, 'udp'));
    });
    socket.on('error', (cause) => settle(failure(cause)));
    socket.on('close', () => clearTimeout(end));
    socket.connect(port, address, (cause?: Error | null) => (cause ? settle(failure(cause)) : send()));
  }).finally(() => {
    clearInterval(resend);
    socket.close();
  });
}

/** RFC 7766: two bytes of length in front of each message. */
export function askOverTcp(question: DnsQuestion, deadline: Deadline): Promise<DnsAnswer> {
  const { address, port } = question.server;
  const started = performance.now();
  const query = queryOf(question);
  const socket = connect({ host: address, port, family: 4, autoSelectFamily: false });
  return new Promise<DnsAnswer>((settle) => {
    const end = silentAt(deadline, settle);
    let received = Buffer.alloc(0);
    socket.on('connect', () => {
      socket.write(Buffer.concat([lengthOf(query), query.bytes]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const message = firstMessage(received);
      if (message === undefined) return;
      const read = readAnswer(message, query);
      if (read === 'of another question') settle({ state: 'malformed', reason: `it is ${read}` });
      else settle(answerOf(read, started, 'tcp'));
    });
    socket.on('error', (cause) => settle(failure(cause)));
    socket.on('end', () => settle({ state: 'malformed', reason: 'the connection ended before an answer' }));
    socket.on('close', () => clearTimeout(end));
  }).finally(() => socket.destroy());
}

function lengthOf({ bytes }: Query): Buffer {
  return Buffer.from([bytes.length >> 8, bytes.length & 255]);
}

function firstMessage(received: Buffer): Buffer | undefined {
  if (received.length < 2) return undefined;
  const end = 2 + received.readUInt16BE(0);
  return received.length < end ? undefined : received.subarray(2, end);
}

type Read = Exclude<ReturnType<typeof readAnswer>, string>;

function answerOf(read: Read, started: number, transport: 'udp' | 'tcp'): DnsAnswer {
  if (read.state === 'malformed') return read;
  const { isTruncated: _, ...answer } = read;
  return { ...answer, transport, ms: performance.now() - started };
}

/** Timers come before what has arrived: on a busy host an answer may be waiting behind this one. */
function silentAt(deadline: Deadline, settle: (answer: DnsAnswer) => void): NodeJS.Timeout {
  const silence = () => setImmediate(() => settle({ state: 'silent' }));
  return setTimeout(silence, Math.max(0, deadline - performance.now()));
}

function failure(cause: Error): DnsAnswer {
  const code = 'code' in cause ? String(cause.code) : cause.message;
  return code === 'ECONNREFUSED' ? { state: 'refused' } : { state: 'unasked', reason: code };
}
