import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerTo, formatRequest, GREETING, parseAnswer } from '../../src/model/echo.ts';

const SEEN = { source: '192.168.3.7', bytes: 1480 };

test('a request is as large as the packet it is for, and its answer is for who knows its id', () => {
  const request = formatRequest('k3x9', 1480);
  expect(request).toHaveLength(1480 - 28);
  const answer = answerTo(request, SEEN) ?? '';
  expect(parseAnswer(answer, 'k3x9')).toEqual(SEEN);
  expect(parseAnswer(answer, 'other')).toBeUndefined();
});

test('an answer is shorter than the smallest request that island sends, and answers and greetings get none', () => {
  const answer = answerTo(formatRequest('abcdefgh', 100), SEEN) ?? '';
  expect(answer.length).toBeLessThan(100 - 28);
  expect(answerTo(answer, SEEN)).toBeUndefined();
  expect(answerTo(GREETING, SEEN)).toBeUndefined();
});

test('whatever else comes is no request and no answer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(answerTo(text, SEEN)).toBeUndefined();
      expect(parseAnswer(text, 'k3x9')).toBeUndefined();
    }),
  );
});
