import { describe, expect, test } from 'vitest';
import { diff } from '../../src/plan/diff.ts';
import { explain } from '../../src/plan/explain.ts';
import type { Link, NftTable, Resource } from '../../src/plan/resource.ts';
import { ipv4 } from '../support/observed.ts';

const IPIP: Link = {
  ...{ kind: 'link', name: 'isl-fara-4eq9lr', alias: 'island:r2lab/faraday', group: 10_310, mtu: 1480 },
  ...{ up: true, encapsulation: 'ipip', local: ipv4('138.96.245.50'), remote: ipv4('138.96.16.97') },
};
const VXLAN: Link = {
  ...{
    kind: 'link',
    name: 'isl-vxla-z88ecl',
    alias: 'island:r2lab/+vxlan',
    group: 10_310,
    mtu: 1450,
    up: true,
  },
  ...{ encapsulation: 'vxlan', id: 10_310, port: 10_310, local: ipv4('138.96.245.50') },
  mac: '02:f0:0a:03:01:02',
};
const TABLE: NftTable = {
  ...{ kind: 'nft', name: 'island-r2lab' },
  sets: [{ name: 'links', type: 'ifname', interval: false, elements: ['isl-a'] }],
  chains: [{ name: 'clamp', hook: 'type filter hook forward priority -150', rules: [{ mark: 'x [1]' }] }],
};
const ROUTE: Resource = {
  ...{
    kind: 'route',
    table: 10_310,
    destination: '192.168.3.0/24',
    type: 'unicast',
    link: 'isl-fara-4eq9lr',
  },
  source: ipv4('138.96.245.50'),
};

function words(before: readonly Resource[], after: readonly Resource[]): string[] {
  return diff(before, after).map(explain);
}

describe('what is missing is said with what it is for', () => {
  test.each<[Resource, string]>([
    [IPIP, 'link isl-fara-4eq9lr (ipip to 138.96.16.97) is missing'],
    [VXLAN, 'link isl-vxla-z88ecl (vxlan 10310, port 10310) is missing'],
    [
      { kind: 'address', link: 'isl-vxla-z88ecl', address: ipv4('10.3.1.2') },
      'address 10.3.1.2 on isl-vxla-z88ecl is missing',
    ],
    [
      { kind: 'neighbour', link: 'isl-vxla-z88ecl', address: ipv4('10.3.1.3'), mac: '02::' },
      'neighbour 10.3.1.3 on isl-vxla-z88ecl is missing',
    ],
    [
      { kind: 'fdb', link: 'isl-vxla-z88ecl', mac: '02:f0:0a:03:01:03', outer: ipv4('138.96.16.97') },
      'forwarding entry of 02:f0:0a:03:01:03 on isl-vxla-z88ecl is missing',
    ],
    [ROUTE, 'route 192.168.3.0/24 in table 10310 is missing'],
    [
      { kind: 'route', table: 10_310, destination: '138.96.245.0/24', type: 'throw' },
      'route throw 138.96.245.0/24 in table 10310 is missing',
    ],
    [
      {
        kind: 'rule',
        priority: 12_480,
        from: ipv4('138.96.16.97'),
        to: ipv4('138.96.245.50'),
        protocol: 4,
        table: 254,
      },
      'rule 12480 (from 138.96.16.97 to 138.96.245.50 ipproto 4 lookup 254) is missing',
    ],
    [
      { kind: 'rule', priority: 12_480, from: ipv4('138.96.16.97'), protocol: 17, port: 10_310, table: 254 },
      'rule 12480 (from 138.96.16.97 ipproto udp sport 10310 dport 10310 lookup 254) is missing',
    ],
    [TABLE, 'nft table island-r2lab is missing'],
    [
      { kind: 'sysctl', link: 'eth0', key: 'net.ipv4.conf.eth0.forwarding', value: '1' },
      'sysctl net.ipv4.conf.eth0.forwarding is missing',
    ],
  ])('%o', (resource, text) => {
    expect(words([], [resource])).toEqual([text]);
  });
});

describe('what differs is said field by field', () => {
  test.each<[string, Resource, Resource, string]>([
    [
      'an MTU',
      { ...IPIP, mtu: 1300 },
      IPIP,
      'link isl-fara-4eq9lr (ipip to 138.96.16.97): mtu is 1300 instead of 1480',
    ],
    [
      'a link that is down, whatever else is wrong with it',
      { ...IPIP, up: false, mtu: 1300 },
      IPIP,
      'link isl-fara-4eq9lr (ipip to 138.96.16.97): is down',
    ],
    [
      'a next hop that should not be there',
      { ...ROUTE, nextHop: ipv4('10.3.1.3'), onlink: true } as Resource,
      ROUTE,
      'route 192.168.3.0/24 in table 10310: nextHop is 10.3.1.3 instead of unset, onlink is true instead of unset',
    ],
    [
      'a sysctl',
      { kind: 'sysctl', link: 'eth0', key: 'net.ipv4.conf.eth0.forwarding', value: '0' },
      { kind: 'sysctl', link: 'eth0', key: 'net.ipv4.conf.eth0.forwarding', value: '1' },
      'sysctl net.ipv4.conf.eth0.forwarding: value is 0 instead of 1',
    ],
    [
      'a chain without its rules',
      { ...TABLE, chains: TABLE.chains.map((chain) => ({ ...chain, rules: [] })) },
      TABLE,
      'nft table island-r2lab: clamp differs',
    ],
    [
      'a flushed table',
      { ...TABLE, sets: [], chains: [] },
      TABLE,
      'nft table island-r2lab: links, clamp differ',
    ],
    [
      'a chain of somebody else in our table',
      { ...TABLE, chains: [...TABLE.chains, { name: 'theirs', hook: 'x', rules: [] }] },
      TABLE,
      'nft table island-r2lab: theirs differs',
    ],
  ])('%s', (...[, before, after, text]) => {
    expect(words([before], [after])).toEqual([text]);
  });

  test.each<[string, Link, Link, RegExp]>([
    [
      'the near end',
      { ...IPIP, local: ipv4('10.0.0.5') },
      IPIP,
      /local is 10\.0\.0\.5 instead of 138\.96\.245\.50/,
    ],
    [
      'the far end',
      { ...IPIP, remote: ipv4('192.0.2.1') },
      IPIP,
      /remote is 192\.0\.2\.1 instead of 138\.96\.16\.97/,
    ],
    ['the MAC', { ...VXLAN, mac: '02:00' }, VXLAN, /mac is 02:00 instead of 02:f0:0a:03:01:02/],
    ['the kind', { ...VXLAN, name: IPIP.name }, IPIP, /encapsulation is vxlan instead of ipip/],
  ])('also for a link that is made anew: %s', (...[, before, after, text]) => {
    expect(words([before], [after])).toEqual([expect.stringMatching(text)]);
  });
});

test('the words of a rule do not matter, only its mark', () => {
  const observed = {
    ...TABLE,
    chains: TABLE.chains.map((chain) => ({ ...chain, rules: [{ mark: 'x [1]' }] })),
  };
  const wanted = {
    ...TABLE,
    chains: TABLE.chains.map((chain) => ({ ...chain, rules: [{ mark: 'x [1]', words: 'accept' }] })),
  };
  expect(words([observed], [wanted])).toEqual([]);
});

test('what is too much is said to belong elsewhere', () => {
  expect(words([ROUTE], [])).toEqual(['route 192.168.3.0/24 in table 10310 does not belong here']);
});
