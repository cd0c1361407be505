import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { run } from '../../src/host/exec.ts';
import { clientHello } from '../support/hub/client-hello.ts';
import { HELLO, type Hub, rawConnection, recorderTo, withHub } from '../support/hub/hub.ts';

/** What OpenSSL's own client makes of the hub; `-ign_eof` would wait, the end of its input ends it. */
async function openssl({ port }: Hub, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], '');
  return stdout + stderr;
}

function keyArguments({ key }: Hub, identity = 'token:abcdefgh'): string[] {
  return ['-psk', Buffer.from(key).toString('hex'), '-psk_identity', identity];
}

const SERVER_HELLO = 2;
const HANDSHAKE = 22;
const ALERT = 21;

/** The first record that comes back: its type, and of a handshake the message's. */
async function answerTo({ port }: Hub, bytes: Buffer): Promise<readonly (number | undefined)[]> {
  const { socket, ended } = await rawConnection(port);
  socket.write(bytes);
  socket.once('data', () => socket.destroy());
  const answer = await ended;
  return answer[0] === HANDSHAKE ? [HANDSHAKE, answer[5]] : [answer[0]];
}

describe('the hub speaks only TLS 1.3 with a key', () => {
  test('to the client of OpenSSL too, without a certificate', () =>
    withHub(async (hub) => {
      const said = await openssl(hub, ...keyArguments(hub));
      expect(said).toContain('TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256');
      expect(said).toContain('no peer certificate available');
    }));

  test.each([
    ['a handshake without a key', []],
    ['TLS 1.2', ['-tls1_2']],
    ['TLS 1.2 with a key', ['-tls1_2', '-psk', '00'.repeat(32), '-cipher', 'PSK']],
    [
      'another hash than that of the keys',
      ['-psk', '00'.repeat(32), '-ciphersuites', 'TLS_AES_256_GCM_SHA384'],
    ],
  ])('%s is refused', (_, args) =>
    withHub(async (hub) => {
      const said = await openssl(hub, ...args);
      expect(said).toMatch(/alert number (?:40|70)/);
      expect(said).toContain('Cipher is (NONE)');
    }),
  );

  test('a key without a key exchange of its own is refused, so that no recording can be read later', () =>
    withHub(async (hub) => {
      const ours = { identity: 'token:abcdefgh', key: hub.key };
      expect(await answerTo(hub, clientHello({ ...ours, modes: [1] }))).toEqual([HANDSHAKE, SERVER_HELLO]);
      expect(await answerTo(hub, clientHello({ ...ours, modes: [0, 1] }))).toEqual([HANDSHAKE, SERVER_HELLO]);
      expect(await answerTo(hub, clientHello({ ...ours, modes: [0] }))).toEqual([ALERT]);
    }));

  test('a session cannot be resumed, so that a revoked token ends with its connection', () =>
    withHub(async (hub) => {
      const folder = await mkdtemp(join(tmpdir(), 'island-tls-'));
      const session = join(folder, 'session');
      // The ticket comes after the handshake, so this client has to stay for a moment: a request keeps it.
      const request = 'POST /v1/hello HTTP/1.0\r\n\r\n';
      const args = [
        's_client',
        '-connect',
        `127.0.0.1:${hub.port}`,
        '-ign_eof',
        '-quiet',
        '-sess_out',
        session,
      ];
      await run('openssl', [...args, ...keyArguments(hub)], request);
      const said = await openssl(hub, '-sess_in', session).finally(() => rm(folder, { recursive: true }));
      expect(said).toContain('alert number 40');
      expect(hub.lines.filter((line) => line.includes('answered a call')).length).toBe(1);
    }));

  test('nothing is taken before the handshake is over', () =>
    withHub(async (hub) => {
      const hello = clientHello({
        ...{ identity: 'token:abcdefgh', key: hub.key, modes: [1], hasEarlyData: true },
      });
      const request = Buffer.from('POST /v1/release HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}');
      const early = Buffer.concat([Buffer.from([23, 3, 3, 0, request.length]), request]);
      expect(await answerTo(hub, Buffer.concat([hello, early]))).toEqual([HANDSHAKE, SERVER_HELLO]);
      const said = await openssl(hub, ...keyArguments(hub), '-early_data', '/dev/null');
      expect(said).toContain('Early data was not sent');
      expect(hub.asked).toEqual([]);
    }));
});

test('an unknown identity and a wrong key get the same bytes', () =>
  withHub(async (hub) => {
    const wrong = clientHello({ identity: 'token:abcdefgh', key: randomBytes(32), modes: [1] });
    const unknown = clientHello({ identity: 'token:hgfedcba', key: hub.key, modes: [1] });
    const malformed = clientHello({ identity: 'king', key: hub.key, modes: [1] });
    const answers = [];
    for (const hello of [wrong, unknown, malformed]) {
      const { socket, ended } = await rawConnection(hub.port);
      socket.write(hello);
      answers.push((await ended).toString('hex'));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^15030300020[0-9a-f]+$/);
  }));

test('what was recorded of a call cannot be played again: it reaches nobody', () =>
  withHub(async ({ port, client, asked }) => {
    const recorder = await recorderTo(port);
    await client({ port: recorder.port }).release();
    recorder.close();
    expect(asked.map(({ call }) => call)).toEqual(['release']);
    const [session] = recorder.sessions;
    if (session === undefined) throw new Error('nothing was recorded');

    // At once, and each record only after as much has come back as in the recording.
    for (const isPatient of [false, true]) {
      const { socket, ended } = await rawConnection(port);
      for (const chunk of session.client) {
        socket.write(chunk);
        if (isPatient) await Promise.race([ended, delay(100)]);
      }
      const answer = await ended;
      expect(answer[0]).toBe(HANDSHAKE);
      expect(answer.length).toBeLessThan(Buffer.concat(session.hub).length);
    }
    expect(asked.length).toBe(1);
    // The same key still opens the door for who has it.
    await client().hello(HELLO);
    expect(asked.length).toBe(2);
  }));
