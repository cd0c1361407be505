import type { Fault } from './names.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds in `20s`, `1m`; NaN for anything else. */
export function durationMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  return unit === '' ? Number.NaN : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** Why `text` is no duration between the two; undefined when it is one. */
export function durationFault(
  text: string,
  [least, most]: readonly [string, string],
  example = '20s',
): Fault | undefined {
  const hint = `write a number and a unit from ${least} to ${most}, such as ${example}`;
  const ms = durationMs(text);
  if (Number.isNaN(ms)) return { message: 'not a duration', hint };
  if (ms < durationMs(least)) return { message: 'duration is too short', hint };
  return ms > durationMs(most) ? { message: 'duration is too long', hint } : undefined;
}
