import { describe, expect, test } from 'vitest';
import type { Check, Evidence, Outcome } from '../../src/probe/check.ts';
import { reportOf } from '../../src/probe/report.ts';

const NOTHING: Evidence = {
  answerTo: () => undefined,
  before: { links: new Map(), dropped: new Map() },
  after: { links: new Map(), dropped: new Map() },
};
const OK: Outcome = { state: 'ok' };
const KO: Outcome = { state: 'ko', text: 'is broken', fix: 'mend it' };
const UNKNOWN: Outcome = { state: 'unknown', text: 'cannot be seen from here' };

function check(code: Check['code'], outcome: Outcome, options: Partial<Check> = {}): Check {
  return {
    ...{
      code,
      subject: { name: 'faraday' },
      required: true,
      after: [],
      asks: () => [],
      judge: () => outcome,
    },
    ...options,
  };
}

describe('the verdict', () => {
  test('is yes when all that is required holds', () => {
    const checks = [
      check('ISL-U01', OK),
      check('ISL-R04', KO, { required: false }),
      check('ISL-M01', UNKNOWN),
    ];
    expect(reportOf(checks, NOTHING)).toMatchObject({
      isOk: true,
      causes: [{ text: 'is broken', consequences: 0 }],
    });
  });

  test('is no for one thing that is required', () => {
    expect(reportOf([check('ISL-U01', KO)], NOTHING).isOk).toBe(false);
  });

  test('blames the first failure, and counts what follows from it, however far', () => {
    const checks = [
      check('ISL-U01', KO),
      check('ISL-L04', KO, { after: ['ISL-U01 faraday'] }),
      check('ISL-M01', UNKNOWN, { after: ['ISL-L04 faraday'] }),
      check('ISL-R04', KO, { subject: { name: 'fit01' }, after: ['ISL-L04 faraday'] }),
    ];
    const { causes, results } = reportOf(checks, NOTHING);
    expect(causes.map((cause) => [cause.check.code, cause.consequences])).toEqual([['ISL-U01', 3]]);
    expect(results.map(({ cause }) => cause?.code)).toEqual([undefined, 'ISL-U01', 'ISL-U01', 'ISL-U01']);
  });

  test('blames nothing for what holds all the same', () => {
    const checks = [check('ISL-U01', KO), check('ISL-L04', OK, { after: ['ISL-U01 faraday'] })];
    expect(reportOf(checks, NOTHING).causes).toMatchObject([{ consequences: 0 }]);
  });
});
