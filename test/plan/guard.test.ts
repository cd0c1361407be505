import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  formatSubnet,
  fromNumber,
  parseSubnet,
  subnetOf,
  subnetSize,
  toNumber,
} from '../../src/model/ip.ts';
import { droppedBy } from '../../src/plan/guard.ts';
import type { ObservedLink } from '../../src/plan/observed.ts';
import type { NftTable, Resource } from '../../src/plan/resource.ts';
import { pairSets } from '../../src/plan/ruleset-parts.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, sight } from '../support/observed.ts';

const UPLINK = link('eth0', ['138.96.245.50/24']);
const ROUTES = [route('default', { link: 'eth0', nextHop: ipv4('138.96.245.1') })];

function hub(file: string, more: readonly ObservedLink[] = []) {
  return sight(file, 'sopnode-l1', observed([UPLINK, ...more], { routes: ROUTES }));
}

function tableOf(resources: readonly Resource[]): NftTable {
  const table = resources.find((resource): resource is NftTable => resource.kind === 'nft');
  if (table === undefined) throw new Error('no table');
  return table;
}

/** The words of a chain's rules. */
function words(table: NftTable, chain: string): string[] {
  return table.chains.find(({ name }) => name === chain)?.rules.map((rule) => rule.words ?? '') ?? [];
}

function elements(table: NftTable, set: string): readonly string[] | undefined {
  return table.sets.find(({ name }) => name === set)?.elements;
}

const tunl0 = (addresses: readonly string[], up = true) =>
  link('tunl0', addresses, { kind: 'ipip', up, tunnel: { local: '0.0.0.0', remote: '0.0.0.0' } });
const foreign = (kind: string, remote?: string) =>
  link('theirs', [], { kind, tunnel: { local: '138.96.245.50', remote } });

describe('the guard', () => {
  test('ends in a drop wherever a tunnel packet or one that came out of a link can get', () => {
    const table = tableOf(hub(modelFile('vxlan')).resources);
    for (const chain of ['arriving', 'vxlan-in', 'refused']) {
      expect(words(table, chain).at(-1)).toBe('counter drop');
    }
    expect(words(tableOf(hub(modelFile('ipip')).resources), 'ipip-in').at(-1)).toBe('counter drop');
  });

  test('lets from a peer only what lies behind it: its inner address, its networks, its pods', () => {
    const extra = '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n';
    const file = `${modelFile('ipip', extra).replace('fit[01-37]", address: "192.168.3.[1-37]"', 'fit[01-36]", address: "192.168.3.[1-36]"')}  - { name: fit37, address: 192.168.3.37, routes: [10.244.7.0/24] }\n`;
    const table = tableOf(hub(file).resources);
    expect(elements(table, 'ipip-pairs-24')).toEqual([
      ...['138.96.16.97 . 0xaf407', '138.96.16.97 . 0xc0a802', '138.96.16.97 . 0xc0a803'],
    ]);
    expect(elements(table, 'ipip-pairs-32')).toEqual([
      ...['138.96.16.97 . 0xa030103', '198.51.100.9 . 0xa030109'],
    ]);
    expect(words(table, 'ipip-in').slice(0, 2)).toEqual([
      'ip saddr . @th,96,24 @ipip-pairs-24 accept',
      'ip saddr . @th,96,32 @ipip-pairs-32 accept',
    ]);
  });

  test('does not take an address of its own host from the hub', () => {
    const uplink = link('internet', ['138.96.16.97/28']);
    const lans = [link('control', ['192.168.3.100/24']), link('data', ['192.168.2.100/24'])];
    const routes = [route('default', { link: 'internet', nextHop: ipv4('138.96.16.110') })];
    const { resources } = sight(modelFile('ipip'), 'faraday', observed([uplink, ...lans], { routes }));
    expect(elements(tableOf(resources), 'ipip-pairs-24')).toEqual([
      ...['138.96.245.50 . 0x8a60f5', '138.96.245.50 . 0xa0301'],
    ]);
    expect(words(tableOf(resources), 'ipip-in')[0]).toBe(
      '@th,96,32 != 0xa030103 ip saddr . @th,96,24 @ipip-pairs-24 accept',
    );
  });

  test('takes no error about its own ipip packets but one that asks for smaller ones, and leaves those of others', () => {
    const table = tableOf(hub(modelFile('ipip')).resources);
    expect(elements(table, 'ipip-unreachable')).toEqual(['0x8a601061']);
    expect(words(table, 'icmp-in').at(-1)).toBe(
      'icmp type destination-unreachable icmp code != frag-needed @th,136,8 4 @th,192,32 @ipip-unreachable counter drop',
    );
    expect(words(tableOf(hub(modelFile('vxlan')).resources), 'icmp-in')).toHaveLength(1);
  });

  test('lets networks of different gateways reach each other, unless the file says no', () => {
    const rule = 'ip saddr @lans ip daddr @lans ip saddr != @ends ip daddr != @ends counter drop';
    expect(words(tableOf(hub(modelFile('vxlan')).resources), 'arriving')).not.toContain(rule);
    const strict = tableOf(hub(`${modelFile('vxlan')}forwarding: { networks: false }\n`).resources);
    expect(words(strict, 'arriving')[0]).toBe(rule);
    expect(words(strict, 'leaving')).toEqual([rule]);
    expect(words(strict, 'forward').at(-1)).toBe('oifname @links goto leaving');
    expect(elements(strict, 'ends')).toEqual([
      ...['138.96.16.97', '138.96.245.50', '192.168.2.100', '192.168.3.100'],
    ]);
  });

  test('keeps workers apart, unless the file says otherwise', () => {
    const workers = 'workers: { pool: 10.3.1.64/26 }\n';
    const rule = 'ip saddr { 10.3.1.64/26 } ip daddr { 10.3.1.64/26 } counter drop';
    expect(words(tableOf(hub(modelFile('vxlan') + workers).resources), 'arriving')[0]).toBe(rule);
    const open = `${modelFile('vxlan')}${workers}forwarding: { workers: true }\n`;
    expect(words(tableOf(hub(open).resources), 'arriving')).not.toContain(rule);
  });
});

describe('the sets of pairs', () => {
  const pairs = (text: string) =>
    pairSets('p', {
      ...{ by: ['ip saddr', 'ipv4_addr'], at: 96 },
      pairs: [{ sender: '192.0.2.1', subnets: [parseSubnet(text)] }],
    });

  test.each([
    ['10.0.0.0/8', 8, ['0xa']],
    ['10.2.0.0/15', 16, ['0xa02', '0xa03']],
    ['192.168.4.0/22', 24, ['0xc0a804', '0xc0a805', '0xc0a806', '0xc0a807']],
    ['192.168.4.6/31', 32, ['0xc0a80406', '0xc0a80407']],
  ])('hold %s by its first %i bits', (subnet, width, octets) => {
    expect(pairs(subnet)).toMatchObject([
      {
        name: `p-${width}`,
        typeOf: `ip saddr . @th,96,${width}`,
        elements: octets.map((each) => `192.0.2.1 . ${each}`),
      },
    ]);
  });

  test('hold every address of a subnet and no other', () => {
    const address = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(
        address,
        fc.integer({ min: 1, max: 32 }),
        address,
        fc.boolean(),
        (base, prefix, other, inside) => {
          const subnet = subnetOf(fromNumber(base), prefix);
          const asked = inside ? toNumber(subnet.network) + (other % subnetSize(subnet)) : other;
          const found = pairs(formatSubnet(subnet)).some(({ width, elements: held }) =>
            held.includes(`192.0.2.1 . 0x${Math.floor(asked / 2 ** (32 - width)).toString(16)}`),
          );
          expect(found).toBe(contains(subnet, fromNumber(asked)));
        },
      ),
    );
  });
});

describe('tunnels of others', () => {
  const last = (more: readonly ObservedLink[]) =>
    words(tableOf(hub(modelFile('ipip'), more).resources), 'ipip-in').at(-1);

  test('with a known far end are let in from that one alone', () => {
    const table = tableOf(hub(modelFile('ipip'), [foreign('ipip', '203.0.113.9')]).resources);
    expect(elements(table, 'others')).toEqual(['203.0.113.9']);
    expect(words(table, 'ipip-in').slice(-2)).toEqual(['ip saddr @others accept', 'counter drop']);
  });

  test('that take packets from anybody, as tunl0 of Calico does, get those that no peer sent, and it is said', () => {
    expect(last([tunl0(['10.244.0.1/32'])])).toBe('accept');
    expect(last([foreign('ipip')])).toBe('accept');
    const { findings } = hub(modelFile('ipip'), [tunl0(['10.244.0.1/32'])]);
    expect(findings).toMatchObject([
      { weight: 'note', text: expect.stringContaining('tunl0 is up with 10.244.0.1') },
    ]);
  });

  test('do not include a tunl0 that nobody uses: it is set down', () => {
    expect(last([tunl0([])])).toBe('counter drop');
    const fallbacks = (more: readonly ObservedLink[]) =>
      hub(modelFile('ipip'), more).resources.filter(({ kind }) => kind === 'fallback');
    expect(fallbacks([tunl0([])])).toEqual([{ kind: 'fallback', link: 'tunl0', up: false }]);
    expect(fallbacks([tunl0(['10.244.0.1/32'])])).toEqual([]);
    expect(fallbacks([])).toEqual([]);
  });

  test.each([
    ['gre', ['41 : goto refused'], ['47 : goto refused']],
    ['sit', ['47 : goto refused'], ['41 : goto refused']],
  ])('of kind %s keep their packets', (kind, refused, left) => {
    const [first = ''] = words(tableOf(hub(modelFile('ipip'), [foreign(kind)]).resources), 'input');
    for (const way of refused) expect(first).toContain(way);
    for (const way of left) expect(first).not.toContain(way);
  });

  test('of another island are told of ours', () => {
    const other = link('isl-gate-abcdef', [], {
      ...{ kind: 'ipip', alias: 'island:lab2/gate', group: 10_311 },
      tunnel: { local: '138.96.245.50', remote: '203.0.113.9' },
    });
    const { findings } = hub(modelFile('ipip'), [other]);
    expect(findings).toMatchObject([{ weight: 'note', hint: 'afterwards, island join -i lab2' }]);
  });
});

test('counters of one reason are added up, the most first', () => {
  const rule = (mark: string, packets: number) => ({ mark, count: { packets, bytes: packets * 100 } });
  const chains = [
    { name: 'a', rules: [rule('stranger [00000001]', 2), { mark: 'from a peer [00000002]' }] },
    { name: 'b', rules: [rule('not IPv4 [00000003]', 3), rule('stranger [00000004]', 5)] },
  ];
  expect(droppedBy({ kind: 'nft', name: 'island-r2lab', sets: [], chains })).toEqual([
    { reason: 'stranger', packets: 7, bytes: 700 },
    { reason: 'not IPv4', packets: 3, bytes: 300 },
  ]);
});
