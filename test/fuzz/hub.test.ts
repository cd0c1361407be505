import { connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CALLS, callAt, isIdentity, readWire, refusalAnswer } from '../../src/hub/wire.ts';
import { clientHello } from '../support/hub/client-hello.ts';
import {
  ANSWER,
  HELLO,
  type Hub,
  JOIN,
  JOINED,
  LOOPBACK,
  rawConnection,
  withHub,
} from '../support/hub/hub.ts';

const SHAPES = [
  ...Object.values(CALLS).flatMap(({ request, answer }) => [request, answer]),
  refusalAnswer,
] as const;

const REAL = [
  HELLO,
  { ...JOIN, machine: 'a1b2' },
  ANSWER,
  JOINED,
  {},
  { error: { code: 'E_RETRY', message: 'no' } },
];

/** A real value with something else in one place. */
const bent = fc
  .tuple(fc.constantFrom(...REAL), fc.string({ maxLength: 12 }), fc.nat(9), fc.jsonValue())
  .map(([value, key, which, other]) => {
    const keys = [...Object.keys(value), key, '__proto__', 'constructor'];
    return JSON.stringify({ ...value, [keys[which % keys.length] ?? key]: other });
  });

describe('what is on the wire', () => {
  test('is read as a value of its shape or refused in one line, whatever it is', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), bent, fc.constant('['.repeat(8000)));
    fc.assert(
      fc.property(text, fc.constantFrom(...SHAPES), (written, shape) => {
        const read = readWire(written, shape);
        if ('fault' in read) expect(read.fault).toMatch(/^[\x20-\x7e]+$/);
        else expect(readWire(JSON.stringify(read.value), shape)).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused without a word of what it was, which may be a key', () => {
    const key = JOINED.key.slice(1);
    for (const shape of SHAPES) {
      for (const value of [{ ...JOINED, key }, { [key]: key }, key, [key], { error: { code: key } }])
        expect(JSON.stringify(readWire(JSON.stringify(value), shape))).not.toContain(key);
    }
  });

  test('every real value is read as it is', () => {
    const read = (shape: (typeof SHAPES)[number], value: unknown) => readWire(JSON.stringify(value), shape);
    expect(read(CALLS.hello.request, HELLO)).toEqual({ value: HELLO });
    expect(read(CALLS.hello.answer, ANSWER)).toEqual({ value: ANSWER });
    expect(read(CALLS.join.request, JOIN)).toEqual({ value: JOIN });
    expect(read(CALLS.join.answer, JOINED)).toEqual({ value: JOINED });
  });

  test('only the calls there are and identities of our own are known', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('/v2/hello', '/v1/', 'token:', 'lease:..'),
    );
    fc.assert(fc.property(word, (text) => callAt(text) === undefined && !isIdentity(text)));
    expect(Object.values(CALLS).map(({ path }) => callAt(path))).toEqual(Object.keys(CALLS));
    expect(['token:abcdefg2', 'lease:fit07', `lease:${'a'.repeat(63)}`].every(isIdentity)).toBe(true);
  });
});

/** No limit of ours may save the hub here: each kind of bytes has to reach OpenSSL, and HTTP. */
const OPEN = { failuresPerMinute: 1e9, handshakeMs: 300, headersMs: 300, requestMs: 300, deliverMs: 300 };

const hello = (hub: Hub) => clientHello({ identity: 'token:abcdefgh', key: hub.key, modes: [1] });
const WEB = 'GET / HTTP/1.1\r\nHost: hub\r\n\r\n';

describe('a hub survives', () => {
  test('any bytes at its port, and serves the next one', () =>
    withHub(
      async (hub) => {
        const bytes = fc.oneof(
          fc.uint8Array({ maxLength: 300 }).map((any) => Buffer.from(any)),
          fc.uint8Array({ maxLength: 300 }).map((any) => record(22, any)),
          fc.constantFrom(WEB, 'SSH-2.0-x\r\n', '\0'.repeat(500)).map((text) => Buffer.from(text)),
          // A real hello, cut, or with some of its bytes changed.
          fc.nat(400).map((end) => hello(hub).subarray(0, end)),
          fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((places) => {
            const broken = hello(hub);
            for (const [at, value] of places) broken[at % broken.length] = value;
            return broken;
          }),
          // What follows a real one: any record, where its end of the handshake should be.
          fc
            .tuple(fc.constantFrom(20, 21, 22, 23, 24, 99), fc.uint8Array({ maxLength: 80 }))
            .map(([type, any]) => Buffer.concat([hello(hub), record(type, any)])),
        );
        await fc.assert(
          fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 12 }), async (together) => {
            const opened = await Promise.all(together.map(() => rawConnection(hub.port)));
            opened.forEach(({ socket }, index) => void socket.end(together[index] ?? ''));
            await Promise.all(opened.map(({ ended }) => ended));
          }),
          { numRuns: 40 },
        );
        expect(hub.asked).toEqual([]);
        expect(await hub.client().hello(HELLO)).toEqual(ANSWER);
      },
      { limits: OPEN },
    ));

  test('any bytes from who holds a key, and serves the next one', () =>
    withHub(
      async (hub) => {
        const body = fc.oneof(bent, fc.string({ unit: 'binary' }), fc.constant('x'.repeat(20_000)));
        const path = fc.constantFrom(
          '/v1/hello',
          '/v1/join',
          '/v1/release',
          '/v2/hello',
          '/',
          '*',
          '/v1/../v1/join',
        );
        const head = fc
          .constantFrom('POST', 'GET', 'PUT', 'CONNECT', 'PRI')
          .chain((method) => path.map((to) => `${method} ${to} HTTP/1.1\r\nHost: hub\r\n`));
        const request = fc.oneof(
          fc.string({ unit: 'binary' }),
          fc
            .tuple(head, body)
            .map(([begin, text]) => `${begin}Content-Length: ${text.length}\r\n\r\n${text}`),
          fc.tuple(head, body).map(([begin, text]) => `${begin}Transfer-Encoding: chunked\r\n\r\n${text}`),
          head.map((begin) => `${begin}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`),
          head.map((begin) => `${begin}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`),
          head.map((begin) => `${begin}${'X-Long: x\r\n'.repeat(2000)}\r\n`),
          head.map((begin) => `${begin}Content-Length: 2\r\n\r\n{}`.repeat(3)),
        );
        await fc.assert(
          fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (together) => {
            await Promise.all(together.map((text) => sayWithKey(hub, text)));
          }),
          { numRuns: 40 },
        );
        expect(await hub.client().hello(HELLO)).toEqual(ANSWER);
        for (const { request: read } of hub.asked.filter(({ call }) => call === 'hello'))
          expect(readWire(JSON.stringify(read), CALLS.hello.request)).toEqual({ value: read });
      },
      { limits: OPEN },
    ));
});

function record(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 255]), content]);
}

/** Ends when the hub ends it. */
function sayWithKey({ port, key }: Hub, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host: LOOPBACK, port, minVersion: 'TLSv1.3', checkServerIdentity: () => undefined },
      pskCallback: () => ({ identity: 'token:abcdefgh', psk: key }),
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.on('data', () => undefined);
    socket.once('secureConnect', () => socket.write(text, 'latin1'));
  });
}
