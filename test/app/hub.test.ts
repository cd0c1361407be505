import { describe, expect, test } from 'vitest';
import { completions } from '../../src/app/complete.ts';
import { join } from '../../src/app/join.ts';
import { listLeases, pinLease, releaseLease } from '../../src/app/lease.ts';
import { termsOf } from '../../src/app/terms.ts';
import { listTokens, makeToken, takeBackToken } from '../../src/app/token.ts';
import { leasesJson, pinnedSentence, releasedSentence, renderLeases } from '../../src/cli/render/lease.ts';
import { createdJson, createdNote, renderTokens, tokensJson } from '../../src/cli/render/token.ts';
import { acquire } from '../../src/hub/leases.ts';
import { updateRegister } from '../../src/hub/register-store.ts';
import type { FakeHost } from '../support/fake-host.ts';
import { fakeHost } from '../support/fake-host.ts';
import { hostOf, SELF } from '../support/fake-site.ts';
import { DAY, HOUR, islandWith, workersFile } from '../support/register.ts';

const ONCE = { ttlMs: DAY, uses: 1 };

function hub(): FakeHost {
  return hostOf('sopnode-l1', workersFile());
}

/** As the daemon would let it join. */
async function joined(host: FakeHost, name: string): Promise<string> {
  const { id } = await makeToken(host, ONCE);
  const request = { identity: `token:${id}`, name, routes: [], takeover: false };
  const terms = termsOf(host, islandWith());
  const acquired = await updateRegister(host, 'r2lab', (register) => acquire(register, request, terms));
  return acquired.kind === 'lease' ? acquired.lease.inner : '';
}

describe('island token create', () => {
  test('gives the command to type, with the key, and when it ends', async () => {
    const host = hub();
    const created = await makeToken(host, ONCE);
    expect(created.command).toMatch(
      /^island join --hub 138\.96\.245\.50 --token [a-z2-7]{8}\.[A-Za-z0-9_-]{43}$/,
    );
    expect(createdNote(created)).toBe(
      'good for 1 join until 2026-01-02 00:00 UTC; whoever has it may join, so keep it to yourself',
    );
    expect(createdJson(created)).toEqual({
      ...{ schemaVersion: 1, island: 'r2lab', id: created.token.slice(0, 8), token: created.token },
      ...{ command: created.command, name: null, uses: 1, expires: '2026-01-02T00:00:00.000Z' },
    });
  });

  test('names the host that it is for, and a port that is not the usual one', async () => {
    const host = hostOf('sopnode-l1', `port: 10400\n${workersFile()}`);
    const created = await makeToken(host, { ttlMs: HOUR, name: 'w7' });
    expect(created.command).toBe(`island join --hub 138.96.245.50:10400 --name w7 --token ${created.token}`);
    expect(createdNote(created)).toMatch(/^good for any number of joins of w7 until 2026-01-01 01:00 UTC;/);
  });

  test('refuses a name that is somebody’s', async () => {
    await expect(makeToken(hub(), { ...ONCE, name: 'faraday' })).rejects.toMatchObject({
      ...{ code: 'E_USAGE', message: 'name faraday is already that of a peer' },
    });
  });
});

describe('island token list and revoke', () => {
  test('show what is left, and never a key', async () => {
    const host = hub();
    expect(renderTokens(await listTokens(host, {}))).toEqual([
      'r2lab has no tokens: "island token create" makes one',
    ]);
    const first = await makeToken(host, { ttlMs: HOUR, name: 'w7' });
    const second = await makeToken(host, { ttlMs: DAY, uses: 2 });
    host.dateMs += HOUR;
    const listed = await listTokens(host, {});
    expect(renderTokens(listed)).toEqual([
      'TOKEN     FOR  STATE    USES LEFT  CREATED               EXPIRES',
      `${first.id}  w7   expired  unlimited  2026-01-01 00:00 UTC  2026-01-01 01:00 UTC`,
      `${second.id}  any  valid    2          2026-01-01 00:00 UTC  2026-01-02 00:00 UTC`,
    ]);
    expect(tokensJson(listed).tokens[1]).toEqual({
      ...{ id: second.id, name: null, state: 'valid', usesLeft: 2 },
      ...{ created: '2026-01-01T00:00:00.000Z', expires: '2026-01-02T00:00:00.000Z' },
    });
    expect(await takeBackToken(host, { token: second.token })).toBe(second.id);
    expect(await takeBackToken(host, { token: first.id })).toBe(first.id);
    expect((await listTokens(host, {})).tokens).toEqual([]);
    await expect(takeBackToken(host, { token: second.token })).rejects.toMatchObject({
      message: `no token ${second.id}`,
    });
  });
});

describe('island lease', () => {
  test('lists who has which address', async () => {
    const host = hub();
    expect(renderLeases(await listLeases(host, {}))).toEqual([
      'r2lab has no leases: a worker gets one when it joins',
    ]);
    await joined(host, 'w1');
    await joined(host, 'w2');
    await releaseLease(host, { name: 'w2' });
    await pinLease(host, { name: 'w2' });
    const listed = await listLeases(host, {});
    expect(renderLeases(listed)).toEqual([
      'WORKER  INNER      STATE             SINCE                 ROUTES',
      'w1      10.3.1.64  held              2026-01-01 00:00 UTC  -',
      'w2      10.3.1.65  reserved, pinned  2026-01-01 00:00 UTC  -',
    ]);
    expect(leasesJson(listed).leases[0]).toEqual({
      ...{ name: 'w1', inner: '10.3.1.64', state: 'held', pinned: false, routes: [] },
      since: '2026-01-01T00:00:00.000Z',
    });
  });

  test('lists where each was last seen, where somebody looks', async () => {
    const host = hub();
    await joined(host, 'w1');
    await joined(host, 'w2');
    const seen = new Map([['w1', { endpoint: '192.0.2.7:1025', lastSeenMs: host.dateMs }]]);
    const listed = await listLeases(host, {});
    expect(renderLeases(listed, seen)).toEqual([
      'WORKER  INNER      STATE  SINCE                 ENDPOINT        SEEN                  ROUTES',
      'w1      10.3.1.64  held   2026-01-01 00:00 UTC  192.0.2.7:1025  2026-01-01 00:00 UTC  -',
      'w2      10.3.1.65  held   2026-01-01 00:00 UTC  -               -                     -',
    ]);
    expect(leasesJson(listed, seen).leases).toMatchObject([
      { endpoint: '192.0.2.7:1025', lastSeen: '2026-01-01T00:00:00.000Z' },
      { endpoint: null, lastSeen: null },
    ]);
  });

  test('release cuts a worker off, and the name keeps its address unless it is forgotten', async () => {
    const host = hub();
    await joined(host, 'w1');
    expect((await listLeases(host, {})).leases).toMatchObject([{ state: 'held' }]);
    const released = await releaseLease(host, { name: 'w1' });
    expect(releasedSentence(released)).toBe('w1 was cut off; 10.3.1.64 stays reserved for it');
    expect((await listLeases(host, {})).leases).toMatchObject([{ state: 'reserved' }]);
    expect(releasedSentence(await releaseLease(host, { name: 'w1' }))).toBe(
      'w1 had not joined; 10.3.1.64 stays reserved for it',
    );
    expect(await joined(host, 'w1')).toBe('10.3.1.64');
    expect(releasedSentence(await releaseLease(host, { name: 'w1', forget: true }))).toBe(
      'w1 has no lease any more: 10.3.1.64 is free',
    );
    await expect(releaseLease(host, { name: 'w1' })).rejects.toMatchObject({ message: 'no lease of "w1"' });
  });

  test('release that finds another command at the kernel says that it has released, and can be given again', async () => {
    const host = hub();
    await join(host, {});
    await joined(host, 'w1');
    await host.exclusively('r2lab', async () => {
      await expect(releaseLease(host, { name: 'w1' })).rejects.toMatchObject({
        code: 'E_RETRY',
        message:
          'another island command is changing r2lab; the lease is released, but the kernel does not know yet',
      });
    });
    expect((await listLeases(host, {})).leases).toMatchObject([{ state: 'reserved' }]);
    expect(await releaseLease(host, { name: 'w1' })).toMatchObject({ wasHeld: false });
  });

  test('pin keeps an address for good, and as long as it is not needed once the pin is removed', async () => {
    const host = hub();
    expect(pinnedSentence(await pinLease(host, { name: 'w9', address: '10.3.1.66' }))).toBe(
      '10.3.1.66 is kept for w9 for good',
    );
    expect(pinnedSentence(await pinLease(host, { name: 'w9', remove: true }))).toBe(
      '10.3.1.66 is kept for w9 until it is needed for another',
    );
  });

  test.each([
    [{ address: 'here' }, '--address: not an IPv4 address: "here"'],
    [{ address: '10.3.1.65', remove: true }, '--address and --remove exclude each other'],
    [{ address: '10.3.1.99' }, 'not an address for workers: 10.3.1.99'],
    [{ remove: true }, 'no lease of "w9"'],
  ])('pin with %j is refused', async (options, message) => {
    await expect(pinLease(hub(), { name: 'w9', ...options })).rejects.toMatchObject({
      code: 'E_USAGE',
      message,
    });
  });
});

describe('what the hub hands out is changed', () => {
  test('on the hub alone, and others are told where that is', async () => {
    await expect(listLeases(hostOf('faraday', workersFile()), {})).rejects.toMatchObject({
      code: 'E_USAGE',
      message: 'island lease list runs on the hub; faraday is a gateway of r2lab',
      hint: 'run it on sopnode-l1, which has 138.96.245.50',
    });
    const stranger = fakeHost({
      ...{ hostname: 'stranger', links: {} },
      configs: [{ path: '/etc/island/r2lab.yaml', text: workersFile() }],
    });
    await expect(makeToken(stranger, ONCE)).rejects.toMatchObject({
      message: 'island token create runs on the hub; stranger is no host of r2lab',
    });
  });

  test('by root alone', async () => {
    const configs = [{ path: '/etc/island/r2lab.yaml', text: workersFile() }];
    const host = fakeHost({ hostname: 'sopnode-l1', configs, isRoot: false, ...SELF['sopnode-l1'] });
    await expect(listTokens(host, {})).rejects.toMatchObject({
      ...{ code: 'E_PERMISSION', hint: 'sudo island token list' },
    });
  });

  test('where the file lets workers in', async () => {
    const host = hostOf('sopnode-l1', workersFile().replace(/^workers:.*\n/m, ''));
    await expect(makeToken(host, ONCE)).rejects.toMatchObject({
      ...{ code: 'E_CONFIG', message: 'r2lab takes no workers: its file has no "workers:"' },
    });
  });
});

test('the completion knows workers and tokens, and nothing where it may not look', async () => {
  const host = hub();
  expect(await completions(host, 'workers', {})).toEqual([]);
  await joined(host, 'w1');
  const [token] = (await listTokens(host, {})).tokens;
  expect(await completions(host, 'workers', {})).toEqual(['w1']);
  expect(await completions(host, 'tokens', { island: 'r2lab' })).toEqual([token?.id]);
  expect(await completions(host, 'tokens', { island: 'other' })).toEqual([]);
  host.files.set('r2lab/workers', 'damaged');
  expect(await completions(host, 'workers', {})).toEqual([]);
});
