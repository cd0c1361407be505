import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { compile } from '../../src/dns/compile.ts';
import type { ServerOptions } from '../../src/dns/server.ts';
import { parseIpv4 } from '../../src/model/ip.ts';
import { askUdp, prefixed, question, repliesIn, replyIn } from '../support/dns/questions.ts';
import { memoryLog, type Responder, responderFor } from '../support/dns/responder.ts';
import { modelFile } from '../support/island.ts';

const FILE = modelFile('vxlan');
const ISLAND = loadIsland(FILE, 'r2lab.yaml');
const HERE = parseIpv4('127.0.0.1');
const FIT01 = 'fit01.r2lab.internal';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

/** One that listens on a port which is free. */
async function started(options: Partial<ServerOptions> = {}): Promise<Responder & { readonly port: number }> {
  const responder = responderFor(ISLAND, { log: memoryLog(), ...options });
  open.push(responder.server);
  await responder.server.listen([{ address: HERE, port: 0 }]);
  return { ...responder, port: responder.server.state()[0]?.port ?? 0 };
}

function dial(port: number, from = HERE): Socket {
  const socket = connect({ port, host: HERE, localAddress: from, allowHalfOpen: true });
  // One that is cut is reset, perhaps.
  socket.on('error', () => undefined);
  open.push({ close: () => socket.destroy() });
  return socket;
}

async function connected(port: number): Promise<Socket> {
  const socket = dial(port);
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the other side ends the connection. */
async function rest(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
  return Buffer.concat(chunks);
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not so: ${isSo}`);
    await delay(10);
  }
}

describe('a responder', () => {
  test('answers at one port over UDP and TCP, and with what the next assignment says', async () => {
    const { port, serve, tally } = await started();
    expect(await askUdp(HERE, port, question(FIT01))).toMatchObject({ rcode: 0, address: '192.168.3.1' });
    const socket = await connected(port);
    socket.write(prefixed(question(FIT01)));
    const [before] = await once(socket, 'data');
    serve(loadIsland(FILE.replace('192.168.3.[1-37]', '192.168.2.[1-37]'), 'r2lab.yaml'));
    socket.write(prefixed(question(FIT01)));
    const [after] = await once(socket, 'data');
    expect([before, after].flatMap(repliesIn).map(({ address }) => address)).toEqual([
      ...['192.168.3.1', '192.168.2.1'],
    ]);
    expect(await askUdp(HERE, port, question('nobody.r2lab.internal'))).toMatchObject({ rcode: 3 });
    expect(tally.snapshot()).toMatchObject({ udp: 2, tcp: 2, rcodes: { NOERROR: 3, NXDOMAIN: 1 } });
  });

  test('gives each of many who ask at once his own answer, though all are as long', async () => {
    const { port } = await started();
    const socket = createSocket('udp4');
    open.push({ close: () => socket.close() });
    const replies = new Map<number, string>();
    socket.on('message', (bytes) => {
      const { id, address } = replyIn(bytes);
      replies.set(id, address);
    });
    const hosts = Array.from({ length: 37 }, (_, index) => index + 1);
    for (let round = 0; round < 5; round += 1) {
      for (const n of hosts) {
        const name = `fit${String(n).padStart(2, '0')}.r2lab.internal`;
        socket.send(question(name, 'A', round * 100 + n), port, HERE);
      }
    }
    await until(() => replies.size === 5 * hosts.length);
    expect([...replies].every(([id, address]) => address === `192.168.3.${id % 100}`)).toBe(true);
  });

  test('goes on after an answer that cannot be made, and says so once', async () => {
    const log = memoryLog();
    let isBroken = true;
    const { port } = await started({
      log,
      zones: () => {
        if (isBroken) throw new Error('odd');
        return compile([]);
      },
    });
    const socket = createSocket('udp4');
    open.push({ close: () => socket.close() });
    for (const id of [1, 2, 3]) socket.send(question(FIT01, 'A', id), port, HERE);
    await until(() => log.lines.some((line) => line.includes('odd')));
    isBroken = false;
    expect(await askUdp(HERE, port, question(FIT01))).toMatchObject({ rcode: 5 });
    expect(log.lines.filter((line) => line.includes('odd'))).toHaveLength(1);
  });

  test('waits for a port that another program has, of which it tells, and holds no half of it meanwhile', async () => {
    const other = createSocket('udp4').bind(0, HERE);
    await once(other, 'listening');
    const { port } = other.address();
    const log = memoryLog();
    const { server, tally } = responderFor(ISLAND, {
      log,
      portOwner: (endpoint) => Promise.resolve({ who: `other has ${endpoint.port}`, hint: 'stop it' }),
    });
    open.push(server);
    await server.listen([{ address: HERE, port }]);
    expect(server.state()).toEqual([
      { address: HERE, port, state: 'waiting', why: `other has ${port}`, hint: 'stop it' },
    ]);
    const free = createServer().listen({ port, host: HERE, exclusive: true });
    await once(free, 'listening');
    await new Promise((resolve) => free.close(resolve));
    await new Promise<void>((resolve) => other.close(() => resolve()));
    server.retry();
    await until(() => server.state()[0]?.state === 'listening');
    expect(await askUdp(HERE, port, question(FIT01))).toMatchObject({ rcode: 0 });
    expect(log.lines).toEqual([
      expect.stringMatching(/^error .*other has .*"hint":"stop it"/),
      expect.stringMatching(/^info names are answered/),
    ]);
    expect(tally.snapshot()).toMatchObject({ udp: 1, drops: {} });
  });

  test('goes on where what is passed to it is no socket', async () => {
    const { server } = await started();
    const file = openSync('/dev/null', 'r');
    open.push({ close: () => closeSync(file) });
    await server.listen([{ address: HERE, port: 0 }], [file, 4000]);
    expect(server.state()).toMatchObject([{ state: 'listening' }]);
  });

  test('listens where it is told now, and nowhere else', async () => {
    const { server, port } = await started();
    const other = parseIpv4('127.0.0.2');
    await server.listen([{ address: other, port }]);
    expect(server.state()).toEqual([{ address: other, port, state: 'listening' }]);
    expect(await askUdp(other, port, question(FIT01))).toMatchObject({ rcode: 0 });
    await expect(connected(port)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('over TCP', () => {
  test('pipelined questions in odd pieces are answered in their order, also after the asker has said the last', async () => {
    const { port } = await started();
    const socket = await connected(port);
    const asked = Array.from({ length: 300 }, (_, id) => prefixed(question(FIT01, 'A', id)));
    const stream = Buffer.concat(asked);
    for (let at = 0, size = 1; at < stream.length; at += size, size = (size * 7) % 1009) {
      socket.write(stream.subarray(at, at + size));
      if (size % 5 === 0) await delay(0);
    }
    socket.end();
    const replies = repliesIn(await rest(socket));
    expect(replies.map(({ id }) => id)).toEqual([...asked.keys()]);
    expect(new Set(replies.map(({ address }) => address))).toEqual(new Set(['192.168.3.1']));
  });

  test('a transfer is sent whole, between the answers before and after it', async () => {
    const messages = Array.from({ length: 200 }, (_, id) =>
      Buffer.alloc(9000, question(FIT01, 'A', 1000 + id)),
    );
    const { port, tally } = await started({
      transfers: (query) => (query[1] === 7 ? messages : undefined),
    });
    const socket = await connected(port);
    socket.end(Buffer.concat([6, 7, 8].map((id) => prefixed(question(FIT01, 'A', id)))));
    const ids = repliesIn(await rest(socket)).map(({ id }) => id);
    expect(ids).toEqual([6, ...messages.map((_, id) => 1000 + id), 8]);
    expect(tally.snapshot().types).toEqual({ A: 2, AXFR: 1 });
  });

  test('who asks nothing whole is cut, however he trickles; who reads nothing is, too; others are answered', async () => {
    const flood = Array.from({ length: 500 }, () => Buffer.alloc(60_000));
    const { port, tally } = await started({ limits: { idleMs: 300 }, transfers: () => flood });
    const [idle, trickling, deaf] = [await connected(port), await connected(port), await connected(port)];
    const trickle = setInterval(() => trickling.write(Buffer.of(1)), 20);
    deaf.pause();
    deaf.write(prefixed(question(FIT01)));
    try {
      await Promise.all([rest(idle), rest(trickling)]);
      await until(() => tally.snapshot().drops['tcp-idle'] === 3);
    } finally {
      clearInterval(trickle);
    }
    expect(tally.snapshot().drops).toEqual({ 'tcp-idle': 3 });
    expect(await askUdp(HERE, port, question(FIT01))).toMatchObject({ rcode: 0 });
  });

  test('one address has so many connections; where all are taken, the one who has been silent for longest goes', async () => {
    const { port, tally } = await started({ limits: { perSource: 2, connections: 2, idleMs: 60_000 } });
    const first = await connected(port);
    const second = await connected(port);
    first.write(prefixed(question(FIT01)));
    await once(first, 'data');
    await rest(dial(port));
    expect(tally.snapshot().drops).toEqual({ 'tcp-crowded': 1 });
    dial(port, parseIpv4('127.0.0.9'));
    await rest(second);
    expect(tally.snapshot().drops).toEqual({ 'tcp-crowded': 1, 'tcp-evicted': 1 });
    first.write(prefixed(question(FIT01)));
    await once(first, 'data');
  });

  test('what has been read is answered before a responder closes, and nobody who does not hang up keeps it', async () => {
    const { port, server, tally } = await started({ limits: { closeMs: 200 } });
    const [asking, idle] = [await connected(port), await connected(port)];
    asking.write(Buffer.concat(Array(400).fill(prefixed(question(FIT01)))));
    await until(() => tally.snapshot().tcp > 0);
    const [all, nothing] = [rest(asking), rest(idle)];
    await server.close();
    expect(repliesIn(await all)).toHaveLength(400);
    expect(await nothing).toHaveLength(0);
    await expect(connected(port)).rejects.toThrow('ECONNREFUSED');
  });
});
