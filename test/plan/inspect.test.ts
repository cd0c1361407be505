import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { linkNameOf, prioritiesOf } from '../../src/model/addressing.ts';
import { parseSubnet } from '../../src/model/ip.ts';
import { placeOf } from '../../src/model/place.ts';
import { findingsOf } from '../../src/plan/inspect.ts';
import type { Observed, ObservedLink, ObservedRoute } from '../../src/plan/observed.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, rule, sight } from '../support/observed.ts';

const IPIP = modelFile('ipip');
const { exempt, lookup } = prioritiesOf(10_310);
const TO_HUB = linkNameOf('r2lab', 'sopnode-l1');

type More = Parameters<typeof observed>[1];

function faraday(
  links: readonly ObservedLink[] = [],
  { routes = [], ...more }: NonNullable<More> = {},
): Observed {
  const own = [
    link('internet', ['138.96.16.97/28']),
    link('control', ['192.168.3.100/24']),
    link('data', ['192.168.2.100/24']),
  ];
  const uplink = route('default', { link: 'internet', nextHop: ipv4('138.96.16.110') });
  return observed([...own, ...links], { routes: [uplink, ...routes], ...more });
}

function findings(host: Observed, yaml = IPIP, hostname = 'faraday'): string[] {
  return sight(yaml, hostname, host).findings.map(({ weight, text }) => `${weight}: ${text}`);
}

function tunnel(name: string, kind: string, more: NonNullable<ObservedLink['tunnel']>): ObservedLink {
  return link(name, [], { kind, tunnel: more });
}

describe('on a host where nothing is in the way', () => {
  test('there is nothing to say', () => {
    expect(findings(faraday())).toEqual([]);
  });

  test('the links, rules and routes of the island itself are no hindrance', () => {
    const mine = link(TO_HUB, ['10.3.1.3/32'], {
      ...{ kind: 'ipip', group: 10_310, alias: 'island:r2lab/sopnode-l1' },
      tunnel: { local: '138.96.16.97', remote: '138.96.245.50' },
    });
    const rules = [
      rule(exempt, { from: parseSubnet('138.96.16.97/32'), protocol: 110 }),
      rule(lookup, { table: 10_310, protocol: 110 }),
    ];
    const routes = [route('138.96.245.0/24', { table: 10_310, link: TO_HUB, protocol: 110 })];
    expect(findings(faraday([mine], { rules, routes }))).toEqual([]);
  });
});

describe('join is refused', () => {
  test('when a link of somebody else has the name of ours', () => {
    expect(findings(faraday([link(TO_HUB, [], { kind: 'dummy' })]))).toEqual([
      `refuse: link ${TO_HUB} is there already and is not the island's (dummy)`,
    ]);
  });

  test('when a link of the wrong kind carries our name and our marks', () => {
    const fake = link(TO_HUB, [], { kind: 'dummy', group: 10_310, alias: 'island:r2lab/sopnode-l1' });
    expect(findings(faraday([fake]))).toEqual([
      `refuse: link ${TO_HUB} is there already and is not the island's (dummy)`,
    ]);
  });

  test('when another ipip tunnel has the ends of ours, which the kernel would refuse', () => {
    const other = tunnel('r2lab-sopnode', 'ipip', { local: '138.96.16.97', remote: '138.96.245.50' });
    expect(findings(faraday([other]))).toEqual([
      `refuse: link r2lab-sopnode is a tunnel with the ends of ${TO_HUB} already`,
    ]);
  });

  test('when another vxlan link has our number and port', () => {
    const other = tunnel('vx', 'vxlan', { id: 10_310, port: 10_310 });
    expect(findings(faraday([other]), modelFile('vxlan'))).toEqual([
      `refuse: link vx is a tunnel with the ends of ${TO_HUB} already`,
    ]);
  });

  test.each([
    ['tunl0', tunnel('tunl0', 'ipip', { local: 'any', remote: 'any' })],
    ["a CNI's vxlan", tunnel('flannel.1', 'vxlan', { id: 1, port: 8472 })],
    ["a CNI's vxlan on our number", tunnel('cilium', 'vxlan', { id: 10_310, port: 8472 })],
  ])('but not by %s', (_, other) => {
    expect(findings(faraday([other]))).toEqual([]);
    expect(findings(faraday([other]), modelFile('vxlan'))).toEqual([]);
  });

  test('when a rule of somebody else stands among the priorities of ours', () => {
    expect(findings(faraday([], { rules: [rule(exempt + 3, { table: 42 })] }))).toEqual([
      `refuse: rule ${exempt + 3} (from all lookup 42, protocol 0) stands where the rules of r2lab go (${exempt} to ${lookup})`,
    ]);
  });

  test.each([exempt - 1, lookup + 1])('but not by a rule beside them, at %i', (priority) => {
    expect(findings(faraday([], { rules: [rule(priority, { table: 42 })] }))).toEqual([]);
  });

  test('when another island has joined with a port that gives the same priorities', () => {
    const theirs = rule(lookup, { table: 10_310 + 2500, protocol: 110 });
    expect(findings(faraday([], { rules: [theirs] }))).toEqual([
      `refuse: rule ${lookup} (from all lookup 12810, protocol 110, island) stands where the rules of r2lab go (${exempt} to ${lookup})`,
    ]);
  });

  test('but not when this island joined with that other port itself, before the file changed', () => {
    const theirs = rule(lookup, { table: 10_310 + 2500, protocol: 110 });
    const host = faraday([], { rules: [theirs] });
    const { island, place, resources } = sight(IPIP, 'faraday', host);
    const marks = { island: 'r2lab', ports: [10_310, 12_810] };
    expect(findingsOf({ island, place, observed: host, marks, desired: resources })).toEqual([]);
  });

  test('when another island of this host leads to a part of ours, but not when that is ours of an earlier port', () => {
    const routes = [route('138.96.245.0/25', { table: 10_311, link: 'isl-other', protocol: 110 })];
    const host = faraday([], { routes });
    expect(findings(host)).toEqual(['refuse: another island (table 10311) reaches 138.96.245.0/25 already']);
    const { island, place, resources } = sight(IPIP, 'faraday', host);
    const marks = { island: 'r2lab', ports: [10_310, 10_311] };
    expect(findingsOf({ island, place, observed: host, marks, desired: resources })).toEqual([]);
  });

  test('when somebody else keeps routes in the table with our number', () => {
    const routes = [route('10.0.0.0/8', { table: 10_310, link: 'control' })];
    expect(findings(faraday([], { routes }))).toEqual([
      "refuse: table 10310 holds somebody else's route 10.0.0.0/8 (protocol 3, boot)",
    ]);
  });
});

describe('a connected subnet that overlaps the island', () => {
  test.each([
    [
      "the island's subnet",
      '10.3.1.200/25',
      '10.3.1.128/25 on eth9 of this host overlaps the subnet of r2lab',
    ],
    ['all of it and more', '10.0.0.1/8', '10.0.0.0/8 on eth9 of this host overlaps the subnet of r2lab'],
    [
      'the network of another gateway',
      '138.96.245.99/24',
      '138.96.245.0/24 on eth9 of this host overlaps the network 138.96.245.0/24 of sopnode-l1',
    ],
  ])('is refused where it is %s', (_, address, text) => {
    expect(findings(faraday([link('eth9', [address])]))).toEqual([`refuse: ${text}`]);
  });

  test('is refused on a laptop whose home LAN is numbered as a network of the island', () => {
    const yaml = modelFile('ipip', '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n');
    const laptop = observed([link('ppp0', ['198.51.100.9/24']), link('wlan0', ['192.168.3.77/24'])], {
      routes: [route('default', { link: 'ppp0', nextHop: ipv4('198.51.100.1') })],
    });
    expect(findings(laptop, yaml, 'laptop')).toEqual([
      'refuse: 192.168.3.0/24 on wlan0 of this host overlaps the network 192.168.3.0/24 of faraday',
    ]);
  });

  test.each([
    ['docker0', link('docker0', ['172.17.0.1/16'])],
    ['a LAN of its own', link('eth9', ['192.168.77.1/24'])],
  ])('is not that of %s', (_, other) => {
    expect(findings(faraday([other]))).toEqual([]);
  });

  test("is accepted on a gateway inside the hub's network", () => {
    const second = `  - name: sopnode-w9
    outer: 138.96.245.59
    inner: 10.3.1.7
    networks: [{ subnet: 192.168.50.0/24, gateway: 192.168.50.1 }]
`;
    const host = observed([link('eth0', ['138.96.245.59/24']), link('lab0', ['192.168.50.1/24'])]);
    expect(findings(host, modelFile('ipip', second), 'sopnode-w9')).toEqual([]);
  });

  test('is accepted on a member that is on two networks of its gateway', () => {
    const fit = observed([link('control', ['192.168.3.2/24']), link('data', ['192.168.2.2/24'])]);
    expect(findings(fit, IPIP, 'fit02')).toEqual([]);
  });

  test('is accepted where the pods of a host are on its own bridge, and refused elsewhere', () => {
    const yaml = IPIP.replace(
      '"sopnode-w[1-3]", address: "138.96.245.[51-53]"',
      '"sopnode-w[1-3]", address: "138.96.245.[51-53]", routes: ["10.244.[1-3].0/24"]',
    );
    const host = (n: number, pods: number) =>
      observed([link('eth0', [`138.96.245.5${n}/24`]), link('cni0', [`10.244.${pods}.1/24`])]);
    expect(findings(host(1, 1), yaml, 'sopnode-w1')).toEqual([]);
    expect(findings(host(2, 1), yaml, 'sopnode-w2')).toEqual([
      'refuse: 10.244.1.0/24 on cni0 of this host overlaps the range 10.244.1.0/24 of sopnode-w1',
    ]);
  });
});

describe('a rule that is asked before ours', () => {
  /** `wg-quick up` of a tunnel that takes everything. */
  const WG_RULES = [
    rule(exempt - 2, { suppressPrefix: 0 }),
    rule(exempt - 1, { inverted: true, narrowed: true, table: 51_820 }),
  ];
  const WG_ROUTE: ObservedRoute = route('default', { table: 51_820, link: 'wg0' });

  test('and leads all into a tunnel of wg-quick is drift', () => {
    expect(findings(faraday([], { rules: WG_RULES, routes: [WG_ROUTE] }))).toEqual([
      `drift: rule ${exempt - 1} (from all lookup 51820, protocol 0) is asked before the island's and takes 10.3.1.0/24`,
    ]);
  });

  test('is drift for both of the rules where table main has a way for a part of the island', () => {
    const routes = [WG_ROUTE, route('138.96.245.0/25', { link: 'internet', nextHop: ipv4('138.96.16.98') })];
    expect(findings(faraday([], { rules: WG_RULES, routes }))).toEqual([
      `drift: rule ${exempt - 2} (from all lookup 254, protocol 0) is asked before the island's and takes 138.96.245.0/24`,
      `drift: rule ${exempt - 1} (from all lookup 51820, protocol 0) is asked before the island's and takes 10.3.1.0/24`,
      "note: the route 138.96.245.0/25 via 138.96.16.98 dev internet (protocol 3, boot) of table main will not be asked: the island's table comes first",
    ]);
  });

  test('is drift when it is only for a part of a network', () => {
    const rules = [rule(100, { to: parseSubnet('138.96.245.53/32'), table: 99 })];
    const routes = [route('default', { table: 99, link: 'internet' })];
    expect(findings(faraday([], { rules, routes }))).toEqual([
      "drift: rule 100 (from all to 138.96.245.53/32 lookup 99, protocol 0) is asked before the island's and takes 138.96.245.0/24",
    ]);
  });

  test.each([
    ['is for other destinations', rule(100, { to: parseSubnet('8.8.8.0/24'), table: 99 })],
    ['has a table that knows none of ours', rule(100, { table: 98 })],
    ['is for one source', rule(100, { from: parseSubnet('172.17.0.0/16'), table: 99 })],
    ['is for marked packets', rule(100, { narrowed: true, table: 99 })],
    ["is another island's", rule(100, { protocol: 110, table: 99 })],
    ['goes nowhere', rule(100, { table: undefined })],
    ['is asked after ours', rule(lookup + 1, { table: 99 })],
  ])('is no matter when it %s', (_, other) => {
    const routes = [
      route('default', { table: 99, link: 'internet' }),
      route('8.8.8.0/24', { table: 98, link: 'internet' }),
    ];
    expect(findings(faraday([], { rules: [other], routes }))).toEqual([]);
  });
});

describe('a neighbour that the file does not know', () => {
  const neighbour = (address: string, onLink = 'control') => ({
    ...{ link: onLink, address: ipv4(address), mac: '02:00:00:00:00:99', permanent: false },
  });

  test('is noted on a gateway, with how many more there are', () => {
    const neighbours = [
      neighbour('192.168.3.200'),
      neighbour('192.168.2.200', 'data'),
      neighbour('192.168.3.1'),
    ];
    expect(findings(faraday([], { neighbours }))).toEqual([
      'note: 192.168.3.200 and 1 more are on a network of faraday and not in the file; what does not join will not find the way back',
    ]);
  });

  test.each([
    ['is a host of the file', neighbour('192.168.3.7')],
    ['does not answer', { ...neighbour('192.168.3.200'), mac: undefined }],
    ['is outside the networks', neighbour('138.96.16.99', 'internet')],
    ['is a router of this host', neighbour('192.168.3.254')],
  ])('is not noted when it %s', (_, other) => {
    const routes = [route('10.8.0.0/16', { link: 'control', nextHop: ipv4('192.168.3.254') })];
    expect(findings(faraday([], { neighbours: [other], routes }))).toEqual([]);
  });

  test('is not noted when it is the cloud-side address of another end', () => {
    const yaml = IPIP.replace('outer: 138.96.245.50\n', 'outer: 138.96.245.50\n  local: 192.168.3.222\n');
    const island = loadIsland(yaml, 'r2lab.yaml');
    const host = faraday([], { neighbours: [neighbour('192.168.3.222')] });
    const place = placeOf(island, { hostname: 'faraday', addresses: [] });
    if (place.role === 'none') throw new Error(place.reason);
    const marks = { island: 'r2lab', ports: [10_310] };
    expect(findingsOf({ island, place, observed: host, marks, desired: [] })).toEqual([]);
  });
});

test('the worst finding comes first', () => {
  const neighbours = [{ link: 'control', address: ipv4('192.168.3.200'), mac: '02::1', permanent: false }];
  const rules = [rule(100, { table: 99 }), rule(exempt + 1, { table: 98 })];
  const routes = [route('default', { table: 99, link: 'internet' })];
  const host = faraday([], { neighbours, rules, routes });
  expect(sight(IPIP, 'faraday', host).findings.map(({ weight }) => weight)).toEqual([
    'refuse',
    'drift',
    'note',
  ]);
});

describe('a range that others use here', () => {
  test.each([
    ['the services of Kubernetes', '192.168.0.0/16', 'the network of faraday, 192.168.3.0/24'],
    ['the pods of flannel', '10.3.0.0/16', 'the subnet of r2lab, 10.3.1.0/24'],
  ])('is refused when it is for %s and overlaps', (by, claimed, what) => {
    const host = { ...faraday(), claims: [{ subnet: parseSubnet(claimed), by }] };
    expect(findings(host)).toContain(`refuse: ${claimed}, which ${by} use on this host, overlaps ${what}`);
  });

  test('may be the pods of a host, which the file leads there', () => {
    const claims = [{ subnet: parseSubnet('10.244.0.0/16'), by: 'the pods of flannel' }];
    const yaml = `${IPIP}  - { name: sopnode-w1, address: 138.96.245.51, routes: [10.244.1.0/24] }\n`.replace(
      '"sopnode-w[1-3]", address: "138.96.245.[51-53]"',
      '"sopnode-w[2-3]", address: "138.96.245.[52-53]"',
    );
    expect(findings({ ...faraday(), claims }, yaml)).toEqual([]);
  });
});

describe("somebody else's route for a network of the island", () => {
  test.each([
    ['the same range', '138.96.245.0/24'],
    ['a part of it', '138.96.245.128/25'],
  ])('is noted when it is for %s', (_, range) => {
    const routes = [route(range, { link: 'internet', nextHop: ipv4('138.96.16.98'), protocol: 188 })];
    expect(findings(faraday([], { routes }))).toEqual([
      `note: the route ${range} via 138.96.16.98 dev internet (protocol 188, ospf) of table main will not be asked: the island's table comes first`,
    ]);
  });

  test.each([
    ['wider', route('138.96.0.0/16', { link: 'internet' })],
    ['elsewhere', route('8.8.8.0/24', { link: 'internet' })],
    ['the default', route('default', { link: 'internet' })],
  ])('is no matter when it is %s', (_, other) => {
    expect(findings(faraday([], { routes: [other] }))).toEqual([]);
  });
});
