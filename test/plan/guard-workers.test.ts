import { describe, expect, test } from 'vitest';
import { macNumber } from '../../src/model/secret.ts';
import { diff } from '../../src/plan/diff.ts';
import { effectsOf } from '../../src/plan/effect.ts';
import type { NftTable, Resource } from '../../src/plan/resource.ts';
import {
  HUB_MAC,
  hubResources,
  tableIn,
  WORKERS_FILE,
  wordsOf,
  workerNumber,
  workerResources,
} from '../support/plan-workers.ts';

const ONE = workerNumber(65);
const PODS = workerNumber(66, '10.244.1.0/24', '10.244.2.16/28');
const TWO = workerNumber(67);

function elements(table: NftTable, set: string): readonly string[] | undefined {
  return table.sets.find(({ name }) => name === set)?.elements;
}

/** What nft is told to get from one to the other. */
function nftInput(before: readonly Resource[], after: readonly Resource[]): string {
  return effectsOf(diff(before, after))
    .map((effect) => (effect.tool === 'nft' ? effect.input : ''))
    .join('');
}

describe('the guard of a hub with workers', () => {
  test('lets from a worker what its MAC and its inner source, or its range, tell together', () => {
    const table = tableIn(hubResources([ONE, PODS]));
    const [one, pods] = [ONE, PODS].map(({ mac }) => macNumber(mac));
    expect(elements(table, 'worker-pairs-32')).toEqual(
      [
        ...[`${one} . 0xa030141`, `${pods} . 0xa030142`],
        ...Array.from({ length: 16 }, (_, n) => `${pods} . 0xaf4021${n.toString(16)}`),
      ].toSorted(),
    );
    expect(elements(table, 'worker-pairs-24')).toEqual([`${pods} . 0xaf401`]);
    const rules = wordsOf(table, 'workers-in');
    expect(rules.at(-1)).toBe('counter drop');
    const [moved, ...others] = rules.slice(0, -1);
    expect(moved).toMatch(/ != @seen jump workers-moved$/);
    for (const rule of others) expect(rule).toMatch(/ @worker-pairs-\d+ update @seen .* accept$/);
    const told = wordsOf(table, 'workers-moved');
    expect(told.map((rule) => rule.replace('limit rate 5/second meta nftrace set 1 ', ''))).toEqual(others);
    for (const rule of told) expect(rule).toContain('nftrace');
  });

  test('remembers where a packet came from only behind all that it is judged by', () => {
    const rules = wordsOf(tableIn(hubResources([PODS])), 'workers-in').filter((rule) =>
      rule.includes('update @seen'),
    );
    expect(rules.length).toBe(3);
    for (const rule of rules) expect(rule.indexOf('@seen')).toBeGreaterThan(rule.indexOf('@worker-pairs'));
    for (const rule of rules.filter((each) => each.includes('0x0800'))) {
      expect(rule).toContain(`@th,128,48 ${macNumber(HUB_MAC)} `);
    }
  });

  test('judges what has the VNI of the workers by their rules alone, and only that', () => {
    const rules = wordsOf(tableIn(hubResources([ONE])), 'vxlan-in');
    const goto = rules.indexOf('@th,96,32 0x1284600 goto workers-in');
    expect(goto).toBeGreaterThan(0);
    for (const rule of rules.slice(1, goto)) expect(rule).toContain('@th,96,32 0x284600 ');
  });
});

describe('workers that come and go', () => {
  test.each([
    ['the first', [], [ONE]],
    ['the first with a range', [ONE], [ONE, PODS]],
    ['another', [ONE, PODS], [ONE, PODS, TWO]],
    ['one that was made anew', [ONE, TWO], [{ ...ONE, mac: '0e:00:00:00:ff:ff' }, TWO]],
    ['one with another range', [PODS], [{ ...PODS, routes: workerNumber(1, '10.244.9.0/24').routes }]],
    ['the last', [PODS], []],
  ] as const)('change elements and nothing else of the table: %s', (_, before, after) => {
    const [earlier, later] = [before, after].map((workers) => hubResources(workers));
    const input = nftInput(earlier ?? [], later ?? []);
    expect(input).not.toBe('');
    for (const line of input.trim().split('\n')) {
      expect(line).toMatch(/^(?:add|delete) element inet island-r2lab worker-pairs-(?:24|32) \{ 0x/);
    }
  });

  test('do not touch the elements of the others', () => {
    const input = nftInput(hubResources([ONE, PODS, TWO]), hubResources([ONE, TWO]));
    for (const { mac } of [ONE, TWO]) expect(input).not.toContain(macNumber(mac));
    expect(input).not.toContain('seen');
  });

  test('change their own neighbour and routes, and nobody else’s', () => {
    const steps = diff(hubResources([ONE, TWO]), hubResources([ONE, PODS, TWO]));
    expect(steps.filter(({ resource }) => resource.kind !== 'nft').map(({ action }) => action)).toEqual([
      'add',
      'add',
      'add',
      'add',
    ]);
    const lines = effectsOf(steps).flatMap((effect) => (effect.tool === 'ip' ? effect.lines : []));
    for (const line of lines) expect(line).toMatch(/10\.3\.1\.66|10\.244\.[12]\./);
  });

  test('need sets of no other width than the ranges of the file can have', () => {
    const widths = (routes: string) =>
      tableIn(hubResources([], { file: WORKERS_FILE.replace('10.244.0.0/18', routes) }))
        .sets.map(({ name }) => name)
        .filter((name) => name.startsWith('worker-pairs'));
    expect(widths('10.244.0.0/18')).toEqual(['worker-pairs-24', 'worker-pairs-32']);
    expect(widths('10.244.0.0/16')).toEqual(['worker-pairs-16', 'worker-pairs-24', 'worker-pairs-32']);
    expect(widths('10.244.1.0/27')).toEqual(['worker-pairs-32']);
    expect(
      tableIn(hubResources([], { file: WORKERS_FILE.replace(', routes: [10.244.0.0/18]', '') })).sets,
    ).toContainEqual(expect.objectContaining({ name: 'worker-pairs-32', elements: [] }));
  });
});

describe('the guard of a worker', () => {
  const table = tableIn(workerResources({ worker: ONE, hubMac: HUB_MAC }));

  test('lets nothing in but what comes from the hub with both secret MACs', () => {
    const rules = wordsOf(table, 'vxlan-in');
    expect(rules[0]).toBe('udp dport != 10310 return');
    expect(rules.at(-1)).toBe('counter drop');
    const accepts = rules.filter((rule) => rule.endsWith('accept'));
    expect(accepts.length).toBeGreaterThan(1);
    for (const rule of accepts) {
      expect(rule).toContain('ip saddr');
      expect(rule).toContain('@th,96,32 0x1284600 ');
      expect(rule).toContain(`@th,128,48 ${macNumber(ONE.mac)} @th,176,48 ${macNumber(HUB_MAC)} `);
    }
    expect(elements(table, 'vxlan-outer')).toEqual(['138.96.245.50']);
  });

  test('takes from the hub whatever the island has, but what has its own address', () => {
    const accepts = wordsOf(table, 'vxlan-in').filter((rule) => rule.includes('@vxlan-pairs'));
    expect(accepts.length).toBeGreaterThan(0);
    const ownWidth = accepts.filter((rule) => rule.includes('@th,336,32 != 0xa030141'));
    expect(ownWidth.length).toBe(1);
  });
});

describe('a worker', () => {
  const resources = workerResources({ worker: PODS, hubMac: HUB_MAC });

  test('reaches the hub’s own address through the link, but for the data and the control connection', () => {
    const rules = resources.filter((resource) => resource.kind === 'rule');
    expect(rules.map(({ table }) => table)).toEqual([254, 254, 10310]);
    const lines = effectsOf(diff([], resources)).flatMap((each) => (each.tool === 'ip' ? each.lines : []));
    const exempt = lines.filter((line) => line.startsWith('rule add') && line.includes('lookup main'));
    expect(exempt.length).toBe(2);
    for (const line of exempt) expect(line).toContain(' to 138.96.245.50');
    expect(exempt.join()).toMatch(
      /ipproto (?:udp|17) sport 10310 dport 10310 .*ipproto (?:tcp|6) dport 10310 /,
    );
  });

  test('has one link without an address of its own, and asks for the hub again and again', () => {
    const [link] = resources.filter((resource) => resource.kind === 'link');
    expect(link).toMatchObject({
      encapsulation: 'vxlan',
      local: undefined,
      remote: '138.96.245.50',
      id: 75_846,
    });
    const neighbours = resources.filter((resource) => resource.kind === 'neighbour');
    expect(neighbours).toEqual([expect.objectContaining({ address: '10.3.1.2', managed: true })]);
    expect(resources.some(({ kind }) => kind === 'fdb')).toBe(false);
  });
});
