import { createSocket } from 'node:dgram';
import { askServer } from '../dns/client.ts';
import { formatRequest, parseAnswer } from '../model/echo.ts';
import { DNS_PORT } from '../model/responder.ts';
import type { Answer, Dns, Echo, Holder, Ping, Question, Refusal, Seen, Udp } from '../probe/question.ts';
import { codeOf, reasonOf } from './errno.ts';
import { run } from './exec.ts';
import { findName, type Sought } from './find.ts';
import { portOwner } from './port-owner.ts';
import { knock } from './reach.ts';
import { undelivered } from './undelivered.ts';

export interface AskOptions {
  readonly timeoutMs: number;
  /** Whether `ping` is installed. */
  readonly canPing: boolean;
}

interface PingOptions extends AskOptions {
  /** Packets, spread over the time. */
  readonly count?: number;
}

/** Asks the network one question; whatever comes of it is an answer. */
export function ask(question: Question, options: AskOptions): Promise<Answer> {
  switch (question.kind) {
    case 'ping':
      return ping(question, options);
    case 'refusal':
      return refusal(question, options);
    case 'tcp':
      return knock(question.address, { ...options, port: question.port });
    case 'udp':
      return send(question, options);
    case 'echo':
      return echo(question, options);
    case 'lookup':
      return find({ kind: 'addresses', name: question.name, family: 4 }, options);
    case 'name':
      return find(question, options);
    case 'dns':
      return askNameServer(question, options);
    case 'holder':
      return holderOf(question);
  }
}

/** IPv4 20 and ICMP 8 bytes, which ping counts apart. */
const PING_HEADERS = 28;

async function ping(
  { address, from, bytes }: Ping,
  { timeoutMs, canPing, count = 1 }: PingOptions,
): Promise<Answer> {
  if (!canPing) return { state: 'unasked', reason: 'ping is not installed; apt-get install iputils-ping' };
  const started = performance.now();
  const { exitCode, stdout, stderr } = await run('ping', [
    ...[
      '-n',
      '-q',
      '-c',
      String(count),
      '-i',
      String(timeoutMs / count / 1000),
      '-W',
      String(timeoutMs / 1000),
    ],
    ...(from === undefined ? [] : ['-I', from]),
    // "do": nobody may fragment it, this host neither.
    ...(bytes === undefined ? [] : ['-M', 'do', '-s', String(bytes - PING_HEADERS)]),
    address,
  ]);
  if (exitCode === 0) return { state: 'answered', ms: roundTrip(stdout) ?? performance.now() - started };
  if (exitCode === 1) return { state: 'silent' };
  return { state: 'unasked', reason: stderr.trim().split('\n')[0] ?? 'ping failed' };
}

/** Of `rtt min/avg/max/mdev = 0.035/0.035/0.035/0.000 ms`. */
function roundTrip(text: string): number | undefined {
  const ms = Number(/= ([\d.]+)\//.exec(text)?.[1]);
  return Number.isNaN(ms) ? undefined : ms;
}

/** A host tells another one of it once a second, after a few at once (icmp_ratelimit). */
const REFUSAL_MS = 1200;

/** What comes back when nobody takes the packets of a link is for the link, and shows in a counter alone. */
async function refusal({ address }: Refusal, options: AskOptions): Promise<Answer> {
  const before = undelivered();
  const answer = await ping({ kind: 'ping', address }, { ...options, timeoutMs: REFUSAL_MS, count: 4 });
  return answer.state === 'silent' && undelivered() > before ? { state: 'refused', ms: 0 } : answer;
}

/** A connected socket is told when the host says that nobody listens there. */
function send({ address, port, from }: Udp, options: AskOptions): Promise<Answer> {
  return exchange({ address, port, from, text: 'island' }, () => ({}), options);
}

function echo({ address, port, bytes }: Echo, options: AskOptions): Promise<Answer> {
  const id = Math.random().toString(36).slice(2, 10);
  const read = (text: string) => {
    const seen = parseAnswer(text, id);
    return seen && { seen };
  };
  return exchange({ address, port, text: formatRequest(id, bytes) }, read, options);
}

interface Datagram {
  readonly address: string;
  readonly port: number;
  readonly from?: string | undefined;
  readonly text: string;
}

/** Sends a datagram and waits for one that `read` takes for the answer. */
function exchange(
  { address, port, from, text }: Datagram,
  read: (text: string) => { readonly seen?: Seen } | undefined,
  { timeoutMs }: AskOptions,
): Promise<Answer> {
  const started = performance.now();
  const socket = createSocket('udp4');
  return new Promise<Answer>((settle) => {
    // As in reach.ts: what has arrived comes behind the timers.
    const timer = setTimeout(() => setImmediate(() => settle({ state: 'silent' })), timeoutMs);
    const finish = (answer: Answer) => {
      clearTimeout(timer);
      settle(answer);
    };
    socket.on('message', (message) => {
      const found = read(message.toString('latin1'));
      if (found !== undefined) finish({ state: 'answered', ms: performance.now() - started, ...found });
    });
    socket.on('error', (cause) => finish(failure(cause, started)));
    if (from !== undefined) socket.bind(0, from);
    socket.connect(port, address, (cause?: Error | null) => {
      if (cause) finish(failure(cause, started));
      else socket.send(text);
    });
  }).finally(() => socket.close());
}

function failure(cause: unknown, started: number): Answer {
  if (codeOf(cause) === 'ECONNREFUSED') return { state: 'refused', ms: performance.now() - started };
  return { state: 'unasked', reason: reasonOf(cause) };
}

/** It is a program that answers for names, or one behind another: on a busy host that is no matter of the network. */
const LEAST_FOR_NAMES_MS = 3000;

async function find(sought: Sought, { timeoutMs }: AskOptions): Promise<Answer> {
  const started = performance.now();
  const found = await findName(sought, Math.max(timeoutMs, LEAST_FOR_NAMES_MS));
  if (found.state === 'silent') return found;
  if (found.state === 'failed') return { state: 'unasked', reason: found.reason };
  if (found.values.length === 0) return { state: 'unasked', reason: 'nobody knows it' };
  return { state: 'answered', ms: performance.now() - started, values: found.values };
}

async function askNameServer({ server, name }: Dns, { timeoutMs }: AskOptions): Promise<Answer> {
  const question = { server: { address: server, port: DNS_PORT }, name, type: 'A' };
  const answer = await askServer(question, Math.max(timeoutMs, LEAST_FOR_NAMES_MS));
  switch (answer.state) {
    case 'answered': {
      const { ms, rcode, isAuthoritative, records } = answer;
      const values = records.filter(({ type }) => type === 'A').map(({ value }) => value);
      return { state: 'answered', ms, values, dns: { rcode, isAuthoritative } };
    }
    case 'refused':
      return { state: 'refused', ms: 0 };
    case 'silent':
      return answer;
    case 'malformed':
    case 'unasked':
      return { state: 'unasked', reason: answer.reason };
  }
}

async function holderOf({ address }: Holder): Promise<Answer> {
  const holder = await portOwner({ address, port: DNS_PORT });
  if (holder === undefined) return { state: 'unasked', reason: 'nobody is seen to have it' };
  return { state: 'answered', ms: 0, holder };
}
