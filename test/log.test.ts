import { expect, test } from 'vitest';
import { journalLine, openLog, readableLine } from '../src/log.ts';

test('a line for people has the time, the level, the sentence and the fields, and commands no terminal', () => {
  const line = JSON.stringify({
    ...{ level: 'warn', time: '2026-11-21T11:49:04.517Z', repaired: ['rule 1 is missing'], code: 'E_RETRY' },
    ...{ times: 2, reason: 'a b\u001b[2J', msg: 'repaired' },
  });
  expect(readableLine(line)).toBe(
    '11:49:04 warn  repaired repaired=["rule 1 is missing"] code=E_RETRY times=2 reason="a b\\u001b[2J"',
  );
});

test('a line for the journal begins with its priority, which the journal takes off, and has no time', () => {
  const line = (level: string) =>
    JSON.stringify({ level, time: '2026-11-21T11:49:04.517Z', code: 'E_RETRY', msg: 'cannot\n<0>repair' });
  expect(['error', 'warn', 'info'].map((level) => journalLine(line(level)))).toEqual(
    [3, 4, 6].map((priority) => `<${priority}>cannot?<0>repair code=E_RETRY`),
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
