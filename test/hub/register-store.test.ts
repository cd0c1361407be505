import { describe, expect, test } from 'vitest';
import { granted, type Register, refused } from '../../src/hub/register.ts';
import { formatRegister, parseRegister } from '../../src/hub/register-file.ts';
import { readRegister, registerStore, updateRegister } from '../../src/hub/register-store.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { deskOf } from '../support/register.ts';

function hub(): FakeHost & { writes: number } {
  const host = Object.assign(fakeHost({ hostname: 'sopnode-l1', links: {} }), { writes: 0 });
  const { store } = host;
  return Object.assign(host, {
    store: (island: string) => {
      const disk = store(island);
      return {
        ...disk,
        write: (...args: Parameters<typeof disk.write>) => {
          host.writes += 1;
          return disk.write(...args);
        },
      };
    },
  });
}

/** The register with one lease more, and what that one is. */
function oneMore(register: Register) {
  const number = register.leases.length;
  const lease = { name: `w${number}`, inner: `10.3.1.${number}` as never, pinned: false, sinceMs: 0 };
  return granted({ ...register, leases: [...register.leases, lease] }, lease.name);
}

describe('the register of an island', () => {
  test('is nothing before the first change, which gives the hub its MAC', async () => {
    const host = hub();
    expect(await readRegister(host, 'r2lab')).toBeUndefined();
    const register = await updateRegister(host, 'r2lab', (found) => granted(found, found));
    expect(register).toMatchObject({
      mac: expect.stringMatching(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/),
      leases: [],
    });
    expect(await readRegister(host, 'r2lab')).toEqual(register);
    expect(await updateRegister(host, 'r2lab', (found) => granted(found, found.mac))).toBe(register.mac);
    expect(host.writes).toBe(1);
  });

  test('is read anew for every change, since other processes change it too', async () => {
    const host = hub();
    const [daemon, command] = [registerStore(host, 'r2lab'), registerStore(host, 'r2lab')];
    expect(await daemon.update(oneMore)).toBe('w0');
    expect(await command.update(oneMore)).toBe('w1');
    expect(await daemon.update(oneMore)).toBe('w2');
    expect((await command.read())?.leases.map(({ name }) => name)).toEqual(['w0', 'w1', 'w2']);
  });

  test('goes to the disk once for changes that come together, and each gets its own answer', async () => {
    const host = hub();
    const store = registerStore(host, 'r2lab');
    const first = store.update(oneMore);
    const others = Array.from({ length: 99 }, () => store.update(oneMore));
    expect(await Promise.all([first, ...others])).toEqual(
      Array.from({ length: 100 }, (_, index) => `w${index}`),
    );
    expect(host.writes).toBe(2);
  });

  test('is not written for a refusal, which is the error of the one who asked and of nobody else', async () => {
    const host = hub();
    const store = registerStore(host, 'r2lab');
    await store.update(oneMore);
    const { writes } = host;
    const refusal = refused('E_PERMISSION', 'token aaaaaaaa is used up', 'make another');
    const mistake = () => {
      throw new TypeError('a mistake');
    };
    const [no, bug, yes] = await Promise.allSettled([
      ...[store.update(() => refusal), store.update(mistake), store.update(oneMore)],
    ]);
    expect(no).toMatchObject({
      reason: { code: 'E_PERMISSION', message: 'token aaaaaaaa is used up', hint: 'make another' },
    });
    expect(bug).toMatchObject({ reason: { message: 'a mistake' } });
    expect(yes).toEqual({ status: 'fulfilled', value: 'w1' });
    await expect(store.update(() => refusal)).rejects.toMatchObject({ code: 'E_PERMISSION' });
    expect(host.writes).toBe(writes + 1);
  });

  test('that cannot be written acknowledges nothing, and the next change finds it as it was', async () => {
    const host = hub();
    const store = registerStore(host, 'r2lab');
    await store.update(oneMore);
    const { inTurn } = host;
    Object.assign(host, { inTurn: () => Promise.reject(new Error('ENOSPC')) });
    const outcomes = await Promise.allSettled([store.update(oneMore), store.update(oneMore)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    Object.assign(host, { inTurn });
    expect(await store.update(oneMore)).toBe('w1');
  });

  test('that is damaged is an error, and stays as it is', async () => {
    const host = hub();
    host.files.set('r2lab/workers', '{ "mac": "SECRET"');
    await expect(updateRegister(host, 'r2lab', oneMore)).rejects.toMatchObject({
      code: 'E_APPLY',
      message: '/var/lib/island/r2lab/workers.json: damaged: not JSON; it was left as it is',
      hint: expect.stringMatching(
        /^correct it or put a copy back; "mv .*" gives up every lease and token in it$/,
      ),
    });
    expect(host.files.get('r2lab/workers')).toBe('{ "mac": "SECRET"');
  });
});

describe('the text of a register', () => {
  const desk = deskOf();
  const identity = desk.token({ name: 'w1', uses: 3 });
  desk.token();
  desk.join({ identity, name: 'w1', machine: 'm1', routes: ['10.244.9.0/24'] });

  test('is a line for each token and each lease', () => {
    const lines = formatRegister(desk.register).split('\n');
    expect(lines.filter((line) => line.includes('"name":"w1"'))).toHaveLength(2);
    expect(lines).toHaveLength(11);
  });

  test('says all of it', () => {
    expect(parseRegister(formatRegister(desk.register), 'r2lab')).toEqual(desk.register);
    const { register } = deskOf();
    expect(parseRegister(formatRegister(register), 'r2lab')).toEqual(register);
  });

  test('has room for 10 000 leases in the file', () => {
    const [lease] = desk.register.leases;
    const leases = Array.from({ length: 10_000 }, (_, index) => ({
      ...lease,
      name: `worker-with-a-long-name-${index}`,
    }));
    expect(formatRegister({ ...desk.register, leases } as Register).length).toBeLessThan(1 << 22);
  });

  const lease = { name: 'w1', inner: '10.3.1.64', pinned: false, sinceMs: 0 };
  const holder = { mac: '06:00:00:00:00:01', key: 'k'.repeat(43), routes: [], joinedMs: 0 };
  const token = { id: 'aaaaaaaa', key: 'k'.repeat(43), createdMs: 0, expiresMs: 1 };
  test.each([
    ['wrong at mac', { mac: '01:00:00:00:00:00' }],
    ['wrong at leases', { leases: undefined }],
    ['wrong at leases.0.inner', { leases: [{ ...lease, inner: '10.3.1.264' }] }],
    ['wrong at leases.0.name', { leases: [{ ...lease, name: 'a/b' }] }],
    [
      'wrong at leases.0.holder.routes.0',
      { leases: [{ ...lease, holder: { ...holder, routes: ['10.1.2.3/8'] } }] },
    ],
    ['wrong at tokens.0.id', { tokens: [{ ...token, id: 'SECRET' }] }],
    ['wrong at tokens.0.key', { tokens: [{ ...token, key: 'SECRET' }] }],
    ['wrong at tokens.0.usesLeft', { tokens: [{ ...token, usesLeft: -1 }] }],
    ['a name is there twice: w1', { leases: [lease, { ...lease, inner: '10.3.1.65' }] }],
    ['an address is there twice: 10.3.1.64', { leases: [lease, { ...lease, name: 'w2' }] }],
    ['a token is there twice: aaaaaaaa', { tokens: [token, token] }],
    [
      'a MAC is there twice',
      {
        leases: [
          { ...lease, holder },
          { ...lease, name: 'w2', inner: '10.3.1.65', holder },
        ],
      },
    ],
  ])('is damaged where it says what cannot be: %s', (what, changes) => {
    const content = JSON.stringify({ mac: '06:00:00:00:00:00', tokens: [], leases: [], ...changes });
    expect(() => parseRegister(content, 'r2lab')).toThrow(
      `/var/lib/island/r2lab/workers.json: damaged: ${what}; it was left as it is`,
    );
  });
});
