import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ISLAND, modelFile } from '../support/island.ts';

/** Who may read and not write; the machine's own `nobody`. */
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const isRoot = process.getuid?.() === 0;
const canDropRoot = isRoot && spawnSync(NOBODY[0] ?? '', [...NOBODY.slice(1), 'true']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'island-cli-'));
const correct = join(folder, 'r2lab.yaml');
const wrong = join(folder, 'wrong.yaml');

if (!existsSync(ISLAND)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

beforeAll(() => {
  writeFileSync(correct, modelFile('ipip'));
  writeFileSync(wrong, modelFile('ipip').replace('outer: 138.96.245.50', 'outer: 138.96.245.300'));
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function island(...args: readonly string[]): Ran {
  return ran([process.execPath, ISLAND, ...args]);
}

function ran([file = '', ...args]: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Every command that `--help` shows, with those below it. */
const COMMANDS = [
  ...[[], ['init'], ['config'], ['config', 'check'], ['config', 'schema'], ['whoami'], ['plan'], ['join']],
  ...[
    ['confirm'],
    ['leave'],
    ['enable'],
    ['disable'],
    ['status'],
    ['token'],
    ['token', 'create'],
    ['lease'],
    ['lease', 'pin'],
  ],
];

describe('help', () => {
  const helps = new Map(COMMANDS.map((words) => [words, island(...words, '--help')]));

  test.each(COMMANDS)('of "island %s %s" is on stdout, and the exit status is 0', (...words) => {
    const help = [...helps].find(([each]) => each.join(' ') === words.join(' '))?.[1];
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help?.stdout).toContain(`Usage: ${['island', ...words].join(' ')}`);
  });

  test('has examples for every command that does something, each as one types it', () => {
    for (const [words, { stdout }] of helps) {
      if (['config', 'token', 'lease'].includes(words.join(' '))) continue;
      const typed = ['island', ...words].join(' ');
      const [, examples = ''] = stdout.split('\nExamples:\n');
      for (const line of examples.trimEnd().split('\n')) {
        expect(line).toMatch(new RegExp(`^ {2}${typed}\\b.* {2}\\S`));
      }
    }
  });

  test('lists every command but those for the shell and for island itself', () => {
    const { stdout = '' } = helps.get(COMMANDS[0] ?? []) ?? {};
    for (const [word = 'island'] of COMMANDS) expect(stdout).toContain(word);
    expect(stdout).not.toMatch(/^ {2}(?:complete|revert)/m);
  });
});

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(island('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

describe('a command line that is wrong', () => {
  test.each([
    [
      'an unknown command, with the one that was meant',
      ['jion'],
      /unknown command 'jion'\n\(Did you mean join\?\)/,
    ],
    [
      'an unknown option, with the one that was meant',
      ['plan', '--jsn'],
      /unknown option '--jsn'\n\(Did you mean --json\?\)/,
    ],
    ['an option without its value', ['status', '-i'], /-i, --island <name>/],
    ['too many arguments', ['leave', 'r2lab'], /too many arguments/],
    ['enable without how long', ['enable'], /--persistent is for every boot .*, --runtime until the next/],
    ['enable for two times', ['enable', '--persistent', '--runtime'], /not both/],
  ])('ends with 64: %s', (_, words, said) => {
    const { status, stdout, stderr } = island(...words);
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    expect(stderr).toMatch(said);
  });

  test('ends with 64 and the commands there are, when there is none', () => {
    const { status, stderr } = island();
    expect(status).toBe(64);
    expect(stderr).toContain('Usage: island');
  });
});

describe('a file that is wrong', () => {
  test('ends with 78, where it is not there', () => {
    expect(island('plan', '-c', '/no/such.yaml')).toEqual({
      status: 78,
      stdout: '',
      stderr:
        'island: /no/such.yaml: cannot read: ENOENT\nhint: name the file with -c, or write one with "island init"\n',
    });
  });

  test('is shown by "config check" with line and column, and ends with 78', () => {
    const { status, stdout, stderr } = island('config', 'check', wrong);
    expect(status).toBe(78);
    expect(stdout).toMatch(/^[^\n]*\/wrong\.yaml:5:10: hub\.outer: [^\n]*"138\.96\.245\.300"\n {2}hint: \S/);
    expect(stderr).toContain(`island: 1 problem in ${wrong}\nhint: `);
  });

  test('ends every other command in the same way, with the same place', () => {
    const { status, stdout, stderr } = island('whoami', '-c', wrong);
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toMatch(/^island: [^\n]*\/wrong\.yaml:5:10: hub\.outer: [^\n]*\nhint: \S[^\n]*\n$/);
  });

  test('is another island than the one that was named', () => {
    const { status, stderr } = island('plan', '-c', correct, '-i', 'other');
    expect(status).toBe(78);
    expect(stderr).toContain('the island in this file is "r2lab", not "other"');
  });
});

test('a correct file is said to be', () => {
  expect(island('config', 'check', correct)).toEqual({
    status: 0,
    stdout: `${correct}: correct\n`,
    stderr: '',
  });
  expect(JSON.parse(island('config', 'check', '--json', correct).stdout)).toEqual({
    ...{ schemaVersion: 1, files: [{ path: correct, problems: [] }] },
  });
});

describe('a question about the host', () => {
  test('is answered with 0, or with 1 when the answer is no', () => {
    expect(island('whoami', '-c', correct, '--name', 'faraday')).toEqual({
      status: 0,
      stdout: 'faraday is a gateway of r2lab, because you say it is faraday\n',
      stderr: '',
    });
    expect(island('whoami', '-c', correct, '--name', 'faradey')).toMatchObject({ status: 1, stderr: '' });
  });

  test('is answered also where PATH lacks the directories of the system', () => {
    const question = [process.execPath, ISLAND, 'whoami', '-c', correct, '--name', 'faraday'];
    expect(ran(['env', 'PATH=/nonexistent', ...question])).toMatchObject({ status: 0, stderr: '' });
  });

  test.runIf(canDropRoot)('is answered also for who is not root', () => {
    const question = [...NOBODY, process.execPath, ISLAND, 'whoami', '-c', correct, '--name', 'faraday'];
    expect(ran(question)).toMatchObject({ status: 0, stderr: '' });
  });
});

test.runIf(canDropRoot).each(['join', 'leave'])('%s ends with 77 for who is not root', (verb) => {
  const { status, stdout, stderr } = ran([...NOBODY, process.execPath, ISLAND, verb, '-c', correct]);
  expect({ status, stdout }).toEqual({ status: 77, stdout: '' });
  expect(stderr).toMatch(/^island: [^\n]*only root may\nhint: sudo island (?:join|leave)\n$/);
});

test('a reader that does not wait for the end is no error', () => {
  const { status, stderr } = ran([
    'sh',
    '-c',
    '"$0" "$@" | head -n 1',
    process.execPath,
    ISLAND,
    'config',
    'schema',
  ]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
