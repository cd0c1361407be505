import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { createAdmission, rangesOf } from '../../src/dns/admission.ts';
import {
  contains,
  fromNumber,
  parseIpv4,
  parseSubnet,
  type Subnet,
  subnetOf,
  toNumber,
} from '../../src/model/ip.ts';
import { modelFile } from '../support/island.ts';

const ISLAND = loadIsland(
  modelFile('vxlan', 'workers: { pool: 10.3.1.64/26, routes: [10.244.128.0/17] }\n').replace(
    'name: pdu, address: 138.96.245.30, translate: true',
    'name: w, address: 138.96.245.60, routes: [10.244.1.0/24]',
  ),
  'r2lab.yaml',
);

function at(address: string): number {
  return toNumber(parseIpv4(address));
}

function admissionAt(clock: { ms: number }, allow: readonly string[] = [], addresses = 3) {
  return createAdmission({
    ...{ ranges: rangesOf(ISLAND), allow: allow.map(parseSubnet), now: () => clock.ms },
    limits: { addresses },
  });
}

describe('who may ask', () => {
  test.each([
    ['the subnet of inner addresses', '10.3.1.0', '10.3.1.255'],
    ['a network', '192.168.2.0', '192.168.3.255'],
    ["the hub's network", '138.96.245.0', '138.96.245.255'],
    ['pods behind a host', '10.244.1.0', '10.244.1.255'],
    ['what workers have behind them', '10.244.128.0', '10.244.255.255'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
  ])('%s: %s to %s, and nobody beside it', (_, first, last) => {
    const { admit } = admissionAt({ ms: 0 });
    const verdicts = [at(first) - 1, at(first), at(last), at(last) + 1].map(admit);
    expect(verdicts).toEqual(['stranger', 'admitted', 'admitted', 'stranger']);
  });

  test('is what the ranges say, whichever they are', () => {
    const subnet = fc
      .tuple(fc.nat(0xffff_ffff), fc.integer({ min: 0, max: 32 }))
      .map(([address, prefix]): Subnet => subnetOf(fromNumber(address), prefix));
    fc.assert(
      fc.property(fc.array(subnet, { maxLength: 12 }), fc.array(fc.nat(0xffff_ffff)), (ranges, others) => {
        const { admit } = createAdmission({ ranges, allow: [], now: () => 0 });
        const edges = ranges.flatMap(({ network, prefix }) => {
          const first = toNumber(network);
          return [first - 1, first, first + 2 ** (32 - prefix) - 1, first + 2 ** (32 - prefix)];
        });
        for (const source of [...edges.filter((each) => each >= 0 && each < 2 ** 32), ...others]) {
          const isIn = ranges.some((range) => contains(range, fromNumber(source)));
          expect(admit(source)).toBe(isIn ? 'admitted' : 'stranger');
        }
      }),
    );
  });
});

describe('from outside, where the file allows it', () => {
  const [asker, other] = [at('203.0.113.7'), at('203.0.113.8')];

  test('each address has 40 questions at once and 20 a second; the island as many as it likes', () => {
    const clock = { ms: 0 };
    const { admit } = admissionAt(clock, ['203.0.113.0/24']);
    const heard = (source: number) => {
      const verdicts = Array.from({ length: 100 }, () => admit(source));
      expect(new Set(verdicts)).toEqual(
        new Set(['admitted', ...(verdicts.includes('rate') ? ['rate'] : [])]),
      );
      return verdicts.filter((verdict) => verdict === 'admitted').length;
    };
    expect([heard(asker), heard(other), heard(at('10.3.1.3'))]).toEqual([40, 40, 100]);
    clock.ms += 1000;
    expect(heard(asker)).toBe(20);
    clock.ms += 60_000;
    expect(heard(asker)).toBe(40);
  });

  test('who floods under forged sources makes it forget the oldest, and remember no more', () => {
    const { admit } = admissionAt({ ms: 0 }, ['203.0.0.0/8'], 3);
    for (let each = 0; each < 40; each += 1) admit(asker);
    for (const forged of [1, 2]) admit(asker + forged);
    expect(admit(asker)).toBe('rate');
    admit(asker + 3);
    expect(admit(asker)).toBe('admitted');
  });
});
