import { describe, expect, test } from 'vitest';
import { beforeOf, restorable } from '../../src/plan/before.ts';
import type { Step } from '../../src/plan/diff.ts';
import type { Observed } from '../../src/plan/observed.ts';
import type { Link, Resource, Sysctl } from '../../src/plan/resource.ts';
import { ipv4, link, observed } from '../support/observed.ts';

const MARKS = { island: 'r2lab', ports: [10_310] };
const OWN: Link = {
  ...{ kind: 'link', name: 'isl-a', alias: 'island:r2lab/a', group: 10_310, mtu: 1480, up: true },
  ...{ encapsulation: 'ipip', local: ipv4('192.0.2.1'), remote: ipv4('192.0.2.2') },
};

function forwarding(name: string, value: string): Sysctl {
  return { kind: 'sysctl', link: name, key: `net.ipv4.conf.${name}.forwarding`, value };
}

function steps(...resources: readonly Resource[]): Step[] {
  return resources.map((resource) => ({ action: 'change', resource }));
}

function host(names: readonly string[], all = '0'): Observed {
  return { ...observed(names.map((name) => link(name))), forwarding: new Map([['all', all]]) };
}

const setting = { marks: MARKS, observed: host(['lan', 'other']) };

describe('what a join found', () => {
  test('holds the forwarding of links that it switches and of its own, and of no others', () => {
    const owned = [OWN, forwarding('isl-a', '1'), forwarding('lan', '0'), forwarding('other', '0')];
    const { resources } = beforeOf({ ...setting, owned, steps: steps(forwarding('lan', '1')) });
    expect(resources).toEqual([OWN, forwarding('isl-a', '1'), forwarding('lan', '0')]);
  });

  test('stays what the first join found, but for what only the second one switches', () => {
    const first = beforeOf({
      ...setting,
      owned: [forwarding('lan', '0')],
      steps: steps(forwarding('lan', '1')),
    });
    const owned = [OWN, forwarding('isl-a', '1'), forwarding('lan', '1'), forwarding('other', '0')];
    const wanted = steps(forwarding('lan', '0'), forwarding('other', '1'));
    const marks = { island: 'r2lab', ports: [20_000] };
    expect(beforeOf({ ...setting, marks, owned, steps: wanted }, first)).toEqual({
      marks: { island: 'r2lab', ports: [10_310, 20_000] },
      forwardingOfAll: '0',
      resources: [forwarding('lan', '0'), forwarding('other', '0')],
    });
  });

  test('is the same value after it was written down and read', () => {
    const owned = [OWN, forwarding('isl-a', '1')];
    const before = beforeOf({ ...setting, owned, steps: [] });
    expect(JSON.parse(JSON.stringify(before))).toStrictEqual(before);
  });
});

describe('what can be had again', () => {
  const address: Resource = { kind: 'address', link: 'isl-a', address: ipv4('10.3.1.3') };
  const before = {
    ...{ marks: MARKS, forwardingOfAll: '0' },
    resources: [OWN, address, forwarding('isl-a', '1'), forwarding('lan', '0')],
  };

  test('is all of it on a host that has the same links', () => {
    expect(restorable(before, host(['lan']))).toEqual(before.resources);
  });

  test('is nothing on a link of the host that has gone', () => {
    expect(restorable(before, host([]))).toEqual([OWN, address, forwarding('isl-a', '1')]);
  });

  test("is not the host's forwarding, once somebody has switched it as a whole", () => {
    expect(restorable(before, host(['lan'], '1'))).toEqual([OWN, address, forwarding('isl-a', '1')]);
  });
});
