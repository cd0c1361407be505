import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { IslandError } from '../../src/errors.ts';
import { serveApi } from '../../src/hub/api.ts';
import type { Ipv4 } from '../../src/model/ip.ts';
import {
  ANSWER,
  deskOf,
  errorOf,
  freePort,
  gate,
  HELLO,
  JOIN,
  JOINED,
  LOOPBACK,
  memoryLog,
  rawConnection,
  withHub,
} from '../support/hub/hub.ts';

const REFUSED = {
  code: 'E_PERMISSION',
  message: 'the hub refuses this token: it is unknown, revoked or mistyped',
};

describe('who holds a token', () => {
  test('is answered what the desk says, and the desk is told who asks and from where', () =>
    withHub(async ({ client, asked }) => {
      const caller = { identity: 'token:abcdefgh', address: LOOPBACK };
      expect(await client().hello(HELLO)).toEqual(ANSWER);
      expect(await client().join({ ...JOIN, machine: 'a1b2' })).toEqual(JOINED);
      expect(await client().release()).toBeUndefined();
      expect(asked).toEqual([
        { call: 'hello', caller, request: HELLO },
        { call: 'join', caller, request: { ...JOIN, machine: 'a1b2' } },
        { call: 'release', caller },
      ]);
    }));

  test('gets an answer of ten megabytes whole', () => {
    const config = '# é\n'.repeat(2_000_000);
    return withHub(async ({ client }) => expect((await client().hello(HELLO)).config === config).toBe(true), {
      desk: { hello: () => Promise.resolve({ ...ANSWER, config }) },
    });
  });

  test('is told why the desk refuses, with its code and its hint', () => {
    const refusal = new IslandError('E_PERMISSION', 'this token is used up', { hint: 'make another' });
    return withHub(
      async ({ client }) =>
        expect(await errorOf(client().join(JOIN))).toMatchObject({
          ...{ code: 'E_PERMISSION', message: 'this token is used up', hint: 'make another' },
        }),
      { desk: { join: () => Promise.reject(refusal) } },
    );
  });

  test('learns nothing of an error inside the hub, whose log has it', () =>
    withHub(
      async ({ client, lines }) => {
        expect(await errorOf(client().join(JOIN))).toMatchObject({
          ...{ code: 'E_APPLY', message: 'the hub failed to answer' },
        });
        expect(lines.join('\n')).toContain('TypeError: of the inside');
      },
      { desk: { join: () => Promise.reject(new TypeError('of the inside')) } },
    ));

  test('is told to try again when the desk takes too long', () =>
    withHub(
      async ({ client }) =>
        expect(await errorOf(client().join(JOIN))).toMatchObject({
          ...{ code: 'E_RETRY', message: 'the hub did not finish within 0.1 s' },
        }),
      { desk: { join: () => new Promise(() => undefined) }, limits: { requestMs: 100 } },
    ));

  test('is refused a request that is too large or of another version, before the desk hears of it', () =>
    withHub(async ({ client, asked }) => {
      const large = { ...HELLO, name: 'x'.repeat(20_000) };
      expect(await errorOf(client().hello(large))).toMatchObject({
        ...{ code: 'E_USAGE', message: 'the request is larger than 16 KiB' },
      });
      const newer = { ...HELLO, colour: 'red' };
      expect(await errorOf(client().hello(newer))).toMatchObject({
        code: 'E_USAGE',
        message: 'the hub does not understand this hello: a key that this version does not know',
        hint: 'run the same version of island here and on the hub',
      });
      expect(asked).toEqual([]);
    }));
});

describe('who does not', () => {
  test('is refused in the same words with an unknown identity as with a wrong key', () =>
    withHub(async ({ client, asked, key }) => {
      const wrong = await errorOf(client({ key: randomBytes(32) }).hello(HELLO));
      const unknown = await errorOf(client({ key, identity: 'token:stranger' }).hello(HELLO));
      expect(wrong).toMatchObject(REFUSED);
      expect(unknown).toMatchObject(REFUSED);
      expect(asked).toEqual([]);
    }));

  test('is refused, not served, when the keys cannot be looked up', () =>
    withHub(
      async ({ client, lines }) => {
        expect(await errorOf(client().hello(HELLO))).toMatchObject(REFUSED);
        expect(lines.join('\n')).toContain('cannot look up a key');
      },
      {
        desk: {
          keyOf: () => {
            throw new Error('the disk is gone');
          },
        },
      },
    ));

  test.each([new Uint8Array(), new Uint8Array(16), new Uint8Array(600)])(
    'is refused when the key at the hub is not of 32 bytes (%#)',
    (key) =>
      withHub(async ({ client }) => expect(await errorOf(client().hello(HELLO))).toMatchObject(REFUSED), {
        desk: { keyOf: () => key },
      }),
  );
});

test('no key is in the log or in an error, whatever goes wrong', () =>
  withHub(async ({ client, key, lines }) => {
    const said = [
      await client()
        .join(JOIN)
        .then(() => 'joined'),
      await errorOf(client({ identity: `token:${'x'.repeat(300)}` }).hello(HELLO)),
      await errorOf(client({ key: Buffer.concat([key, key]) }).hello(HELLO)),
      await errorOf(client({ identity: 'token:stranger' }).hello(HELLO)),
    ];
    const text = [...said.map((each) => inspected(each)), ...lines].join('\n');
    expect(text).toContain('answered a call');
    const secrets = [...spellingsOf(key), JOINED.key, JOINED.mac, JOINED.hubMac];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  }));

function inspected(value: unknown): string {
  return value instanceof Error ? `${value.stack}\n${String(value.cause)}` : String(value);
}

function spellingsOf(key: Uint8Array): string[] {
  const bytes = Buffer.from(key);
  const spaced = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'), spaced];
}

describe('close', () => {
  test('lets a request in hand finish, and takes no other', () => {
    const called = gate();
    const going = gate();
    return withHub(
      async ({ api, client, port }) => {
        const answer = client().hello(HELLO);
        await called.opened;
        const idle = await rawConnection(port);
        const closed = api.close();
        await idle.ended;
        expect(await errorOf(client().hello(HELLO))).toMatchObject({ code: 'E_RETRY' });
        going.open();
        expect(await answer).toEqual(ANSWER);
        await closed;
      },
      {
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

  test('does not wait for ever for one that does not finish', () => {
    const called = gate();
    return withHub(
      async ({ api, client }) => {
        const answer = errorOf(client().hello(HELLO));
        await called.opened;
        const started = performance.now();
        await api.close();
        expect(performance.now() - started).toBeLessThan(1000);
        expect(await answer).toMatchObject({ code: 'E_RETRY' });
      },
      {
        desk: {
          hello() {
            called.open();
            return new Promise(() => undefined);
          },
        },
        limits: { closeMs: 100 },
      },
    );
  });

  test('leaves the port to the next one, and may be called again', () =>
    withHub(async ({ api, client, port }) => {
      await client().hello(HELLO);
      await api.close();
      const next = await serveApi({ address: LOOPBACK, port, desk: deskOf({}).desk, log: memoryLog().log });
      await next.close();
      await next.close();
    }));
});

describe('where it cannot listen', () => {
  const { log } = memoryLog();
  const { desk } = deskOf({});

  test('an address that the host does not have is named', async () => {
    const error = errorOf(serveApi({ address: '192.0.2.1' as Ipv4, port: 10_310, desk, log }));
    expect(await error).toMatchObject({
      code: 'E_RETRY',
      message: 'control API on 192.0.2.1:10310: this host does not have the address',
    });
  });

  test('a port that another program has is named, and how to find it', async () => {
    const port = await freePort();
    const other = createServer().listen(port, LOOPBACK);
    await once(other, 'listening');
    const error = await errorOf(serveApi({ address: LOOPBACK, port, desk, log }));
    other.close();
    expect(error).toMatchObject({
      code: 'E_RETRY',
      message: `control API on 127.0.0.1:${port}: another program listens there`,
      hint: `"ss -ltnp sport = :${port}" shows which`,
    });
  });
});
