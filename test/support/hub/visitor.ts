// Visits a hub: visitor.mjs KIND COUNT FROM HUB PORT KEY-FILE; prints one line of JSON at its end.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { callHub } from '../../../src/hub/client.ts';
import { fromNumber, parseSubnet, toNumber } from '../../../src/model/ip.ts';
import { HELLO } from './hub.ts';

/** How it went. */
export interface Visited {
  readonly count: number;
  /** Calls that were answered, and milliseconds of the slowest and the middle one. */
  readonly answered: number;
  readonly worstMs: number;
  readonly medianMs: number;
  readonly spentMs: number;
}

const [kind = '', count = '', from = '', hub = '', port = '', keyFile = ''] = process.argv.slice(2);
const range = parseSubnet(from);
const many = Number(count);
const started = performance.now();
const times: number[] = [];

/** Connections of a flood that are opened at one moment. */
const AT_ONCE = 100;

switch (kind) {
  // A good client, one call after the other.
  case 'hello':
    for (let call = 0; call < many; call += 1) {
      await hello();
      await delay(20);
    }
    break;
  // A good client that tries until it is answered.
  case 'again':
    while (times.length === 0) await hello().then(() => delay(50));
    break;
  // As many good clients at one moment.
  case 'herd':
    await Promise.all(Array.from({ length: many }, hello));
    break;
  case 'garbage':
    await inTurns((socket) => void socket.end(randomBytes(500)));
    break;
  // Until the other side ends them.
  case 'idle':
    await Promise.all(Array.from({ length: many }, (_, index) => visit(index, () => undefined)));
    break;
  // A byte of the head of a record now and then.
  case 'trickle':
    await Promise.all(Array.from({ length: many }, (_, index) => visit(index, trickle)));
    break;
  default:
    throw new Error(`no such kind of visit: ${kind}`);
}

const sorted = times.toSorted((a, b) => a - b).map(Math.round);
const visited: Visited = {
  count: many,
  answered: times.length,
  worstMs: sorted.at(-1) ?? 0,
  medianMs: sorted[sorted.length >> 1] ?? 0,
  spentMs: Math.round(performance.now() - started),
};
process.stdout.write(`${JSON.stringify(visited)}\n`);

async function hello(): Promise<void> {
  const begun = performance.now();
  const key = readFileSync(keyFile);
  const client = callHub({ hub, port: Number(port), identity: 'token:abcdefgh', key, timeoutMs: 5000 });
  await client.hello(HELLO).then(
    () => times.push(performance.now() - begun),
    () => undefined,
  );
}

async function inTurns(say: (socket: Socket) => void): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < many) await visit(next++, say);
    }),
  );
}

/** One connection from the next address of the range, to its end. */
function visit(index: number, say: (socket: Socket) => void): Promise<void> {
  const localAddress = fromNumber(toNumber(range.network) + (index % 2 ** (32 - range.prefix)));
  return new Promise((resolve) => {
    const socket = connect({ host: hub, port: Number(port), localAddress, autoSelectFamily: false });
    socket.on('error', () => undefined).once('close', () => resolve());
    socket.once('connect', () => say(socket)).resume();
  });
}

function trickle(socket: Socket): void {
  const record = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252]);
  let at = 0;
  const timer = setInterval(() => socket.write(record.subarray(at, ++at)), 200);
  socket.once('close', () => clearInterval(timer));
}
