import { expect, test } from 'vitest';
import { openLog, readableLine } from '../src/log.ts';

test('a line for people has the time, the level, the sentence and the fields, and commands no terminal', () => {
  const line = JSON.stringify({
    ...{ level: 'warn', time: '2026-11-21T11:49:04.517Z', repaired: ['rule 1 is missing'], code: 'E_RETRY' },
    ...{ times: 2, reason: 'a b\u001b[2J', msg: 'repaired' },
  });
  expect(readableLine(line)).toBe(
    '11:49:04 warn  repaired repaired=["rule 1 is missing"] code=E_RETRY times=2 reason="a b\\u001b[2J"',
  );
});

test('on a terminal each thing that is said is one such line', () => {
  const written: string[] = [];
  const stdout = { write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const log = openLog({ stdout, readable: true });
  log.info({ island: 'r2lab' }, 'ready');
  log.error({ code: 'E_APPLY' }, 'cannot repair');
  log.close();
  expect(written.join('')).toMatch(
    /^\d\d:\d\d:\d\d info {2}ready island=r2lab\n\d\d:\d\d:\d\d error cannot repair code=E_APPLY\n$/,
  );
});
