import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import type { Island } from '../../src/model/island.ts';
import { desiredOf } from '../../src/plan/desired.ts';
import { diff, type Step } from '../../src/plan/diff.ts';
import { commandsOf, effectsOf } from '../../src/plan/effect.ts';
import { keyOf, linkOf, type Resource } from '../../src/plan/resource.ts';
import { NO_RECORD } from '../../src/plan/sysctl.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, sight } from '../support/observed.ts';

const HOSTS = {
  'sopnode-l1': observed([link('eth0', ['138.96.245.50/24'])], {
    routes: [route('default', { link: 'eth0', nextHop: ipv4('138.96.245.250') })],
  }),
  faraday: observed(
    [
      link('internet', ['138.96.16.97/28']),
      link('control', ['192.168.3.100/24']),
      link('data', ['192.168.2.100/24']),
    ],
    { routes: [route('default', { link: 'internet', nextHop: ipv4('138.96.16.110') })] },
  ),
  fit02: observed([link('control', ['192.168.3.2/24']), link('data', ['192.168.2.2/24'])]),
};

/** `count` further peers of that kind beside faraday. */
function file(
  kind: 'ipip' | 'vxlan',
  { count, mtu, port }: { count: number; mtu: number; port: number },
): string {
  const peers = Array.from({ length: count }, (_, index) => {
    return `  - { name: p${index}, outer: 198.51.100.${index + 1}, inner: 10.3.1.${index + 10} }\n`;
  });
  return `mtu: ${mtu}\nport: ${port}\n${modelFile(kind, peers.join(''))}`;
}

const NUMBERS = [
  { count: 0, mtu: 1500, port: 10_310 },
  { count: 3, mtu: 1500, port: 10_310 },
  { count: 1, mtu: 1400, port: 10_310 },
  { count: 2, mtu: 1500, port: 10_311 },
];
const STATES = (['sopnode-l1', 'faraday', 'fit02'] as const).flatMap((host) =>
  (['ipip', 'vxlan'] as const).flatMap((kind) =>
    NUMBERS.map((numbers) => sight(file(kind, numbers), host, HOSTS[host]).resources),
  ),
);
const state = fc.constantFrom(...STATES);
/** Part of one, as a killed run leaves it. */
const partial = fc.tuple(state, fc.infiniteStream(fc.boolean())).map(([resources, keep]) => {
  return resources.filter(() => keep.next().value === true);
});

describe('the steps from one state to another', () => {
  test('are none when the state is reached, whatever the order in which it is observed', () => {
    fc.assert(
      fc.property(state, fc.func(fc.integer()), (resources, rank) => {
        const shuffled = resources.toSorted((a, b) => rank(keyOf(a)) - rank(keyOf(b)));
        expect(diff(shuffled, resources)).toEqual([]);
        expect(effectsOf(diff(shuffled, resources))).toEqual([]);
      }),
    );
  });

  test('lead there, from any state', () => {
    fc.assert(
      fc.property(partial, state, (before, after) => {
        const reached = applied(before, diff(before, after));
        expect(without('sysctl', reached)).toEqual(without('sysctl', mapOf(after)));
        expect(diff([...reached.values()], after)).toEqual([]);
      }),
    );
  });

  test('add before they remove, outside in, and remove inside out', () => {
    fc.assert(
      fc.property(partial, state, (before, after) => {
        const steps = diff(before, after);
        const firstRemoval = steps.findIndex(({ action }) => action === 'remove');
        const [adding, removing] =
          firstRemoval < 0 ? [steps, []] : [steps.slice(0, firstRemoval), steps.slice(firstRemoval)];
        expect(removing.every(({ action }) => action === 'remove')).toBe(true);
        expect(adding.map(depthOf)).toEqual(adding.map(depthOf).toSorted((a, b) => a - b));
        expect(removing.map(depthOf)).toEqual(removing.map(depthOf).toSorted((a, b) => b - a));
      }),
    );
  });

  test('touch nothing twice, and no sysctl but to write it', () => {
    fc.assert(
      fc.property(partial, state, (before, after) => {
        const steps = diff(before, after);
        const keys = steps.map(({ resource }) => keyOf(resource));
        expect(new Set(keys).size).toBe(keys.length);
        expect(
          steps.filter(({ action, resource }) => action === 'remove' && resource.kind === 'sysctl'),
        ).toEqual([]);
      }),
    );
  });

  test('are at most one process of each tool, and one of nft at either end', () => {
    fc.assert(
      fc.property(partial, state, (before, after) => {
        const tools = effectsOf(diff(before, after)).map(({ tool }) => tool);
        expect(tools.filter((tool) => tool === 'ip').length).toBeLessThanOrEqual(1);
        expect(tools.filter((tool) => tool === 'bridge').length).toBeLessThanOrEqual(1);
        expect(tools.slice(1, -1)).not.toContain('nft');
      }),
    );
  });
});

describe('a link that is made anew', () => {
  const before = sight(modelFile('vxlan'), 'faraday', HOSTS.faraday).resources;
  const after = sight(modelFile('ipip'), 'faraday', HOSTS.faraday).resources;
  const steps = diff(before, after);
  const name = after.find(({ kind }) => kind === 'link');

  test('takes with it what lived on it, so that none of this is removed by itself', () => {
    expect(steps.filter(({ action }) => action === 'remove')).toEqual([]);
    expect(steps.filter(({ action }) => action === 'recreate').map(({ resource }) => resource)).toEqual([
      name,
    ]);
  });

  test('gets back what is to live on it, though it was there before', () => {
    const living = after.filter(
      (resource) => linkOf(resource) === (name === undefined ? undefined : nameOf(name)),
    );
    const added = steps.filter(({ action }) => action === 'add').map(({ resource }) => resource);
    expect(living.length).toBeGreaterThan(3);
    expect(added).toEqual(expect.arrayContaining(living));
  });

  test('leaves the rules where they are', () => {
    expect(steps.filter(({ resource }) => resource.kind === 'rule')).toEqual([]);
  });
});

describe('what the kernel can change in place', () => {
  const resources = sight(modelFile('vxlan'), 'faraday', HOSTS.faraday).resources;
  const changed = (change: object) =>
    diff(
      resources.map((each) => (each.kind === 'link' ? { ...each, ...change } : each)) as Resource[],
      resources,
    )
      .filter(({ resource }) => resource.kind === 'link')
      .flatMap((step) => effectsOf([step]).flatMap(commandsOf));

  test.each([
    ['the MTU', { mtu: 1300 }, ['ip link set dev isl-sopn-1ycmgm mtu 1450']],
    ['the group', { group: 7 }, ['ip link set dev isl-sopn-1ycmgm group 10310']],
    [
      'an alias that a killed run did not come to',
      { alias: '', up: false },
      [
        'ip link set dev isl-sopn-1ycmgm alias island:r2lab/sopnode-l1 addrgenmode none',
        'ip link set dev isl-sopn-1ycmgm up',
      ],
    ],
  ])('is changed there: %s', (_, change, commands) => {
    expect(changed(change)).toEqual(commands);
  });

  test.each([{ id: 1 }, { port: 0 }, { local: ipv4('192.0.2.1') }, { mac: '02:00:00:00:00:00' }])(
    'is not %o, for which the link is made anew',
    (change) => {
      expect(changed(change)[0]).toBe('ip link delete dev isl-sopn-1ycmgm');
    },
  );
});

test('thousands of peers are compared in seconds', { timeout: 20_000 }, () => {
  const island = loadIsland(modelFile('vxlan'), 'r2lab.yaml');
  const [faraday] = island.peers;
  if (faraday === undefined) throw new Error('no peer');
  const peers = Array.from({ length: 4000 }, (_, index) => ({
    ...{ ...faraday, networks: [], name: `p${index}` },
    outer: ipv4(`198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`),
    inner: ipv4(`10.200.${Math.floor(index / 250)}.${(index % 250) + 1}`),
  }));
  const large: Island = { ...island, peers };
  const started = performance.now();
  const resources = hubResources(large);
  expect(diff([], resources).length).toBeGreaterThan(12_000);
  expect(diff(resources, resources)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(10_000);
});

function hubResources(island: Island): readonly Resource[] {
  const place = { role: 'hub', name: island.hub.name, end: island.hub, reason: '' } as const;
  return desiredOf({ island, place, observed: HOSTS['sopnode-l1'], record: NO_RECORD }).resources;
}

function mapOf(resources: readonly Resource[]): Map<string, Resource> {
  return new Map(
    resources.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).map((each) => [keyOf(each), each]),
  );
}

/** What the kernel makes of the steps, in their order: what is on a link goes with it. */
function applied(before: readonly Resource[], steps: readonly Step[]): Map<string, Resource> {
  return mapOf(steps.reduce(afterStep, before));
}

function afterStep(now: readonly Resource[], { action, resource }: Step): readonly Resource[] {
  const gone = action === 'remove' || action === 'recreate' ? nameOf(resource) : undefined;
  const others = now
    .filter((other) => keyOf(other) !== keyOf(resource))
    .filter((other) => gone === undefined || linkOf(other) !== gone);
  return action === 'remove' ? others : [...others, resource];
}

/** A sysctl outlives the wish for it; its earlier value is the record's matter. */
function without(kind: Resource['kind'], resources: ReadonlyMap<string, Resource>): readonly Resource[] {
  return [...resources.values()].filter((resource) => resource.kind !== kind);
}

function nameOf(resource: Resource): string | undefined {
  return resource.kind === 'link' ? resource.name : undefined;
}

function depthOf({ resource }: Step): number {
  return ['nft', 'link', 'address', 'neighbour', 'fdb', 'route', 'rule', 'sysctl'].indexOf(resource.kind);
}
