import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, shellWord } from '../../src/model/text.ts';

test.each(['10.3.1.0/24', 'isl-fara-3k9x2q', 'eth0.100', 'lan@eth0', 'net.ipv4.ip_forward=1', '+vxlan'])(
  '%s needs no quotes',
  (word) => {
    expect(shellWord(word)).toBe(word);
  },
);

test('what a shell makes of a word is the text again, whatever the text is', () => {
  const special = fc.constantFrom(...'$`\'"\\;&|<>(){}[]*?~#!= \t\n\u001b-aü\u{1f600}');
  const text = fc.oneof(
    fc.string({ unit: special }),
    fc.string({ unit: 'grapheme' }).map((any) => any.replaceAll('\0', '')),
    fc.constantFrom('', '-n', '~', '~root', 'a=b', '$(id)', "it's", '!!', '%s'),
  );
  const texts = fc.sample(text, 500);
  // One process for all of them.
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${texts.map(shellWord).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(printed.split('\0').slice(0, -1)).toEqual(texts);
});

test('what is printed for an operator is one line and commands no terminal', () => {
  expect(printable('a\u001b[2J\nb\u0085\u007f')).toBe('a?[2J?b??');
});
