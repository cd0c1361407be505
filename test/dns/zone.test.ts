import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { quote, unquote } from '../../src/dns/text.ts';
import { formatZone, type Zone, zonesOf } from '../../src/dns/zone.ts';
import {
  covers,
  fromNumber,
  type Ipv4,
  parseIpv4,
  type Subnet,
  subnetOf,
  subnetSize,
  toNumber,
} from '../../src/model/ip.ts';
import type { HostEntry, Island, Peer } from '../../src/model/island.ts';
import { problemsOf } from '../../src/model/rules.ts';
import { namedAddresses, reverseApexes, reverseName } from '../../src/model/zone.ts';
import { namedZones } from '../support/dns/island.ts';

const BASE = loadIsland(
  'island: lab\nhub: { name: hub, outer: 192.0.2.1, inner: 10.3.1.1 }\nworkers: { pool: 10.3.1.128/25 }\n',
  'lab.yaml',
);

/** Two octets of each: no two of them overlap, whatever is taken from them. */
const PRIVATE = ['10.20', '172.31', '192.168', '100.64'];
const PUBLIC = ['198.51', '203.0', '172.32', '100.128'];

interface Lan {
  readonly start: string;
  readonly prefix: number;
  readonly offset: number;
  readonly hosts: readonly number[];
}

const lan: fc.Arbitrary<Lan> = fc.record({
  start: fc.constantFrom(...PRIVATE, ...PUBLIC),
  // Between these lie those that are cut into so many single addresses that some are left out.
  prefix: fc.oneof(fc.integer({ min: 17, max: 24 }), fc.integer({ min: 27, max: 30 })),
  offset: fc.nat(0x7fff),
  hosts: fc.uniqueArray(fc.nat(200), { maxLength: 5 }),
});

const island: fc.Arbitrary<Island> = fc
  .uniqueArray(lan, { maxLength: 6, selector: ({ start }) => start })
  .map((lans) => islandWith(lans));

/** A peer for each LAN, which is its gateway, and hosts on them. */
function islandWith(lans: readonly Lan[]): Island {
  const peers = lans.map(({ start, prefix, offset }, index): Peer => {
    const subnet = subnetOf(fromNumber(toNumber(parseIpv4(`${start}.0.0`)) + offset), prefix);
    const gateway = fromNumber(toNumber(subnet.network) + 1);
    return {
      ...{
        name: `p${index}`,
        outer: parseIpv4(`192.0.2.${index + 2}`),
        inner: parseIpv4(`10.3.1.${index + 2}`),
      },
      ...{ local: undefined, mtu: undefined, link: 'vxlan', networks: [{ subnet, gateway }] },
    };
  });
  const hosts = lans.flatMap(({ hosts: places }, index): HostEntry[] => {
    const subnet = peers[index]?.networks[0]?.subnet;
    if (subnet === undefined) return [];
    return places
      .filter((place) => place + 2 < subnetSize(subnet) - 1)
      .map((place) => ({
        ...{ name: `h${index}-${place}`, address: fromNumber(toNumber(subnet.network) + 2 + place) },
        ...{ routes: [], translate: false, entry: 0 },
      }));
  });
  return { ...BASE, peers, hosts };
}

function apexesAbove(apexes: readonly string[], address: Ipv4): readonly string[] {
  const name = `.${reverseName(address)}`;
  return apexes.filter((apex) => name.endsWith(`.${apex}`));
}

function isPrivate({ network }: Subnet): boolean {
  return PRIVATE.some((start) => network.startsWith(`${start}.`));
}

function recordsOf(zones: readonly Zone[], type: string) {
  return zones.flatMap(({ records }) => records.filter((record) => record.type === type));
}

describe('the zones of any island', () => {
  test('are of islands that break no rule', () => {
    fc.assert(
      fc.property(island, (any) => {
        expect(problemsOf(any)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test('name every host and back: each address one name, and that name the address', () => {
    fc.assert(
      fc.property(island, fc.boolean(), (any, hasWorker) => {
        const workers = hasWorker ? [{ name: 'w', inner: parseIpv4('10.3.1.200') }] : [];
        const zones = zonesOf({ island: any, workers, serial: 1 });
        const addresses = recordsOf(zones, 'A').map(({ owner, value }) => `${value} ${owner}`);
        const names = recordsOf(zones, 'PTR').map(({ owner, value }) => [
          addressOf(owner),
          value.slice(0, -1),
        ]);
        expect(addresses).toEqual(expect.arrayContaining(names.map((pair) => pair.join(' '))));
        const named = new Set(namedAddresses(any, workers).map(({ address }) => address));
        expect(names.map(([address]) => address).toSorted()).toEqual([...named].toSorted());
      }),
    );
  });

  test('are those of private addresses as a whole, and of public ones that the file names: each in one', () => {
    fc.assert(
      fc.property(island, fc.double({ min: 0, max: 0.999, noNaN: true }), (any, where) => {
        const apexes = reverseApexes(any);
        const named = new Set<string>(namedAddresses(any).map(({ address }) => address));
        expect(new Set(apexes).size).toBe(apexes.length);
        for (const subnet of rangesOf(any)) {
          const address = fromNumber(toNumber(subnet.network) + Math.floor(where * subnetSize(subnet)));
          const isOurs = isWhole(any, subnet) || named.has(address);
          expect(apexesAbove(apexes, address)).toHaveLength(Number(isOurs));
        }
        for (const address of named) expect(apexesAbove(apexes, address as Ipv4)).toHaveLength(1);
        for (const apex of apexes) expect(isOfIsland(any, apex)).toBe(true);
      }),
    );
  });
});

function isWhole(any: Island, subnet: Subnet): boolean {
  return subnet === any.subnet || isPrivate(subnet);
}

function isSingle(apex: string): boolean {
  return apex.split('.').length === 6;
}

/** The subnet and the networks. */
function rangesOf(any: Island): readonly Subnet[] {
  return [any.subnet, ...any.peers.flatMap(({ networks }) => networks.map(({ subnet }) => subnet))];
}

/** Whether all addresses below an apex are in the subnet or a network. */
function isOfIsland(any: Island, apex: string): boolean {
  const octets = apex.replace('.in-addr.arpa', '').split('.').reverse();
  const block = subnetOf(parseIpv4([...octets, 0, 0, 0].slice(0, 4).join('.')), octets.length * 8);
  return rangesOf(any).some((subnet) => covers(subnet, block));
}

function addressOf(owner: string): string {
  return owner.replace('.in-addr.arpa', '').split('.').reverse().join('.');
}

describe('the zones of the model network', () => {
  const [forward, ...reverse] = namedZones();

  test('begin with SOA and NS of the hub, which has an address', () => {
    for (const zone of [forward, ...reverse]) {
      expect(zone === undefined ? [] : formatZone(zone).slice(0, 2)).toEqual([
        `${zone?.apex}. 30 IN SOA sopnode-l1-tunnel.r2lab.internal. hostmaster.r2lab.internal. 7 10 5 3600 5`,
        `${zone?.apex}. 30 IN NS sopnode-l1-tunnel.r2lab.internal.`,
      ]);
    }
    expect(forward && formatZone(forward)).toContain('sopnode-l1-tunnel.r2lab.internal. 30 IN A 10.3.1.2');
  });

  test('are that of the names, those of the subnet and the private networks, and one for each public address', () => {
    expect(reverse.map(({ apex }) => apex)).toEqual([
      ...['1.3.10', '3.168.192', '2.168.192', '50.245.96.138'].map((each) => `${each}.in-addr.arpa`),
      ...[51, 52, 53, 30].map((each) => `${each}.245.96.138.in-addr.arpa`),
    ]);
  });

  test('say texts and targets as a zone file has them', () => {
    expect(forward && formatZone(forward).filter((line) => /^(?:note|www|out|six|_ldap)/.test(line))).toEqual(
      [
        'www.r2lab.internal. 30 IN CNAME api.r2lab.internal.',
        'out.r2lab.internal. 30 IN CNAME www.example.com.',
        'six.r2lab.internal. 30 IN AAAA fd00::1',
        'six.r2lab.internal. 30 IN A 10.9.9.9',
        'note.r2lab.internal. 30 IN TXT "a \\"quote\\", a \\\\ and \\195\\188"',
        '_ldap._tcp.r2lab.internal. 30 IN SRV 1 20 389 fit02.r2lab.internal.',
      ],
    );
  });

  test('are partial only where a worker may be, and only until the workers are known', () => {
    const partial = namedZones({ workers: undefined }).filter(({ isPartial }) => isPartial);
    expect(partial.map(({ apex }) => apex)).toEqual(['r2lab.internal', '1.3.10.in-addr.arpa']);
    expect(namedZones().some(({ isPartial }) => isPartial)).toBe(false);
    expect(
      zonesOf({ island: { ...BASE, workers: undefined }, workers: undefined, serial: 1 })[0]?.isPartial,
    ).toBe(false);
  });
});

test('a worker that joined before the file had its name takes no name of the file', () => {
  const records = [{ name: 'b', type: 'CNAME', value: 'hub.lab.internal.' } as const];
  const workers = ['hub', 'b', 'c'].map((name, index) => ({
    name,
    inner: parseIpv4(`10.3.1.${200 + index}`),
  }));
  const [forward] = zonesOf({ island: { ...BASE, dns: { ...BASE.dns, records } }, workers, serial: 1 });
  expect(
    forward &&
      formatZone(forward)
        .slice(2)
        .map((line) => line.replaceAll('.lab.internal.', '')),
  ).toEqual([
    ...['hub 30 IN A 10.3.1.1', 'hub-tunnel 30 IN A 10.3.1.1', 'b-tunnel 30 IN A 10.3.1.201'],
    ...['c 30 IN A 10.3.1.202', 'c-tunnel 30 IN A 10.3.1.202', 'b 30 IN CNAME hub'],
  ]);
});

test('of very many single addresses those are zones that have a name; blocks always are', () => {
  const lans = ['10.20', '172.31', '192.168', '203.0'].map(
    (start): Lan => ({ start, prefix: 25, offset: 0, hosts: [100, 101] }),
  );
  const apexes = reverseApexes(islandWith([...lans, { start: '100.64', prefix: 17, offset: 0, hosts: [] }]));
  expect(apexes.filter(isSingle)).toHaveLength(256);
  expect(apexes.filter((apex) => !isSingle(apex))).toHaveLength(1 + 128);
  for (const start of ['0.168.192', '0.0.203']) expect(apexes).toContain(`103.${start}.in-addr.arpa`);
});

test('a text in quotes is any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      const text = quote(bytes);
      expect(text).toMatch(/^"[ -~]*"$/);
      expect(Buffer.from(unquote(text))).toEqual(Buffer.from(bytes));
    }),
  );
});
