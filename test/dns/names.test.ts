import { describe, expect, test } from 'vitest';
import { compile } from '../../src/dns/compile.ts';
import { find, hashOf, setAt } from '../../src/dns/names.ts';
import type { Zone } from '../../src/dns/zone.ts';

const MANY = 3000;

describe('compiled names', () => {
  const compiled = compile([zoneWith(Array.from({ length: MANY }, (_, index) => `n${index}`))]);

  test('are found however many there are, whatever their case, and others are not', () => {
    const found = Array.from({ length: MANY }, (_, index) => place(`N${index}.r2lab.internal`));
    expect(new Set(found).size).toBe(MANY);
    expect(found.every((each) => setAt(compiled, each, 1) !== 0 && setAt(compiled, each, 28) === 0)).toBe(
      true,
    );
    const others = Array.from({ length: MANY }, (_, index) => place(`n${MANY + index}.r2lab.internal`));
    expect(others.every((each) => each === 0)).toBe(true);
  });

  test('are found by all of a name and by no part of it', () => {
    for (const name of [
      'n1',
      'r2lab',
      'n1.r2lab',
      'n1.r2lab.internal.x',
      'x.n1.r2lab.internal',
      'internal',
      '',
    ]) {
      expect(place(name), name).toBe(0);
    }
    // A letter with another bit changed than that of its case.
    expect(place('r2lab.internal'.replaceAll('i', ')'))).toBe(0);
    expect(place('r2lab.internal')).not.toBe(0);
  });

  test('are not another name of the same hash', () => {
    const [one, other] = ['n162789', 'n379192'];
    const both = [one, other].map((name) => ({ bytes: wire(`${name}.r2lab.internal`), start: 0 }));
    expect(new Set(both.map(hashOf)).size).toBe(1);
    const [alone, together] = [compile([zoneWith([one])]), compile([zoneWith([one, other])])];
    expect(both.map((name) => find(alone, name) !== 0)).toEqual([true, false]);
    expect(new Set(both.map((name) => find(together, name))).size).toBe(2);
  });

  function place(name: string): number {
    return find(compiled, { bytes: wire(name), start: 0 });
  }
});

function wire(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.of(0),
  ]);
}

function zoneWith(names: readonly string[]): Zone {
  const apex = 'r2lab.internal';
  const soa = {
    owner: apex,
    type: 'SOA',
    ttl: 30,
    value: `ns.${apex}. hostmaster.${apex}. 1 10 5 60 10`,
  } as const;
  const hosts = names.map(
    (name) => ({ owner: `${name}.${apex}`, type: 'A', ttl: 30, value: '10.3.1.2' }) as const,
  );
  return { apex, isPartial: false, records: [soa, ...hosts] };
}
