import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { clientHello } from '../support/hub/client-hello.ts';
import { ANSWER, errorOf, HELLO, type Hub, LOOPBACK, rawConnection, withHub } from '../support/hub/hub.ts';

const SHORT = { handshakeMs: 300, headersMs: 300, requestMs: 300, deliverMs: 300 };
const CLOSE_MS = 5000;

/** A connection that has proven the key, and of which the hub knows that: its ticket tells. */
async function proven({ port, key }: Hub, from?: string): Promise<TLSSocket> {
  const socket = connect({
    ...{ host: LOOPBACK, port, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined },
    ...(from === undefined ? {} : { localAddress: from }),
    pskCallback: () => ({ identity: 'token:abcdefgh', psk: key }),
  });
  socket.on('error', () => undefined);
  await once(socket, 'session');
  // That event comes out of the middle of a read, where nothing can be written yet.
  await setImmediate();
  return socket;
}

/** Says a byte every 20 ms until the other side ends it; how long that took. */
async function trickle(socket: Socket, bytes: Uint8Array): Promise<number> {
  const started = performance.now();
  socket.on('error', () => undefined);
  socket.resume();
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 20);
  await new Promise((resolve) => void socket.once('close', resolve));
  clearInterval(timer);
  return performance.now() - started;
}

describe('who says a byte now and then is sent away in time', () => {
  const limited = (use: (hub: Hub) => Promise<void>) => withHub(use, { limits: SHORT });

  test('in the handshake', () =>
    limited(async (hub) => {
      const { socket } = await rawConnection(hub.port);
      const hello = clientHello({ identity: 'token:abcdefgh', key: hub.key, modes: [1] });
      expect(await trickle(socket, hello)).toBeLessThan(600);
    }));

  test('in the headers', () =>
    limited(async (hub) => {
      const headers = Buffer.from(`POST /v1/hello HTTP/1.1\r\nHost: hub\r\nX: ${'x'.repeat(2000)}`);
      expect(await trickle(await proven(hub), headers)).toBeLessThan(600);
    }));

  test('in the body, after a refusal', () =>
    limited(async (hub) => {
      const socket = await proven(hub);
      socket.write('POST /v1/hello HTTP/1.1\r\nHost: hub\r\nContent-Length: 9999\r\n\r\n');
      expect(await trickle(socket, Buffer.alloc(2000, 32))).toBeLessThan(900);
      expect(hub.asked).toEqual([]);
    }));

  test('in reading the answer', () =>
    withHub(
      async (hub) => {
        const socket = await proven(hub);
        socket.pause();
        const body = JSON.stringify(HELLO);
        const started = performance.now();
        socket.write(`POST /v1/hello HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        await vi.waitFor(() => expect(hub.lines.join('\n')).toContain('answered a call'));
        await hub.api.close();
        const spentMs = performance.now() - started;
        // Its own limit has ended it: neither the end of the hub, which waits for it, nor the limit of that.
        expect([spentMs > SHORT.deliverMs, spentMs < CLOSE_MS]).toEqual([true, true]);
        socket.destroy();
      },
      {
        limits: { ...SHORT, closeMs: CLOSE_MS },
        desk: { hello: () => Promise.resolve({ ...ANSWER, config: 'x'.repeat(15_000_000) }) },
      },
    ));
});

describe('with as many connections as there may be', () => {
  test.each([
    ['one address', () => LOOPBACK],
    ['many addresses', (index: number) => `127.0.1.${1 + (index % 250)}`],
  ])('300 idle ones from %s keep nobody out', (_, from) =>
    withHub(async ({ client, port }) => {
      const idle = await Promise.all(
        Array.from({ length: 300 }, (_each, index) => rawConnection(port, from(index))),
      );
      const started = performance.now();
      expect(await client().hello(HELLO)).toEqual(ANSWER);
      expect(performance.now() - started).toBeLessThan(1000);
      for (const { socket } of idle) socket.destroy();
    }),
  );

  test('those that have proven a key stay, and one more is sent away until one of them goes', () =>
    withHub(
      async (hub) => {
        const holders = [await proven(hub, '127.0.1.1'), await proven(hub, '127.0.1.2')];
        expect(await errorOf(hub.client({ timeoutMs: 300 }).hello(HELLO))).toMatchObject({
          code: 'E_RETRY',
          message: `127.0.0.1:${hub.port} (hub): ended the connection before anything was said`,
        });
        expect(holders.map(({ destroyed }) => destroyed)).toEqual([false, false]);
        expect(hub.lines.join('\n')).toContain(
          'connections refused {"times":1,"from":"127.0.0.1","reason":"full"}',
        );
        holders[0]?.destroy();
        await vi.waitFor(() => hub.client().hello(HELLO));
        holders[1]?.destroy();
      },
      { limits: { connections: 2 } },
    ));
});

describe('an address from which 30 handshakes have failed', () => {
  async function flood({ port }: Hub, times: number, from = LOOPBACK as string) {
    for (let count = 0; count < times; count += 1) {
      const { socket, ended } = await rawConnection(port, from);
      socket.end('GET / HTTP/1.1\r\n\r\n');
      await ended;
    }
  }

  test('is not listened to, then heard again within seconds; others are served meanwhile', () =>
    withHub(async (hub) => {
      await flood(hub, 200, '127.0.1.1');
      expect(await hub.client().hello(HELLO)).toEqual(ANSWER);
      await flood(hub, 200);
      expect(await errorOf(hub.client({ timeoutMs: 100 }).hello(HELLO))).toMatchObject({ code: 'E_RETRY' });
      const started = performance.now();
      await vi.waitFor(() => hub.client({ timeoutMs: 50 }).hello(HELLO), { timeout: 5000, interval: 50 });
      expect(performance.now() - started).toBeLessThan(2500);
    }));

  test('fills no log', () =>
    withHub(async (hub) => {
      await flood(hub, 500);
      await hub.api.close();
      const said = hub.lines.filter((line) => line.startsWith('warn'));
      expect(said.length).toBeLessThanOrEqual(4);
      const times = said.map((line) => Number(/"times":(\d+)/.exec(line)?.[1]));
      expect(times.reduce((sum, each) => sum + each, 0)).toBe(500);
      expect(said[0]).toBe(
        'warn handshakes failed {"times":1,"from":"127.0.0.1","reason":"ERR_SSL_HTTP_REQUEST"}',
      );
    }));

  test('has none counted against it for connecting and going', () =>
    withHub(async (hub) => {
      for (let count = 0; count < 100; count += 1) {
        const { socket, ended } = await rawConnection(hub.port);
        socket.end();
        await ended;
      }
      expect(await hub.client().hello(HELLO)).toEqual(ANSWER);
      expect(hub.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
    }));
});
