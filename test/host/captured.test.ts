import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseFdb, parseIp } from '../../src/host/iproute.ts';
import { parseTable } from '../../src/host/nft.ts';
import { formatSubnet } from '../../src/model/ip.ts';
import { connectedRoutes } from '../../src/plan/observed.ts';
import { ownedOf } from '../../src/plan/owned.ts';

function captured(name: string): string {
  return readFileSync(new URL(`captured/${name}.jsonl`, import.meta.url), 'utf8');
}

describe('ip 6.1.0 on Linux 6.18, on a gateway over vxlan', () => {
  const { links, routes, rules, neighbours } = parseIp(captured('ip-6.1.0-linux-6.18'));
  const routeTo = (destination: string) =>
    routes.find((each) => formatSubnet(each.destination) === destination);

  test('tells the links with their addresses, IPv4 only', () => {
    expect(links.map(({ name, kind, up }) => `${name} ${kind} ${up ? 'up' : 'down'}`)).toEqual([
      ...['lo undefined up', 'internet veth up', 'control veth up', 'data veth up'],
      ...['isl-sopn-1ycmgm vxlan up', 'v9 veth up', 'isl-other veth down'],
    ]);
    expect(links[1]?.addresses).toEqual([{ address: '138.96.16.97', prefix: 28 }]);
    expect(links[0]?.addresses).toEqual([{ address: '127.0.0.1', prefix: 8 }]);
  });

  test('tells all of a vxlan link that island sets, and its traffic', () => {
    expect(links[4]).toMatchObject({
      ...{ mtu: 1450, group: 10_310, alias: 'island:r2lab/sopnode-l1', mac: '02:f0:0a:03:01:03' },
      tunnel: {
        ...{ local: '138.96.16.97', id: 10_310, port: 10_310, portRange: { low: 10_310, high: 10_311 } },
        ...{ learning: false, udpChecksum: false },
      },
      counters: { rxBytes: 180, rxPackets: 4, txBytes: 220, txPackets: 4, txErrors: 0, collisions: 0 },
    });
  });

  test('tells the routes of every table but local, IPv4 only', () => {
    expect(routes.length).toBe(15);
    expect(routes.every(({ table }) => table !== 255)).toBe(true);
    expect(routeTo('138.96.245.0/24')).toEqual({
      ...{ table: 10_310, type: 'unicast', destination: { network: '138.96.245.0', prefix: 24 } },
      ...{ link: 'isl-sopn-1ycmgm', nextHop: '10.3.1.2', source: '192.168.3.100', onlink: true },
      ...{ protocol: 110, scope: 0, metric: 0, mtu: undefined },
    });
    expect(routeTo('10.3.1.2/32')).toMatchObject({ table: 10_310, nextHop: undefined, scope: 253 });
    expect(routeTo('0.0.0.0/0')).toMatchObject({ table: 51_820, nextHop: '138.96.16.98' });
  });

  test.each([
    ['10.9.1.0/24', { type: 'blackhole', link: undefined }],
    ['10.9.2.0/24', { type: 'prohibit', link: undefined }],
    ['10.9.3.0/24', { metric: 50, mtu: 1300, source: '192.168.3.100' }],
    ['10.9.4.0/24', { link: 'control', nextHop: '192.168.3.1' }],
    ['192.168.3.0/24', { type: 'throw', table: 10_310, protocol: 110 }],
  ])('tells what kind of route %s is', (destination, expected) => {
    expect(routeTo(destination)).toMatchObject(expected);
  });

  test('tells which subnets are connected, also behind a wire that is cut', () => {
    const view = {
      links,
      routes,
      rules,
      neighbours,
      fdb: [],
      nft: 'absent',
      firewalls: [],
      forwarding: new Map(),
      claims: [],
    } as const;
    expect(connectedRoutes(view).map(({ destination }) => formatSubnet(destination))).toEqual([
      ...['10.9.9.2/32', '138.96.16.96/28', '192.168.2.0/24', '192.168.3.0/24'],
    ]);
  });

  test("tells rules apart by their selectors, wg-quick's two among them", () => {
    const [local, narrowed, to, suppressing, marked, exempt, lookup, main] = rules;
    expect(local).toMatchObject({ priority: 0, table: 255, protocol: 2, narrowed: false });
    expect(narrowed).toMatchObject({ from: { network: '10.0.0.0', prefix: 8 }, narrowed: true, table: 98 });
    expect(to).toMatchObject({
      to: { network: '138.96.245.53', prefix: 32 },
      from: undefined,
      narrowed: false,
    });
    expect(suppressing).toMatchObject({ table: 254, suppressPrefix: 0, narrowed: false, protocol: 0 });
    expect(marked).toMatchObject({ table: 51_820, inverted: true, narrowed: true });
    expect(exempt).toMatchObject({
      priority: 12_480,
      from: { network: '138.96.16.97', prefix: 32 },
      protocol: 110,
    });
    expect(lookup).toMatchObject({ priority: 12_487, from: undefined, table: 10_310, protocol: 110 });
    expect(main).toMatchObject({ priority: 32_766, table: 254 });
  });

  test('tells neighbours with what they answered, and which are permanent', () => {
    expect(
      neighbours.filter(({ permanent }) => permanent).map(({ link, address }) => `${link} ${address}`),
    ).toEqual(['control 192.168.3.77', 'isl-sopn-1ycmgm 10.3.1.2']);
    expect(neighbours.length).toBe(5);
  });
});

describe('ip 6.1.0 on Linux 6.1, on a peer over ipip', () => {
  const { links, routes, rules } = parseIp(captured('ip-6.1.0-linux-6.1'));

  test('tells the ends of ipip links, and those that tunl0 has not', () => {
    expect(links.find(({ name }) => name === 'isl-sopn-1ycmgm')).toMatchObject({
      ...{ kind: 'ipip', mtu: 1480, group: 10_310, up: true, alias: 'island:r2lab/sopnode-l1' },
      tunnel: { local: '138.96.16.97', remote: '138.96.245.50' },
    });
    expect(links.find(({ name }) => name === 'tunl0')).toMatchObject({
      ...{ kind: 'ipip', up: false, tunnel: { local: 'any', remote: 'any' } },
    });
  });

  test('leaves IPv6 out', () => {
    expect(routes.map(({ destination }) => formatSubnet(destination))).toEqual([
      ...['138.96.245.0/24', '0.0.0.0/0', '138.96.16.96/28'],
    ]);
  });

  test('tells the protocols and ports of rules', () => {
    expect(rules[1]).toMatchObject({ ipProtocol: 4, to: { network: '138.96.245.50', prefix: 32 } });
    expect(rules[2]).toMatchObject({ ipProtocol: 17, sourcePort: 10_310, destinationPort: 10_310 });
  });

  test('is read as the very resources that island wants, so that a rejoin does nothing', () => {
    const view = {
      ...parseIp(captured('ip-6.1.0-linux-6.1')),
      fdb: [],
      nft: 'absent',
      firewalls: [],
      forwarding: new Map(),
      claims: [],
    } as const;
    expect(ownedOf(view, { island: 'r2lab', ports: [10_310] })).toEqual([
      {
        ...{
          kind: 'link',
          name: 'isl-sopn-1ycmgm',
          alias: 'island:r2lab/sopnode-l1',
          group: 10_310,
          mtu: 1480,
        },
        ...{ up: true, encapsulation: 'ipip', local: '138.96.16.97', remote: '138.96.245.50' },
      },
      { kind: 'address', link: 'isl-sopn-1ycmgm', address: '10.3.1.3' },
      {
        ...{ kind: 'route', table: 10_310, destination: '138.96.245.0/24', type: 'unicast' },
        ...{ link: 'isl-sopn-1ycmgm', source: '138.96.16.97' },
      },
      {
        ...{ kind: 'rule', priority: 12_480, table: 254, from: '138.96.16.97', to: '138.96.245.50' },
        protocol: 4,
      },
      { kind: 'rule', priority: 12_481, table: 254, from: '138.96.16.97', protocol: 17, port: 10_310 },
      { kind: 'fallback', link: 'tunl0', up: false },
    ]);
  });
});

test('bridge 6.1.0 tells the outer address of each MAC, and other entries are left out', () => {
  expect(parseFdb(captured('bridge-6.1.0-linux-6.18'))).toEqual([
    { link: 'isl-vxla-z88ecl', mac: '02:f0:0a:03:01:09', outer: '198.51.100.9' },
    { link: 'isl-vxla-z88ecl', mac: '02:f0:0a:03:01:03', outer: '138.96.16.97' },
  ]);
});

test('nft 1.0.6 tells sets, maps, chains, the marks of rules and what they counted', () => {
  const { name, sets, chains } = parseTable('island-r2lab', captured('nft-1.0.6-linux-6.18'));
  expect(name).toBe('island-r2lab');
  expect(sets).toEqual([
    { name: 'links', type: 'ifname', interval: false, elements: ['isl-vxla-z88ecl'] },
    { name: 'mtu-1450', type: 'ifname', interval: false, elements: ['isl-vxla-z88ecl'] },
    {
      ...{ name: 'networks', type: 'ipv4_addr', interval: true },
      elements: ['10.3.1.0/24', '138.96.245.0/24', '192.168.2.0/24', '192.168.3.0/24'],
    },
    {
      ...{ name: 'translated', type: 'ipv4_addr : ipv4_addr', interval: false },
      elements: ['138.96.245.30 : 138.96.245.50'],
    },
    {
      ...{ name: 'vxlan-outer', type: 'ipv4_addr', interval: false },
      elements: ['138.96.16.97', '198.51.100.9'],
    },
    {
      ...{ name: 'vxlan-pairs-24', type: 'ipv4_addr . integer', interval: false },
      elements: ['138.96.16.97 . 0xc0a802', '138.96.16.97 . 0xc0a803'],
    },
    {
      ...{ name: 'vxlan-pairs-32', type: 'ipv4_addr . integer', interval: false },
      elements: ['138.96.16.97 . 0xa030103', '198.51.100.9 . 0xa030109'],
    },
  ]);
  expect(chains.map(({ name: chain, hook, rules }) => [chain, hook, rules.length])).toEqual([
    ['clamp', undefined, 2],
    ['arriving', undefined, 4],
    ['vxlan-in', undefined, 9],
    ['icmp-in', undefined, 1],
    ['refused', undefined, 1],
    ['input', 'type filter hook input priority -150', 2],
    ['forward', 'type filter hook forward priority -150', 2],
    ['redirects', 'type filter hook output priority 0', 1],
    ['sources', 'type nat hook postrouting priority 90', 3],
  ]);
  expect(chains[4]?.rules[0]?.count).toEqual({ packets: 0, bytes: 0 });
  expect(chains[0]?.rules[0]?.mark).toMatch(/^clamp towards the link \[[0-9a-f]{8}\]$/);
});
