import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDoor, type Visit } from '../../src/hub/door.ts';
import { createFailures } from '../../src/hub/failures.ts';
import { createTally } from '../../src/hub/tally.ts';

const LIMITS = { connections: 6, perAddress: 3, failuresPerMinute: 30, addresses: 8 };

function building() {
  const door = createDoor(LIMITS);
  const present = new Set<Visit>();
  return {
    door,
    present,
    arrive(address: string, nowMs = 0) {
      const visit: Visit = {
        address,
        drop: () => {
          present.delete(visit);
          door.leave(visit, nowMs, true);
        },
      };
      const turned = door.admit(visit, nowMs);
      if (turned === undefined) present.add(visit);
      return { visit, turned };
    },
  };
}

describe('where there is no room', () => {
  test('a newcomer takes the place of the oldest that nobody vouches for, first of its own address', () => {
    const { arrive, present } = building();
    const others = ['10.0.0.1', '10.0.0.1'].map((address) => arrive(address).visit);
    const [first, ...rest] = ['10.0.0.2', '10.0.0.2', '10.0.0.2'].map((address) => arrive(address).visit);
    const newcomer = arrive('10.0.0.2').visit;
    expect(first === undefined || present.has(first)).toBe(false);
    expect([...present]).toEqual([...others, ...rest, newcomer]);
  });

  test('who is kept keeps its place, and a newcomer is turned away', () => {
    const { arrive, door, present } = building();
    const holders = Array.from({ length: 6 }, (_, index) => arrive(`10.0.0.${index}`).visit);
    for (const visit of holders) door.keep(visit);
    expect(arrive('10.0.0.9').turned).toBe('full');
    expect([...present]).toEqual(holders);
    door.leave(holders[0] as Visit, 0, true);
    expect(arrive('10.0.0.9').turned).toBeUndefined();
  });

  test('there are never more than the limits say, whoever comes, proves and goes', () => {
    const step = fc.record({
      what: fc.constantFrom('arrive', 'arrive', 'prove', 'leave'),
      which: fc.nat(9),
      address: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { arrive, door, present } = building();
        const proven = new Set<Visit>();
        const perform = {
          arrive: (_: Visit | undefined, address: number) => void arrive(`10.0.0.${address}`),
          prove: (visit: Visit | undefined) => void (visit && door.keep(proven.add(visit) && visit)),
          leave(visit: Visit | undefined) {
            if (visit === undefined) return;
            proven.delete(visit);
            visit.drop('');
          },
        };
        for (const { what, which, address } of steps) {
          perform[what]([...present][which], address);
          const ofOne = [...present].filter((each) => each.address === '10.0.0.0');
          expect(present.size).toBeLessThanOrEqual(LIMITS.connections);
          expect(ofOne.length).toBeLessThanOrEqual(LIMITS.perAddress);
          expect([...proven].every((each) => present.has(each))).toBe(true);
        }
      }),
    );
  });
});

describe('failures', () => {
  const fail = (times: number, nowMs = 0) => {
    const failures = createFailures(LIMITS);
    for (let count = 0; count < times; count += 1) failures.count('10.0.0.1', nowMs);
    return failures;
  };

  test('thirty bar an address for two seconds, and no other address', () => {
    expect(fail(29).isBarred('10.0.0.1', 0)).toBe(false);
    expect(fail(30).isBarred('10.0.0.1', 1999)).toBe(true);
    expect(fail(30).isBarred('10.0.0.1', 2000)).toBe(false);
    expect(fail(30).isBarred('10.0.0.2', 0)).toBe(false);
  });

  test('ten thousand bar it for no longer', () => {
    expect(fail(10_000).isBarred('10.0.0.1', 2000)).toBe(false);
  });

  test('are forgotten of the oldest address where there are too many', () => {
    const failures = fail(30);
    for (let host = 0; host < 1000; host += 1) failures.count(`10.1.0.${host}`, 0);
    expect([failures.size(), failures.isBarred('10.0.0.1', 0)]).toEqual([LIMITS.addresses, false]);
  });

  test('of who comes and goes without a word are none', () => {
    const { arrive, door } = building();
    for (let count = 0; count < 100; count += 1) door.leave(arrive('10.0.0.1').visit, 0, false);
    expect(arrive('10.0.0.1').turned).toBeUndefined();
  });
});

test('a tally says the first at once and the rest together', () => {
  const said: [number, string][] = [];
  const tally = createTally<string>(1000, (times, latest) => said.push([times, latest]));
  for (const [what, nowMs] of [
    ['a', 0],
    ['b', 1],
    ['c', 999],
    ['d', 1000],
    ['e', 1001],
  ] as const)
    tally.note(what, nowMs);
  tally.flush();
  tally.flush();
  expect(said).toEqual([
    [1, 'a'],
    [3, 'd'],
    [1, 'e'],
  ]);
});
