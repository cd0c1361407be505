import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Course, newCourse, nextLook, withLook, withNews } from '../../src/daemon/pace.ts';

/** A daemon that looks at 0 and has nothing to do. */
const IDLE = withLook(newCourse(30_000), { now: 0, outcome: 'done' });

describe('the next look', () => {
  test('is the first one, at once', () => {
    expect(nextLook(newCourse(30_000))).toBe(0);
  });

  test('is due after a period without news', () => {
    expect(nextLook(IDLE)).toBe(30_000);
  });

  test('waits until a burst of news is over', () => {
    expect(nextLook(withNews(IDLE, 5000))).toBe(5200);
    expect(nextLook(withNews(withNews(IDLE, 5000), 5150))).toBe(5350);
  });

  test('does not wait for a burst without an end', () => {
    const course = range(100).reduce((each, n) => withNews(each, 5000 + 100 * n), IDLE);
    expect(nextLook(course)).toBe(7000);
  });

  test('comes soon after one that found another command at it, news or not', () => {
    expect(nextLook(withLook(IDLE, { now: 1000, outcome: 'busy' }))).toBe(1500);
  });

  test('comes with the next news after one that failed before it changed anything', () => {
    expect(nextLook(withNews(withLook(IDLE, { now: 1000, outcome: 'failed' }), 1100))).toBe(1300);
  });

  test('comes ever later while changes fail and are undone, which is news each time', () => {
    const waits = range(10).map((failures) => {
      const course = range(failures).reduce<Course>(
        (each) => withLook(each, { now: 0, outcome: 'failed after changes' }),
        newCourse(30_000),
      );
      return nextLook(withNews(withLook(course, { now: 0, outcome: 'failed after changes' }), 0));
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
  });
});

test('whatever happens, there are at most 30 looks in 20 seconds, and none more than a period after the last', () => {
  const happening = fc.record({
    pause: fc.nat(400),
    outcome: fc.constantFrom('done', 'failed', 'failed after changes'),
  });
  fc.assert(
    fc.property(fc.array(happening, { minLength: 100, maxLength: 300 }), (happenings) => {
      const looks: number[] = [];
      let course = newCourse(30_000);
      let now = 0;
      for (const { pause, outcome } of happenings) {
        course = withNews(course, now + pause);
        const next = Math.max(nextLook(course), now);
        expect(next - now).toBeLessThanOrEqual(30_000);
        now = next;
        course = withLook({ ...course, news: undefined }, { now, outcome } as const);
        looks.push(now);
      }
      for (const [index, at] of looks.entries()) {
        const within = looks.slice(index).filter((each) => each < at + 20_000);
        expect(within.length).toBeLessThanOrEqual(30);
      }
    }),
  );
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
