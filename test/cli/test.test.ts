import { describe, expect, test } from 'vitest';
import type { Tested } from '../../src/app/test.ts';
import { renderPing, renderTest, testJson } from '../../src/cli/render/test.ts';
import type { Check, Outcome } from '../../src/probe/check.ts';
import { reportOf } from '../../src/probe/report.ts';

const plain = (_: unknown, text: string) => text;
const COUNTS = { links: new Map(), dropped: new Map() };

function check(
  code: Check['code'],
  subject: Check['subject'],
  outcome: Outcome,
  after: readonly string[] = [],
): Check {
  return { ...{ code, subject, after, required: true }, asks: () => [], judge: () => outcome };
}

function tested(...checks: readonly Check[]): Tested {
  const place = { role: 'hub', name: 'sopnode-l1' };
  const report = reportOf(checks, { answerTo: () => undefined, before: COUNTS, after: COUNTS });
  return { scene: { island: { name: 'r2lab' }, place }, report } as unknown as Tested;
}

const TUNNEL = { name: 'faraday', part: 'tunnel', address: '10.3.1.3' };
const LOST: Outcome = {
  state: 'ko',
  text: '5 packets went out and none came in',
  fix: 'on faraday: island test',
};
const BROKEN = tested(
  check('ISL-H02', { name: 'this host' }, { state: 'ok' }),
  check('ISL-L02', TUNNEL, LOST),
  check('ISL-R04', { name: 'fit01', address: '192.168.3.1' }, { state: 'ko', text: 'is silent', fix: '' }, [
    'ISL-L02 faraday',
  ]),
  check('ISL-R03', { name: 'fit02', part: 'source' }, { state: 'unknown', text: 'nobody tells' }),
  check('ISL-R03', { name: 'fit03', part: 'source' }, { state: 'unknown', text: 'nobody tells' }),
);

describe('the lines of island test', () => {
  test('name each thing once, the cause with what to type, and in one line what could not be known', () => {
    expect(renderTest(BROKEN, plain)).toEqual([
      'sopnode-l1 is the hub of r2lab',
      'this host                  OK',
      'faraday tunnel (10.3.1.3)  KO ISL-L02 5 packets went out and none came in',
      'fit01 (192.168.3.1)        KO because of ISL-L02 faraday',
      '? fit02, fit03: nobody tells',
      'ISL-L02 faraday, on which 1 more check depends',
      '  means: One direction is lost: the message says which, as far as it can be known from here.',
      '  fix:   on faraday: island test',
      '1 cause found, 2 could not be known from here, 1 of what is required',
    ]);
  });

  test('of a healthy island end with how much was checked', () => {
    const lines = renderTest(tested(check('ISL-L04', TUNNEL, { state: 'ok', ms: 0.84 })), plain);
    expect(lines.slice(1)).toEqual(['faraday tunnel (10.3.1.3)  OK 0.8 ms', '1 of 1 checks hold']);
  });

  test('are few for one host', () => {
    expect(renderPing(BROKEN, { name: 'fit01', paint: plain })).toEqual([
      'fit01 (192.168.3.1)  KO because of ISL-L02 faraday',
      'ISL-L02 faraday, on which 1 more check depends',
      '  means: One direction is lost: the message says which, as far as it can be known from here.',
      '  fix:   on faraday: island test',
    ]);
  });

  test('are as much in JSON', () => {
    expect(testJson(BROKEN, 9)).toMatchObject({
      ...{ schemaVersion: 1, island: 'r2lab', name: 'sopnode-l1', role: 'hub', ok: false, ms: 9 },
      causes: [{ code: 'ISL-L02', subject: 'faraday', required: true, consequences: 1 }],
      checks: [
        { code: 'ISL-H02', layer: 'host', state: 'ok', text: null, cause: null },
        { code: 'ISL-L02', layer: 'link', state: 'ko', cause: null },
        { code: 'ISL-R04', state: 'ko', cause: 'ISL-L02 faraday' },
        { state: 'unknown', text: 'nobody tells', fix: null },
        { state: 'unknown' },
      ],
    });
  });
});
