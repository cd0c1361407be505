import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ask } from '../../src/host/ask.ts';
import { serveEcho } from '../../src/host/echo.ts';
import { parseIpv4 } from '../../src/model/ip.ts';

const HERE = parseIpv4('127.0.0.1');
/** RFC 5737: nobody has it. */
const NOBODY = parseIpv4('192.0.2.1');
const OPTIONS = { timeoutMs: 300, canPing: true };
const ADMITS = async (source: string) => source === '127.0.0.1';

describe('a question', () => {
  test('to who is there is answered, and one to a closed port is refused', async () => {
    const server = createServer((socket) => socket.end()).listen(0, HERE);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    expect(await ask({ kind: 'tcp', address: HERE, port }, OPTIONS)).toMatchObject({ state: 'answered' });
    server.close();
    expect(await ask({ kind: 'tcp', address: HERE, port }, OPTIONS)).toMatchObject({ state: 'refused' });
    expect(await ask({ kind: 'udp', address: HERE, port, from: '127.0.0.2' }, OPTIONS)).toMatchObject({
      state: 'refused',
    });
    expect(await ask({ kind: 'ping', address: HERE, bytes: 1000 }, OPTIONS)).toMatchObject({
      state: 'answered',
    });
  });

  test('that cannot be asked says why, and never throws', async () => {
    expect(await ask({ kind: 'ping', address: HERE }, { ...OPTIONS, canPing: false })).toMatchObject({
      ...{ state: 'unasked', reason: expect.stringContaining('iputils-ping') },
    });
    expect(await ask({ kind: 'ping', address: HERE, from: '192.0.2.9' }, OPTIONS)).toMatchObject({
      state: 'unasked',
    });
    expect(await ask({ kind: 'udp', address: NOBODY, port: 9, from: '192.0.2.9' }, OPTIONS)).toMatchObject({
      state: 'unasked',
    });
    expect(await ask({ kind: 'lookup', name: 'no.such.name.invalid' }, OPTIONS)).not.toMatchObject({
      state: 'answered',
    });
  });
});

describe('island echo', () => {
  test('tells who is admitted what it saw, and others nothing', async () => {
    const port = 20_000 + (process.pid % 10_000);
    const close = await serveEcho({ address: HERE, port, admits: ADMITS, greets: [] });
    const question = { kind: 'echo', address: HERE, port, bytes: 500 } as const;
    expect(await ask(question, OPTIONS)).toMatchObject({
      state: 'answered',
      seen: { source: '127.0.0.1', bytes: 500 },
    });
    await expect(serveEcho({ address: HERE, port, admits: ADMITS, greets: [] })).rejects.toMatchObject({
      ...{ code: 'E_APPLY', hint: expect.stringContaining('another "island echo"') },
    });
    close();
    const shy = await serveEcho({ address: HERE, port, admits: async () => false, greets: [] });
    expect(await ask(question, OPTIONS)).toEqual({ state: 'silent' });
    shy();
  });
});
