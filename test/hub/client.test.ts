import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createWeb } from 'node:http';
import { createServer as createSecureWeb, type ServerOptions } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callHub } from '../../src/hub/client.ts';
import { ANSWER, errorOf, freePort, gate, HELLO, LOOPBACK, withHub } from '../support/hub/hub.ts';
import { selfSigned } from '../support/hub/self-signed.ts';

const KEY = randomBytes(32);
const TLS13 = { minVersion: 'TLSv1.3', pskCallback: () => KEY } as const;
const SAME_VERSION = 'run the same version of island here and on the hub';

function clientAt(port: number, timeoutMs = 2000) {
  return callHub({ hub: LOOPBACK, port, identity: 'token:abcdefgh', key: KEY, timeoutMs });
}

/** What a client says of `server`. */
async function saidOf(server: Server, timeoutMs?: number) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket).size);
  server.on('tlsClientError', () => undefined);
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  try {
    const { code, message, hint } = await errorOf(clientAt(port, timeoutMs).hello(HELLO));
    return { code, message: message.replace(`127.0.0.1:${port} (hub): `, ''), hint };
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** A hub with the right key whose answer to everything is this. */
function hubThatSays(status: number, body: string | Buffer) {
  return createSecureWeb(TLS13, (request, response) => {
    request.resume();
    response.writeHead(status).end(body);
  });
}

describe('a hub that is not there', () => {
  test('is said not to answer, with its address and port, when it refuses the connection', async () => {
    const port = await freePort();
    expect(await errorOf(clientAt(port).hello(HELLO))).toMatchObject({
      code: 'E_RETRY',
      message: `127.0.0.1:${port} (hub): no answer (ECONNREFUSED)`,
      hint: `see that "island serve" runs on the hub, and that the underlay lets TCP ${port} pass`,
    });
  });

  test('is said not to answer when there is no way to it', async () => {
    const client = callHub({
      ...{ hub: '255.255.255.255', port: 1, key: KEY },
      identity: 'token:a',
      timeoutMs: 500,
    });
    expect(await errorOf(client.hello(HELLO))).toMatchObject({
      ...{ code: 'E_RETRY', message: expect.stringMatching(/^255\.255\.255\.255:1 \(hub\): no answer \(E/) },
    });
  });

  test('takes no longer than it may when it takes the connection and says nothing', async () => {
    const started = performance.now();
    expect(await saidOf(createServer(), 200)).toMatchObject({
      ...{ code: 'E_RETRY', message: 'takes connections, but does not answer' },
    });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('takes no longer either when it falls silent after the handshake', async () => {
    expect(await saidOf(createTls(TLS13), 300)).toMatchObject({
      code: 'E_RETRY',
      message: 'no answer in time',
    });
  });

  test('is asked again, while there is time, when it ends the connection before anything was said', async () => {
    let connections = 0;
    const busy = createServer((socket) => {
      connections += 1;
      socket.resetAndDestroy();
    });
    expect(await saidOf(busy, 600)).toMatchObject({
      ...{ code: 'E_RETRY', message: 'ended the connection before anything was said' },
    });
    expect(connections).toBeGreaterThan(1);
  });

  test('is heard when it has room again', () => {
    const called = gate();
    const going = gate();
    return withHub(
      async ({ client, lines }) => {
        const first = client().hello(HELLO);
        await called.opened;
        const second = client().hello(HELLO);
        await vi.waitFor(() => expect(lines.join('\n')).toContain('connections refused'));
        going.open();
        expect(await Promise.all([first, second])).toEqual([ANSWER, ANSWER]);
      },
      {
        limits: { connections: 1 },
        desk: {
          async hello() {
            called.open();
            await going.opened;
            return ANSWER;
          },
        },
      },
    );
  });

  test('is said to have broken off when it ends the connection instead of an answer', async () => {
    const broken = createSecureWeb(TLS13, (request) => void request.socket.destroy());
    const said = { code: 'E_RETRY', message: 'the connection broke before the answer' };
    expect(await saidOf(broken)).toMatchObject(said);
    const half = createSecureWeb(TLS13, (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"island":');
      setTimeout(() => request.socket.destroy(), 20);
    });
    expect(await saidOf(half)).toMatchObject(said);
  });
});

describe('another service on the port', () => {
  let certificate: ServerOptions = {};
  beforeAll(async () => {
    certificate = await selfSigned();
  });
  const other = {
    ...{ code: 'E_USAGE', message: expect.stringMatching(/^another service answers there \(/) },
    hint: 'give the address of the hub, and the port of its island',
  };

  test.each([
    ['a web server', () => createWeb((_, response) => void response.end('hello'))],
    ['an SSH server', () => createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.2p1\r\n'))],
    [
      'a web server with a certificate',
      () => createSecureWeb(certificate, (_, response) => void response.end()),
    ],
    ['one of TLS 1.2', () => createSecureWeb({ ...certificate, maxVersion: 'TLSv1.2' })],
    ['one of TLS 1.3 without our key', () => createSecureWeb({ minVersion: 'TLSv1.3' })],
  ])('%s is told from a hub', async (_, serve) => {
    expect(await saidOf(serve())).toMatchObject(other);
  });

  test('no certificate is good enough, not even one that the environment trusts', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const server = createSecureWeb(certificate, (_, response) => void response.end('{}'));
    expect(await saidOf(server)).toMatchObject(other);
  });
  afterAll(() => vi.unstubAllEnvs());
});

describe('an answer that is none', () => {
  const unread = (message: string) => ({ code: 'E_HOST_UNSUPPORTED', message, hint: SAME_VERSION });

  test.each([
    [200, 'ok', 'cannot read the answer to hello: it is not JSON'],
    [200, '{}', 'cannot read the answer to hello: island: Invalid input'],
    [
      200,
      '{"island":"r2lab","role":"king","config":"","sawYou":"10.0.0.1"}',
      'cannot read the answer to hello: role: Invalid input',
    ],
    [
      200,
      '{"island":"r2lab","role":"worker","config":"","sawYou":"10.0.0.1\\u001b[2J"}',
      'cannot read the answer to hello: sawYou: not an IPv4 address',
    ],
    [404, 'Not Found', 'cannot read the answer to hello: status 404, it is not JSON'],
    [
      418,
      '{"error":{"code":"E_TEAPOT","message":"short and stout"}}',
      'cannot read the answer to hello: status 418, error: code: Invalid input',
    ],
  ])('%d %s is said to be of another version', async (status, body, message) => {
    expect(await saidOf(hubThatSays(status, body))).toEqual(unread(message));
  });

  test('is not read beyond 16 MiB', async () => {
    const endless = createSecureWeb(TLS13, (request, response) => {
      request.resume();
      response.writeHead(200);
      const pour = () => {
        while (response.write(Buffer.alloc(1 << 20, 32)));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await saidOf(endless)).toEqual(unread('cannot read the answer: it is larger than 16 MiB'));
  });

  test('with keys of a later version is read all the same', async () => {
    const later = { island: 'r2lab', role: 'worker', config: '', sawYou: LOOPBACK, colour: 'red' };
    const { colour: _, ...known } = later;
    await withHub(async ({ client }) => expect(await client().hello(HELLO)).toEqual(known), {
      desk: { hello: () => Promise.resolve(later as never) },
    });
  });
});

test('a host whose lease is gone is told so, and not of a token', () =>
  withHub(async ({ client }) => {
    const error = await errorOf(client({ identity: 'lease:fit07' }).release());
    expect(error).toMatchObject({
      ...{
        code: 'E_PERMISSION',
        message: 'the hub refuses the key of this host: its lease is another’s or gone',
      },
    });
  }));
