// Runs inside a host of a lab, as its own bundle: a thousand workers in one process, which do what `island join` and
// the kernel of a worker do towards the hub, each from a UDP port of its own.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { callHub } from '../../../src/hub/client.ts';
import { bytesOfKey } from '../../../src/hub/secrets.ts';
import { arp, ETHERTYPE, ethernet, vxlan } from '../injection/frames.ts';
import type { Answers, Member, Request, Target } from './crowd.ts';

interface Worker {
  readonly member: Omit<Member, 'answeredMs'>;
  readonly socket: Socket;
  /** The kernel's question for the hub, which opens the NAT and tells the hub where this worker is. */
  readonly question: Buffer;
  onAnswer: () => void;
}

const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
/** As the timers of a worker's link have it (plan/worker-link.ts). */
const REPEATED_MS = 100;
const DEADLINE_MS = 120_000;

const target: Target = JSON.parse(process.argv[2] ?? '');
const workers: Worker[] = [];

for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await perform(JSON.parse(line)))}\n`);
}
process.exit();

function perform(request: Request): Promise<Answers[Request['op']]> {
  return request.op === 'join' ? join(request.names) : keepalive(request.periodMs);
}

async function join(names: readonly string[]): Promise<Answers['join']> {
  const started = performance.now();
  const waiting = names.values();
  const members: Member[] = [];
  const asked: Promise<unknown>[] = [];
  const clerk = async () => {
    for (const name of waiting) {
      const worker = await lease(name);
      workers.push(worker);
      // Not waited for here: a worker does not keep the next one from calling.
      asked.push(untilAnswered(worker).then((answeredMs) => members.push({ ...worker.member, answeredMs })));
    }
  };
  await Promise.all(Array.from({ length: target.atOnce }, clerk));
  await Promise.all(asked);
  return { ms: performance.now() - started, members };
}

async function lease(name: string): Promise<Worker> {
  const started = performance.now();
  const { hub, port, token } = target;
  const [id, key = ''] = token.split('.');
  const line = callHub({ hub, port, identity: `token:${id}`, key: bytesOfKey(key), timeoutMs: 60_000 });
  await line.hello({ name, addresses: [] });
  const { inner, mac } = await line.join({
    name,
    machine: `machine-of-${name}`,
    routes: [],
    takeover: false,
  });
  const leasedMs = performance.now() - started;
  const socket = createSocket('udp4');
  socket.bind(0);
  await once(socket, 'listening');
  const frame = ethernet(EVERYBODY, mac, {
    type: ETHERTYPE.arp,
    payload: arp(mac, inner, target.hubInner),
  });
  const worker: Worker = {
    ...{ member: { name, inner, mac, leasedMs, port: socket.address().port }, socket },
    question: vxlan(port + 65_536, frame),
    onAnswer: () => undefined,
  };
  socket.on('message', (packet) => {
    if (isAnswer(packet, mac)) worker.onAnswer();
  });
  return worker;
}

/** Behind the VXLAN header, a frame to this MAC: an ARP reply. */
function isAnswer(packet: Buffer, mac: string): boolean {
  const frame = packet.subarray(8);
  return (
    frame.subarray(0, 6).toString('hex') === mac.replaceAll(':', '') &&
    frame.readUInt16BE(12) === ETHERTYPE.arp &&
    frame.readUInt16BE(20) === 2
  );
}

/** Asks for the hub again and again, as the kernel does for a neighbour that it does not know yet. */
async function untilAnswered(worker: Worker, everyMs = REPEATED_MS): Promise<number> {
  const started = performance.now();
  const over = new AbortController();
  worker.onAnswer = () => over.abort();
  while (!over.signal.aborted) {
    if (performance.now() - started > DEADLINE_MS) throw new Error(`${worker.member.name}: no answer`);
    worker.socket.send(worker.question, target.port, target.hub);
    await delay(everyMs, undefined, { signal: over.signal }).catch(() => undefined);
  }
  return performance.now() - started;
}

async function keepalive(periodMs: number): Promise<Answers['keepalive']> {
  const started = performance.now();
  await Promise.all(
    workers.map(async (worker, index) => {
      await delay((periodMs * index) / workers.length);
      await untilAnswered(worker);
    }),
  );
  return { ms: performance.now() - started };
}
