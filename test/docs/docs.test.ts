import { Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { withExamples } from '../../src/cli/options.ts';
import { createProgram } from '../../src/cli/program.ts';
import { cliDocs } from '../../src/docs/cli.ts';
import { completionScript } from '../../src/docs/completion.ts';
import { errorDocs } from '../../src/docs/errors.ts';
import { flatten, treeOf } from '../../src/docs/tree.ts';
import { EXIT } from '../../src/errors.ts';

test('every command says what it does, and every one that does something shows how it is typed', () => {
  const commands = flatten(treeOf(islandProgram())).slice(1);
  for (const { path, summary, description, examples, commands: below } of commands) {
    expect(summary, path).not.toBe('');
    expect(description, path).toMatch(/^[A-Z].*\.$/);
    if (below.length === 0) expect(examples.length, path).toBeGreaterThan(0);
    for (const example of examples) expect(example, path).toMatch(new RegExp(`^${path}\\b`));
  }
});

test('every option says what it is for', () => {
  for (const { path, options } of flatten(treeOf(islandProgram()))) {
    for (const { term, description } of options) expect(description, `${path} ${term}`).not.toBe('');
  }
});

test('a tree has usage, arguments, options and examples, and no hidden command', () => {
  const { commands } = treeOf(sample());
  expect(commands).toHaveLength(1);
  expect(commands[0]).toMatchObject({
    path: 'tool dig',
    usage: 'tool dig [options] <file>',
    args: [{ name: 'file', description: 'where' }],
    examples: ['tool dig here  a hole'],
    options: [
      { flags: ['-d', '--depth'], value: 'metres', choices: [] },
      { flags: ['--with'], value: 'what', choices: ['spade', 'hands'] },
      { flags: ['-h', '--help'], value: undefined },
    ],
  });
});

test('a page shows what would break a table or look like HTML as it is', () => {
  const text = cliDocs(treeOf(sample()));
  expect(text).toContain('| `-d, --depth <metres>` | how deep \\| \\<far> |');
  expect(text).toContain('tool dig here  # a hole');
});

test('the completion knows what follows an option', () => {
  const script = completionScript(treeOf(sample()));
  expect(script).toContain("'tool dig -d' | 'tool dig --depth') value=other ;;");
  expect(script).toContain("'tool dig --with') value='=spade hands' ;;");
});

test('the page of errors has every code with its status', () => {
  for (const [code, status] of Object.entries(EXIT)) {
    expect(errorDocs()).toMatch(new RegExp(`^\\| ${status} \\| \`${code}\` \\| \`EX_`, 'm'));
  }
});

function sample(): Command {
  const dig = new Command('dig')
    .description('Digs.')
    .argument('<file>', 'where')
    .option('-d, --depth <metres>', 'how deep | <far>')
    .addOption(new Option('--with <what>', 'tool').choices(['spade', 'hands']));
  return new Command('tool')
    .addCommand(withExamples(dig, [['tool dig here', 'a hole']]))
    .addCommand(new Command('secret'), { hidden: true });
}

function islandProgram(): Command {
  const out = {
    line: ignore,
    json: ignore,
    note: ignore,
    paint: (_: unknown, text: string) => text,
    progress: () => ({ at: () => undefined, end: () => undefined }),
    echoes: false,
  };
  const host = () => Promise.reject(new Error('no command is run'));
  const run = () => Promise.resolve();
  return createProgram(
    { out, host, answerNo: ignore, interrupted: () => false, serve: run, serveNames: run },
    '0.0.0',
  );
}

function ignore(): void {
  // Nothing is printed.
}
