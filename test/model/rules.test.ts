import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { fromNumber, hostSubnet, overlaps, parseIpv4, parseSubnet, subnetOf } from '../../src/model/ip.ts';
import type { Island, Peer } from '../../src/model/island.ts';
import { finderOf, overlapsIn } from '../../src/model/overlaps.ts';
import { problemsOf } from '../../src/model/rules.ts';

const ISLAND = loadIsland(
  `island: lab
subnet: 10.8.0.0/16
hub: { name: hub, outer: 192.0.2.1, inner: 10.8.0.1, networks: [{ subnet: 192.0.2.0/24 }] }
`,
  'lab.yaml',
);

const BASE = 100 * 2 ** 24;

function peer(index: number): Peer {
  const network = fromNumber(172 * 2 ** 24 + 16 * 2 ** 16 + index * 16);
  return {
    name: `p${index}`,
    outer: fromNumber(BASE + index),
    local: undefined,
    inner: fromNumber(10 * 2 ** 24 + 8 * 2 ** 16 + 2 + index),
    mtu: undefined,
    link: 'vxlan',
    networks: [
      { subnet: subnetOf(network, 28), gateway: fromNumber(172 * 2 ** 24 + 16 * 2 ** 16 + index * 16 + 1) },
    ],
  };
}

function island(changes: Partial<Island>): Island {
  return { ...ISLAND, ...changes };
}

function sentences(value: Island): readonly string[] {
  return problemsOf(value).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('an island of 10 000 peers', () => {
  const peers = Array.from({ length: 10_000 }, (_, index) => peer(index));

  test('breaks no rule', () => {
    expect(problemsOf(island({ peers }))).toEqual([]);
  });

  test('is told of the one address that two peers share', () => {
    const twin = { ...peer(9999), inner: peer(5).inner };
    expect(sentences(island({ peers: [...peers.slice(0, 9999), twin] }))).toEqual([
      'peers.9999.inner: inner address is already that of p5',
    ]);
  });

  test('is told of every peer when all share one outer address', () => {
    const behindNat = peers.map((each) => ({ ...each, outer: parseIpv4('198.51.100.1') }));
    expect(problemsOf(island({ peers: behindNat }))).toHaveLength(9999);
  });
});

describe('rules', () => {
  test('hold for an island without anything optional', () => {
    expect(problemsOf(ISLAND)).toEqual([]);
  });

  test('name one fault for a place, however many hosts a range has', () => {
    const hosts = Array.from({ length: 40 }, (_, index) => ({
      name: `fit${index}`,
      address: fromNumber(BASE + index),
      routes: [],
      translate: false,
      entry: 0,
    }));
    expect(sentences(island({ hosts }))).toEqual(['hosts.0.address: address in no network of the island']);
  });

  test('take peers that have the same local address in different clouds', () => {
    const local = parseIpv4('10.0.0.5');
    expect(
      problemsOf(
        island({
          peers: [
            { ...peer(0), local },
            { ...peer(1), local },
          ],
        }),
      ),
    ).toEqual([]);
  });

  test("take a peer in the hub's own network", () => {
    const near = { ...peer(0), outer: parseIpv4('192.0.2.9') };
    expect(problemsOf(island({ peers: [near] }))).toEqual([]);
  });

  test('take a network of two addresses, which has no broadcast address', () => {
    const networks = [{ subnet: parseSubnet('192.168.9.0/31'), gateway: parseIpv4('192.168.9.0') }];
    const hosts = [{ name: 'h', address: parseIpv4('192.168.9.1'), routes: [], translate: false, entry: 0 }];
    expect(problemsOf(island({ peers: [{ ...peer(0), networks }], hosts }))).toEqual([]);
  });

  test('say on what they rest where that may be incomplete', () => {
    const far = { ...peer(0), inner: parseIpv4('10.9.0.1') };
    expect(problemsOf(island({ peers: [far] }))[0]?.restsOn).toEqual(['subnet']);
  });

  test('know a host by its short name, its full name and the name of its tunnel', () => {
    const targets = ['p0', 'p0.lab.internal', 'p0-tunnel', 'api', '10.96.0.1', 'nobody', 'p0.other.internal'];
    const checks = targets.map((target, index) => ({
      kind: 'ping' as const,
      name: `c${index}`,
      target,
      required: true,
    }));
    const records = [{ name: 'api', type: 'A' as const, value: '192.0.2.8' }];
    expect(sentences(island({ peers: [peer(0)], checks, dns: { ...ISLAND.dns, records } }))).toEqual([
      'checks.5.ping: no host of the island is named nobody',
      'checks.6.ping: no host of the island is named p0.other.internal',
    ]);
  });

  test('refuse an alias for the zone itself, and a record said twice', () => {
    const records = [
      { name: '@', type: 'CNAME' as const, value: 'hub' },
      { name: 'a', type: 'TXT' as const, value: 'x' },
      { name: 'a', type: 'TXT' as const, value: 'x' },
      { name: 'a', type: 'TXT' as const, value: 'y' },
    ];
    expect(sentences(island({ dns: { ...ISLAND.dns, records } }))).toEqual([
      'dns.records.0.name: a CNAME beside another record of its name',
      'dns.records.2: record is there twice',
    ]);
  });
});

const subnet = fc
  .tuple(fc.nat(0xffff), fc.integer({ min: 16, max: 32 }))
  .map(([low, prefix]) => subnetOf(fromNumber(10 * 2 ** 24 + low), prefix));

describe('overlaps', () => {
  test('are found exactly where two subnets share an address', () => {
    fc.assert(
      fc.property(fc.array(subnet, { maxLength: 12 }), (subnets) => {
        const found = overlapsIn(subnets);
        for (const { first, second } of found) {
          expect(first).toBeLessThan(second);
          expect(overlaps(subnets[first] ?? fail(), subnets[second] ?? fail())).toBe(true);
        }
        const clean = subnets.every((a, i) => subnets.every((b, j) => i === j || !overlaps(a, b)));
        expect(found.length === 0).toBe(clean);
      }),
    );
  });

  test('an address is found in the smallest subnet that holds it', () => {
    fc.assert(
      fc.property(fc.array(subnet, { maxLength: 12 }), fc.nat(0xffff), (subnets, low) => {
        const address = fromNumber(10 * 2 ** 24 + low);
        const holding = subnets.filter((each) => overlaps(each, hostSubnet(address)));
        const found = finderOf(subnets.map((each) => ({ subnet: each })))(address);
        const smallest = Math.max(...holding.map(({ prefix }) => prefix));
        expect(found?.subnet.prefix).toBe(holding.length === 0 ? undefined : smallest);
      }),
    );
  });
});

function fail(): never {
  throw new Error('no such subnet');
}
