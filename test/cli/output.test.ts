import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { terminalOutput } from '../../src/cli/output.ts';

/** An operator at a terminal. */
function terminal({ isTty = true, hasInput = true } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const screen = Object.assign(new PassThrough(), { isTTY: isTty });
  const output = screen as unknown as NodeJS.WriteStream;
  const out = terminalOutput({
    ...(hasInput && { stdin: () => input as unknown as NodeJS.ReadStream }),
    ...{ stdout: output, stderr: output, plain: true },
  });
  return { input, screen, out };
}

describe('a question', () => {
  test.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['\u0003', false],
    ['\u0004', false],
  ])('that is answered by %j', async (typed, agreed) => {
    const { input, screen, out } = terminal();
    const answer = out.ask?.('continue? [y/N] ');
    input.write(typed);
    expect(await answer).toBe(agreed);
    expect(String(screen.read())).toContain('continue? [y/N] ');
  });

  test('is answered with no when the input ends', async () => {
    const { input, out } = terminal();
    const answer = out.ask?.('continue? [y/N] ');
    input.end();
    expect(await answer).toBe(false);
  });

  test('is not asked where nobody can type, or nobody would read it', () => {
    expect(terminal({ hasInput: false }).out.ask).toBeUndefined();
    expect(terminal({ isTty: false }).out.ask).toBeUndefined();
  });
});
