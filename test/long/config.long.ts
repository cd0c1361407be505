import { expect, test } from 'vitest';
import { checkConfig } from '../../src/config/load.ts';

/** More than a call may have arguments, as many as Node's stack has room for. */
const MANY = 130_000;

test('a file with more unknown keys than a call has arguments is refused for each of them', () => {
  const keys = Array.from({ length: MANY }, (_, index) => `k${index}`);
  const problems = checkConfig(`{${keys.join()}}`);
  expect(problems.filter(({ message }) => message === 'unknown key')).toHaveLength(MANY);
});
