import { describe, expect, test } from 'vitest';
import { hubWorkersOf, release } from '../../src/hub/leases.ts';
import { pin } from '../../src/hub/pins.ts';
import { keyOfIdentity } from '../../src/hub/tokens.ts';
import { leaseViews } from '../../src/hub/views.ts';
import { parseIpv4, parseSubnet } from '../../src/model/ip.ts';
import type { Island } from '../../src/model/island.ts';
import { DAY, deskOf, islandWith, START } from '../support/register.ts';

const MAC = /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/;
const PAIR = { ...islandWith(), subnet: parseSubnet('10.3.1.64/30') };

describe('a new name', () => {
  test('gets the lowest free address, and secrets of its own', () => {
    const desk = deskOf();
    const identity = desk.token();
    const leases = ['w1', 'w2', 'w3'].map((name) => desk.join({ identity, name, machine: `of ${name}` }));
    expect(leases.map(({ inner }) => inner)).toEqual(['10.3.1.64', '10.3.1.65', '10.3.1.66']);
    expect(leases[0]).toMatchObject({ pinned: false, sinceMs: START });
    expect(leases[0]?.holder).toMatchObject({
      ...{ machine: 'of w1', token: identity.slice(6), routes: [], joinedMs: START },
    });
    const macs = [desk.register.mac, ...leases.map(({ holder }) => holder.mac)];
    for (const mac of macs) expect(mac).toMatch(MAC);
    expect(new Set(macs).size).toBe(4);
    expect(new Set(leases.map(({ holder }) => holder.key)).size).toBe(3);
  });

  test('gets an address that was given up, once no lower one is free', () => {
    const desk = deskOf();
    const identity = desk.token();
    for (const name of ['w1', 'w2', 'w3']) desk.join({ identity, name });
    desk.take(release(desk.register, { name: 'w1', forget: true }, desk.terms.now));
    expect(desk.join({ identity, name: 'w4' }).inner).toBe('10.3.1.64');
  });

  test('gets neither the network nor the broadcast address of the island', () => {
    const desk = deskOf(PAIR);
    const identity = desk.token();
    expect(['w1', 'w2'].map((name) => desk.join({ identity, name }).inner)).toEqual([
      '10.3.1.65',
      '10.3.1.66',
    ]);
    expect(desk.ask({ identity, name: 'w3' })).toMatchObject({ kind: 'refused', code: 'E_RETRY' });
  });

  test.each(['sopnode-l1', 'sopnode-l1-tunnel', 'faraday', 'faraday-tunnel', 'fit03', 'W1', '-', '', 'a.b'])(
    'cannot be %j',
    (name) => {
      const desk = deskOf();
      expect(desk.ask({ identity: desk.token(), name })).toMatchObject({ kind: 'refused', code: 'E_USAGE' });
    },
  );

  test.each([
    ['x'.repeat(57), 'name is too long'],
    ['www', 'name www is already that of an alias in the file'],
    ['lab', 'name lab-tunnel is already that of an alias in the file'],
    ['w1-tunnel', 'name w1-tunnel is already that of the tunnel of w1'],
    ['w2', 'name w2-tunnel is already that of another worker'],
  ])('cannot be %s where a name of its own would have two addresses', (name, message) => {
    const records = ['www', 'lab-tunnel'].map((alias) => ({
      ...({ name: alias, type: 'CNAME', value: 'faraday.r2lab.internal.' } as const),
    }));
    const island = islandWith();
    const desk = deskOf({ ...island, dns: { ...island.dns, records } });
    for (const other of ['w1', 'w2-tunnel']) desk.join({ identity: desk.token(), name: other });
    const refusal = desk.ask({ identity: desk.token(), name });
    expect(refusal).toMatchObject({ kind: 'refused', code: 'E_USAGE' });
    expect(refusal).toHaveProperty('message', expect.stringContaining(message));
  });

  test('that is endless is not repeated', () => {
    const desk = deskOf();
    const refusal = desk.ask({ identity: desk.token(), name: 'x'.repeat(16_000) });
    expect(JSON.stringify(refusal).length).toBeLessThan(400);
  });

  test('is refused where the island takes no workers', () => {
    const desk = deskOf({ ...islandWith(), workers: undefined });
    expect(desk.ask({ identity: desk.token(), name: 'w1' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_CONFIG', message: 'r2lab takes no workers' },
    });
  });
});

describe('a name that comes back', () => {
  test('gets its address, and new secrets, after it has left', () => {
    const desk = deskOf();
    const identity = desk.token();
    const [first] = ['w1', 'w2'].map((name) => desk.join({ identity, name, machine: 'm1' }));
    desk.wait(DAY / 2);
    desk.take(release(desk.register, { name: 'w1' }, desk.terms.now));
    expect(leaseViews(desk.register)[0]).toMatchObject({ state: 'reserved', sinceMs: START + DAY / 2 });
    const again = desk.join({ identity, name: 'w1', machine: 'm1' });
    expect(again.inner).toBe(first?.inner);
    expect(again.holder.mac).not.toBe(first?.holder.mac);
    expect(again.holder.key).not.toBe(first?.holder.key);
  });

  test('with the key of its lease keeps all, and nothing is written', () => {
    const desk = deskOf();
    const first = desk.join({ identity: desk.token(), name: 'w1', machine: 'm1' });
    const { register } = desk;
    desk.wait(DAY);
    expect(desk.join({ identity: 'lease:w1', name: 'w1', machine: 'm1' })).toEqual(first);
    expect(desk.join({ identity: 'lease:w1', name: 'w1' })).toEqual(first);
    expect(desk.register).toBe(register);
  });

  test('with the key of its lease may change its ranges and its machine', () => {
    const desk = deskOf();
    const first = desk.join({ identity: desk.token(), name: 'w1', machine: 'm1' });
    const later = desk.join({ identity: 'lease:w1', name: 'w1', machine: 'm2', routes: ['10.244.7.0/24'] });
    const { mac, key } = first.holder;
    expect(later).toMatchObject({
      inner: first.inner,
      holder: { mac, key, machine: 'm2', routes: ['10.244.7.0/24'] },
    });
  });

  test('with a token on the same machine needs nobody’s leave, and gets new secrets', () => {
    const desk = deskOf();
    const first = desk.join({ identity: desk.token(), name: 'w1', machine: 'm1' });
    const acquired = desk.take(desk.ask({ identity: desk.token(), name: 'w1', machine: 'm1' }));
    expect(acquired).toMatchObject({ kind: 'lease', how: 'replaced', lease: { inner: first.inner } });
    expect(keyOfIdentity(desk.register, 'lease:w1')).not.toEqual(Buffer.from(first.holder.key, 'base64url'));
  });

  test('on another machine waits until the first has been asked, and costs no use of the token meanwhile', () => {
    const desk = deskOf();
    const first = desk.join({ identity: desk.token(), name: 'w1', machine: 'm1' });
    const { mac } = first.holder;
    const identity = desk.token({ uses: 1 });
    const { register } = desk;
    expect(desk.take(desk.ask({ identity, name: 'w1', machine: 'm2' }))).toEqual({
      ...{ kind: 'ask', inner: first.inner, mac },
    });
    expect(desk.register).toBe(register);
    expect(desk.ask({ identity, name: 'w1', machine: 'm2', asked: { mac, answered: true } })).toMatchObject({
      ...{ kind: 'refused', code: 'E_USAGE' },
      message: 'name w1 is that of another machine, which answers at 10.3.1.64',
      hint: expect.stringContaining('--takeover'),
    });
    const asked = { mac, answered: false };
    const acquired = desk.take(desk.ask({ identity, name: 'w1', machine: 'm2', asked }));
    expect(acquired).toMatchObject({
      ...{ kind: 'lease', how: 'replaced', lease: { inner: first.inner, holder: { machine: 'm2' } } },
    });
    expect(keyOfIdentity(desk.register, 'lease:w1')).toHaveLength(32);
  });

  test('is asked about anew when yet another machine has taken the name meanwhile', () => {
    const desk = deskOf();
    const identity = desk.token();
    const { mac } = desk.join({ identity, name: 'w1', machine: 'm1' }).holder;
    const second = desk.join({ identity, name: 'w1', machine: 'm2', takeover: true });
    const asked = { mac, answered: false };
    expect(desk.take(desk.ask({ identity, name: 'w1', machine: 'm3', asked }))).toMatchObject({
      ...{ kind: 'ask', mac: second.holder.mac },
    });
  });

  test('that does not say which machine it is counts as another', () => {
    const desk = deskOf();
    const identity = desk.token();
    desk.join({ identity, name: 'w1' });
    expect(desk.take(desk.ask({ identity, name: 'w1' })).kind).toBe('ask');
  });

  test('may take the name from a machine that is alive, if it says so', () => {
    const desk = deskOf();
    const identity = desk.token();
    const first = desk.join({ identity, name: 'w1', machine: 'm1' });
    const second = desk.join({ identity, name: 'w1', machine: 'm2', takeover: true });
    expect(second.inner).toBe(first.inner);
    expect(second.holder.mac).not.toBe(first.holder.mac);
    expect(desk.register.leases).toHaveLength(1);
  });

  test('with the key of another lease, or of one that is released, is refused', () => {
    const desk = deskOf();
    const identity = desk.token();
    desk.join({ identity, name: 'w1' });
    expect(desk.ask({ identity: 'lease:w1', name: 'w2' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_PERMISSION' },
      message: 'the key is that of the lease of w1, not of "w2"',
    });
    desk.take(release(desk.register, { name: 'w1' }, desk.terms.now));
    expect(desk.ask({ identity: 'lease:w1', name: 'w1' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_PERMISSION', message: 'the lease of w1 has been released' },
    });
    expect(keyOfIdentity(desk.register, 'lease:w1')).toBeUndefined();
  });
});

describe('a pool that is full', () => {
  test('gives a new name the address of the reservation that has waited longest, but for pinned ones', () => {
    const desk = deskOf();
    const identity = desk.token();
    for (const name of ['w1', 'w2', 'w3', 'w4']) desk.join({ identity, name });
    desk.take(pin(desk.register, { name: 'w3' }, desk.terms));
    for (const name of ['w3', 'w2', 'w1']) {
      desk.wait(1000);
      desk.take(release(desk.register, { name }, desk.terms.now));
    }
    expect(desk.join({ identity, name: 'w5' }).inner).toBe('10.3.1.65');
    expect(desk.join({ identity, name: 'w6' }).inner).toBe('10.3.1.64');
    expect(leaseViews(desk.register).map(({ name }) => name)).toEqual(['w3', 'w4', 'w5', 'w6']);
    expect(desk.ask({ identity, name: 'w7' })).toMatchObject({
      ...{
        kind: 'refused',
        code: 'E_RETRY',
        message: 'every address of the pool is held or pinned: 4 leases',
      },
    });
    expect(desk.join({ identity, name: 'w3' }).inner).toBe('10.3.1.66');
  });
});

describe('ranges behind a worker', () => {
  const ask = (desk: ReturnType<typeof deskOf>, name: string, routes: readonly string[]) =>
    desk.ask({ identity: desk.token(), name, routes });

  test('are kept in the order in which they are named', () => {
    const desk = deskOf();
    const routes = ['10.244.9.0/24', '10.244.8.0/24'];
    expect(desk.join({ identity: desk.token(), name: 'w1', routes }).holder.routes).toEqual(routes);
  });

  test.each([
    ['10.245.0.0/24', 'range outside those of workers: 10.245.0.0/24'],
    ['10.0.0.0/8', 'range outside those of workers: 10.0.0.0/8'],
    ['10.244.2.0/25', 'range 10.244.2.0/25 overlaps 10.244.2.0/24, a range behind fit02'],
    ['10.244.0.0/22', 'range 10.244.0.0/22 overlaps 10.244.1.0/24, a range behind fit01'],
    ['10.244.50.128/25', 'range 10.244.50.128/25 overlaps 10.244.50.0/24, a range behind w1'],
    ['10.244.60.1/24', '--route: not an IPv4 subnet: "10.244.60.1/24"'],
    ['elsewhere', '--route: not an IPv4 subnet: "elsewhere"'],
  ])('cannot be %s', (range, message) => {
    const desk = deskOf();
    desk.join({ identity: desk.token(), name: 'w1', routes: ['10.244.50.0/24'] });
    expect(ask(desk, 'w2', [range])).toMatchObject({ kind: 'refused', code: 'E_USAGE', message });
  });

  test('cannot be there twice, nor more than 64', () => {
    const desk = deskOf();
    expect(ask(desk, 'w1', ['10.244.9.0/24', '10.244.9.0/25'])).toMatchObject({
      message: 'range 10.244.9.0/25 overlaps 10.244.9.0/24, named here, too',
    });
    const many = Array.from({ length: 65 }, (_, index) => `10.244.200.${index}/32`);
    expect(ask(desk, 'w1', many)).toMatchObject({ message: 'too many ranges behind one worker: 65' });
  });

  test('are for islands whose file has room for them', () => {
    const desk = deskOf(withRoutes());
    expect(ask(desk, 'w1', ['10.244.9.0/24'])).toMatchObject({
      ...{ kind: 'refused', code: 'E_USAGE' },
      message: 'workers of this island have no ranges behind them: 10.244.9.0/24',
    });
  });

  test('are free again when their worker leaves, and its own when it comes back', () => {
    const desk = deskOf();
    const routes = ['10.244.9.0/24'];
    desk.join({ identity: desk.token(), name: 'w1', routes });
    desk.join({ identity: 'lease:w1', name: 'w1', routes: [...routes, '10.244.10.0/24'] });
    desk.take(release(desk.register, { name: 'w1' }, desk.terms.now));
    desk.join({ identity: desk.token(), name: 'w2', routes });
    expect(ask(desk, 'w1', routes)).toMatchObject({ kind: 'refused' });
  });
});

describe('a lease that is released', () => {
  test('keeps its address, once or twice', () => {
    const desk = deskOf();
    const lease = desk.join({ identity: desk.token(), name: 'w1' });
    desk.wait(1000);
    expect(desk.take(release(desk.register, { name: 'w1' }, desk.terms.now))).toEqual(lease);
    const { register } = desk;
    desk.wait(1000);
    expect(desk.take(release(register, { name: 'w1' }, desk.terms.now))).toMatchObject({
      sinceMs: START + 1000,
    });
    expect(desk.register).toBe(register);
    expect(register.leases).toEqual([
      { name: 'w1', inner: lease.inner, pinned: false, sinceMs: START + 1000 },
    ]);
  });

  test('is gone when it is to be forgotten, pinned or not', () => {
    const desk = deskOf();
    desk.join({ identity: desk.token(), name: 'w1' });
    desk.take(pin(desk.register, { name: 'w1' }, desk.terms));
    desk.take(release(desk.register, { name: 'w1', forget: true }, desk.terms.now));
    expect(desk.register.leases).toEqual([]);
  });

  test('must be there', () => {
    const { register } = deskOf();
    expect(release(register, { name: 'w9' }, START)).toMatchObject({
      ...{ kind: 'refused', code: 'E_USAGE', message: 'no lease of "w9"' },
      hint: 'see who has one with "island lease list"',
    });
  });
});

describe('what the kernel is told', () => {
  test('is every lease that is held, with its ranges as far as the file leaves them to workers', () => {
    const desk = deskOf();
    const identity = desk.token();
    desk.join({ identity, name: 'w1', routes: ['10.244.9.0/24', '10.244.10.0/24'] });
    desk.join({ identity, name: 'w2' });
    desk.take(pin(desk.register, { name: 'w3' }, desk.terms));
    desk.take(release(desk.register, { name: 'w2' }, desk.terms.now));
    const { mac, leases } = desk.register;
    const told = hubWorkersOf(desk.register, desk.terms);
    expect(told).toEqual({
      mac,
      workers: [
        {
          ...{ name: 'w1', inner: '10.3.1.64', mac: leases[0]?.holder?.mac },
          routes: ['10.244.9.0/24', '10.244.10.0/24'].map(parseSubnet),
        },
      ],
    });
    const narrower = withRoutes('10.244.10.0/23');
    expect(hubWorkersOf(desk.register, { island: narrower }).workers[0]?.routes).toEqual([
      parseSubnet('10.244.10.0/24'),
    ]);
  });

  test.each([
    ['the pool has moved', islandWith('10.3.1.128/25')],
    ['a host has the name now', renamed('w1')],
    [
      'the hub has the address now',
      { ...islandWith(), hub: { ...islandWith().hub, inner: parseIpv4('10.3.1.64') } },
    ],
    ['there are no workers any more', { ...islandWith(), workers: undefined }],
  ])('is nothing of a lease that the file has taken away: %s', (_, island) => {
    const desk = deskOf();
    desk.join({ identity: desk.token(), name: 'w1' });
    expect(hubWorkersOf(desk.register, desk.terms).workers).toHaveLength(1);
    expect(hubWorkersOf(desk.register, { island }).workers).toEqual([]);
  });

  test('changes with the address that a worker gets after its old one has left the pool', () => {
    const desk = deskOf();
    desk.join({ identity: desk.token(), name: 'w1' });
    desk.terms = { ...desk.terms, island: islandWith('10.3.1.128/25') };
    expect(desk.join({ identity: 'lease:w1', name: 'w1' }).inner).toBe('10.3.1.128');
    expect(hubWorkersOf(desk.register, desk.terms).workers).toMatchObject([{ inner: '10.3.1.128' }]);
    expect(desk.register.leases).toHaveLength(1);
  });
});

function withRoutes(...routes: readonly string[]): Island {
  const island = islandWith();
  return { ...island, workers: island.workers && { ...island.workers, routes: routes.map(parseSubnet) } };
}

function renamed(name: string) {
  const island = islandWith();
  return { ...island, hosts: island.hosts.map((host, index) => (index === 0 ? { ...host, name } : host)) };
}
