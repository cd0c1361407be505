import { describe, expect, test } from 'vitest';
import { durationFault, durationMs } from '../../src/model/duration.ts';

describe('a duration', () => {
  test.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
  ])('%s is as many milliseconds', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(['', '60', 's', '1.5m', '-1s', '1 s', '1d', '60S', '1m30s'])('"%s" is none', (text) => {
    expect(durationMs(text)).toBeNaN();
    expect(durationFault(text, ['1s', '1h'])?.message).toBe('not a duration');
  });

  test('has to lie between the two that are named, both of which count', () => {
    expect(durationFault('1s', ['1s', '1h'])).toBeUndefined();
    expect(durationFault('60m', ['1s', '1h'])).toBeUndefined();
    expect(durationFault('999ms', ['1s', '1h'])?.message).toBe('duration is too short');
    expect(durationFault('61m', ['1s', '1h'])).toEqual({
      message: 'duration is too long',
      hint: 'write a number and a unit from 1s to 1h, such as 20s',
    });
  });
});
