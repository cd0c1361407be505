import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expandRange,
  isHostName,
  nameFault,
  nearest,
  rangeEnds,
  rangeFault,
  rangeSize,
} from '../../src/model/names.ts';

describe('host names', () => {
  test.each(['fit01', '08', 'a', 'sopnode-l1', 'a'.repeat(63)])('%s is one', (name) => {
    expect(isHostName(name)).toBe(true);
    expect(nameFault(name)).toBeUndefined();
  });

  test.each([
    ['', 'use lower-case letters'],
    ['Fit01', 'write it in lower case: fit01'],
    ['fit01.r2lab.internal', 'write the first label: fit01'],
    ['fit_01', 'write hyphens: fit-01'],
    ['-fit', 'use lower-case letters'],
    ['fit-', 'use lower-case letters'],
    ['fit 01', 'use lower-case letters'],
    ['fité', 'use lower-case letters'],
    ['192.168.3.1', 'use lower-case letters'],
    ['a'.repeat(64), 'shorten it'],
  ])('%j is none, and the hint says "%s"', (name, hint) => {
    expect(isHostName(name)).toBe(false);
    expect(nameFault(name)?.hint).toContain(hint);
  });
});

describe('ranges', () => {
  test('keep the zeros in front of their first number', () => {
    expect(expandRange('fit[08-11]')).toEqual(['fit08', 'fit09', 'fit10', 'fit11']);
    expect(expandRange('n[099-101]-a')).toEqual(['n099-a', 'n100-a', 'n101-a']);
  });

  test('add no zeros of their own', () => {
    expect(expandRange('192.168.3.[9-10]')).toEqual(['192.168.3.9', '192.168.3.10']);
    expect(expandRange('10.244.[0-1].0/24')).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
  });

  test('grow beyond their width', () => {
    expect(expandRange('fit[98-101]').at(-1)).toBe('fit101');
    expect(rangeEnds('fit[01-100]')).toEqual(['fit01', 'fit100']);
  });

  test('are not in a plain name', () => {
    expect(expandRange('faraday')).toEqual(['faraday']);
    expect(rangeEnds('faraday')).toEqual(['faraday', 'faraday']);
    expect(rangeSize('faraday')).toBe(1);
    expect(rangeFault('faraday')).toBeUndefined();
  });

  test.each([
    ['fit[37-01]', 'range runs backwards'],
    ['fit[1-65537]', 'range is too long'],
    ['fit[1-99999999999999999999]', 'range is too long'],
    ['fit[001-37]', 'range is padded unevenly'],
    ['fit[1-2][3-4]', 'not a range'],
    ['fit[1..3]', 'not a range'],
    ['fit[1-3', 'not a range'],
    ['fit1]', 'not a range'],
    ['fit[a-c]', 'not a range'],
    ['fit[]', 'not a range'],
  ])('%s is none: %s', (text, message) => {
    expect(rangeFault(text)?.message).toBe(message);
    expect(rangeSize(text)).toBeUndefined();
    expect(expandRange(text)).toEqual([text]);
  });

  test('expand to as many distinct values as they count, from one end to the other', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(300), fc.nat(4), (from, more, width) => {
        const first = String(from).padStart(width, '0');
        const last = String(from + more).padStart(first.length, '0');
        const text = `fit[${first}-${last}]`;
        const names = expandRange(text);
        expect(names).toHaveLength(rangeSize(text) ?? 0);
        expect(new Set(names).size).toBe(more + 1);
        expect([names[0], names.at(-1)]).toEqual(rangeEnds(text));
        expect(rangeEnds(text)[0]).toBe(`fit${first}`);
      }),
    );
  });
});

describe('nearest', () => {
  const keys = ['island', 'subnet', 'link', 'hub', 'peers', 'hosts'];

  test.each([
    ['subnt', 'subnet'],
    ['sunbet', 'subnet'],
    ['peer', 'peers'],
    ['hosst', 'hosts'],
    ['hubb', 'hub'],
  ])('takes %s for %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant);
  });

  test.each(['firewall', 'x', 'port', ''])('does not guess what %j was to be', (word) => {
    expect(nearest(word, keys)).toBeUndefined();
  });

  test('takes the closest of several', () => {
    expect(nearest('fit7', ['fit071', 'fit07', 'fit08'])).toBe('fit07');
  });
});
