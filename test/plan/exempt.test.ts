import { describe, expect, test } from 'vitest';
import type { Observed } from '../../src/plan/observed.ts';
import type { Rule } from '../../src/plan/resource.ts';
import { selectorOf } from '../../src/plan/words.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, sight } from '../support/observed.ts';

const HUB = observed([link('eth0', ['138.96.245.50/24'])], {
  routes: [route('default', { link: 'eth0', nextHop: ipv4('138.96.245.250') })],
});

/** A peer whose outer address lies in a network of its own. */
function campus(n: number, kind = 'ipip'): string {
  return `  - name: campus${n}
    outer: 203.0.11${n}.10
    inner: 10.3.1.${10 + n}
    link: ${kind}
    networks: [{ subnet: 203.0.11${n}.0/24 }]
`;
}

function rules(peers: string, host: Observed = HUB, hostname = 'sopnode-l1'): string[] {
  return sight(modelFile('ipip', peers), hostname, host)
    .resources.filter((resource): resource is Rule => resource.kind === 'rule')
    .map((rule) => `${rule.priority}: ${selectorOf(rule)} lookup ${rule.table}`);
}

const LOOKUP = '12487: from all lookup 10310';

describe('the rules in front of the lookup', () => {
  test('are none on a hub whose peers have their outer addresses outside the island', () => {
    expect(rules('')).toEqual([LOOKUP]);
  });

  test('are one for an address that is in no network', () => {
    const faraday = observed(
      [
        link('internet', ['138.96.16.97/28']),
        link('control', ['192.168.3.100/24']),
        link('data', ['192.168.2.100/24']),
      ],
      { routes: [route('default', { link: 'internet', nextHop: ipv4('138.96.16.110') })] },
    );
    expect(rules('', faraday, 'faraday')).toEqual(['12480: from 138.96.16.97 lookup 254', LOOKUP]);
  });

  test('are one by destination for a single ipip peer whose outer address our table leads into a link', () => {
    expect(rules(campus(4))).toEqual([
      '12480: from 138.96.245.50 to 203.0.114.10 ipproto 4 lookup 254',
      LOOKUP,
    ]);
  });

  test('are two with a table of their own for any number of such ipip peers', () => {
    const expected = [
      '12480: from 138.96.245.50 ipproto 4 lookup 75846',
      '12481: from 138.96.245.50 ipproto 4 lookup 254',
      LOOKUP,
    ];
    expect(rules(campus(4) + campus(5))).toEqual(expected);
    expect(rules(campus(4) + campus(5) + campus(6) + campus(7))).toEqual(expected);
  });

  test('are one for all vxlan peers, by their port', () => {
    const expected = ['12480: from 138.96.245.50 ipproto udp sport 10310 dport 10310 lookup 254', LOOKUP];
    expect(rules(campus(4, 'vxlan'))).toEqual(expected);
    expect(rules(campus(4, 'vxlan') + campus(5, 'vxlan'))).toEqual(expected);
  });

  test('are those of both kinds where there are both', () => {
    expect(rules(campus(4) + campus(5, 'vxlan'))).toEqual([
      '12480: from 138.96.245.50 to 203.0.114.10 ipproto 4 lookup 254',
      '12480: from 138.96.245.50 ipproto udp sport 10310 dport 10310 lookup 254',
      LOOKUP,
    ]);
  });

  test("are none for a peer inside the hub's own network, which is connected and thrown", () => {
    const peer = '  - { name: w9, outer: 138.96.245.59, inner: 10.3.1.9 }\n';
    expect(rules(peer)).toEqual([LOOKUP]);
    const host = observed([link('eth0', ['138.96.245.59/24'])]);
    expect(rules(peer, host, 'w9')).toEqual([LOOKUP]);
  });

  test("are for the address that a cloud's gateway has itself", () => {
    const cloud = observed([link('eth0', ['10.66.0.5/24'])], {
      routes: [route('default', { link: 'eth0', nextHop: ipv4('10.66.0.1') })],
    });
    const peer = '  - { name: cloud1, outer: 203.0.113.7, inner: 10.3.1.9 }\n';
    expect(rules(peer, cloud, 'cloud1')).toEqual(['12480: from 10.66.0.5 lookup 254', LOOKUP]);
  });
});

test('the side table throws the outer addresses of such peers and leads all else as the island does', () => {
  const { resources } = sight(modelFile('ipip', campus(4) + campus(5)), 'sopnode-l1', HUB);
  const routes = resources.flatMap((each) => (each.kind === 'route' ? [each] : []));
  const main = routes.filter(({ table }) => table === 10_310);
  const side = routes.filter(({ table }) => table === 75_846);
  const thrown = side.filter(({ destination }) => destination.endsWith('.10/32'));
  expect(thrown.map(({ type, destination }) => `${type} ${destination}`)).toEqual([
    'throw 203.0.114.10/32',
    'throw 203.0.115.10/32',
  ]);
  expect(side.filter((each) => !thrown.includes(each))).toEqual(
    main.map((each) => ({ ...each, table: 75_846 })),
  );
});
