import { expect, test } from 'vitest';
import { formatFailures, formatMatrix, type Pass } from './matrix.ts';

const passes: readonly Pass[] = [
  {
    from: 'l1',
    to: 'fit01',
    address: '192.168.3.1',
    ok: false,
    reason: 'no answer',
    detail: 'TCP: no answer',
  },
  { from: 'l1', to: 'fit01', address: '192.168.2.1', ok: true, saw: '138.96.245.50' },
  { from: 'fit01', to: 'l1', address: '138.96.245.50', ok: false, reason: 'translated', detail: 'seen as x' },
];

test('the grid has a row per sender and a column per address, and says in a word what is wrong', () => {
  expect(formatMatrix(passes)).toBe(
    `${[
      'from \\ to  fit01                     l1',
      '           192.168.3.1  192.168.2.1  138.96.245.50',
      'l1         -            ok',
      'fit01                                nat',
    ].join('\n')}\n`,
  );
});

test('only what fails is listed, with the reason', () => {
  expect(formatFailures(passes)).toEqual([
    'l1 -> fit01 (192.168.3.1): no answer: TCP: no answer',
    'fit01 -> l1 (138.96.245.50): translated: seen as x',
  ]);
});
