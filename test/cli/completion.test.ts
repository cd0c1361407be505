import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../bash-completion/island', import.meta.url));

/** Answers as the real one does, and tells what it was asked. */
const FAKE_ISLAND = `#!/bin/sh
echo "$*" >>"\${0%/*}/asked"
case $2 in
  islands) printf '%s\\n' r2lab other ;;
  hosts) printf '%s\\n' sopnode-l1 faraday fit01 fit02 ;;
  workers) printf '%s\\n' w1 w2 ;;
  tokens) printf '%s\\n' k3v7q2mz ;;
esac
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'island-completion-'));
  await writeFile(join(folder, 'island'), FAKE_ISLAND);
  await chmod(join(folder, 'island'), 0o755);
  await writeFile(join(folder, 'my island.yaml'), '');
  await writeFile(join(folder, 'r2lab.yaml'), '');
});

afterAll(() => rm(folder, { recursive: true }));

test('bash takes the function for island', async () => {
  expect(await bash('complete -p island')).toEqual(['complete -F _island island']);
});

test('the commands come first, and help with them, but not what is for the completion alone', async () => {
  expect(await words('island', '')).toEqual([
    ...[
      'init',
      'config',
      'whoami',
      'plan',
      'join',
      'confirm',
      'leave',
      'enable',
      'disable',
      'status',
      'test',
      'ping',
      'echo',
      'hosts',
      'dns',
      'token',
      'lease',
      'serve',
      'export',
      'help',
    ],
  ]);
  expect(await words('island', 'l')).toEqual(['leave', 'lease']);
  expect(await words('island', 'config', '')).toEqual(['check', 'schema', 'help']);
});

test('every command offers its own options', async () => {
  expect(await words('island', '-')).toEqual(['--version', '--help']);
  expect(await words('island', 'plan', '--e')).toEqual(['--exit-code']);
  expect(await words('island', 'join', '')).toContain('--name');
  expect(await words('island', 'leave', '--n')).toEqual([]);
  expect(await words('island', 'init', '--')).toContain('--peer');
});

test('an option with fixed values offers them', async () => {
  expect(await words('island', 'init', '--link', '')).toEqual(['ipip', 'vxlan']);
  expect(await words('island', 'init', '--link', '=', 'v')).toEqual(['vxlan']);
});

test('an argument offers what it may be, by its place', async () => {
  expect(await words('island', 'dns', 'query', 'fit')).toEqual(['fit01', 'fit02']);
  expect(await words('island', 'dns', 'query', '--server', '10.3.1.2', '')).toContain('fit01');
  expect(await words('island', 'dns', 'query', '--tcp', 'fit01', 'S')).toEqual(['SRV', 'SOA']);
  expect(await words('island', 'dns', 'client', '')).toEqual(['dnsmasq', 'resolved', 'coredns']);
});

test('-i offers the islands of this host', async () => {
  expect(await words('island', 'join', '-i', '')).toEqual(['r2lab', 'other']);
  expect(await words('island', 'config', 'check', '--island', '=', 'r')).toEqual(['r2lab']);
  expect(await words('island', 'config', 'check', '--island', '=')).toEqual(['r2lab', 'other']);
});

test('--name offers the hosts of the island that is meant', async () => {
  expect(await words('island', 'join', '--name', 'fit')).toEqual(['fit01', 'fit02']);
  expect(await lastQuestion('island', 'join', '--name', '')).toBe('complete hosts');
  expect(await lastQuestion('island', 'plan', '-i', 'other', '--name', '')).toBe('complete hosts -i other');
  expect(await lastQuestion('island', 'plan', '--island', '=', 'other', '--name', '')).toBe(
    'complete hosts -i other',
  );
  expect(await lastQuestion('island', 'plan', '-c', 'r2lab.yaml', '--name', '')).toBe(
    'complete hosts -c r2lab.yaml',
  );
});

test('the name of a new island is nobody else’s', async () => {
  expect(await words('island', 'init', '--name', '')).toEqual([]);
});

test('what the hub has handed out is offered where one of it is meant', async () => {
  expect(await words('island', 'lease', 'release', '')).toEqual(['w1', 'w2']);
  expect(await words('island', 'token', 'create', '--name', '')).toEqual(['w1', 'w2']);
  expect(await words('island', 'token', 'revoke', '')).toEqual(['k3v7q2mz']);
  expect(await lastQuestion('island', 'lease', 'pin', '-i', 'other', '')).toBe('complete workers -i other');
});

test('files are offered where a file is meant', async () => {
  expect(await words('island', 'status', '-c', 'r')).toEqual(['r2lab.yaml']);
  expect(await words('island', 'config', 'check', 'my')).toEqual(['my island.yaml']);
});

test('where island is not installed there is no word, also no error', async () => {
  expect(await words('no-island', 'join', '-i', '')).toEqual([]);
  expect(await words('no-island', 'join', '--name', '')).toEqual([]);
});

test('a shell that stops at unset variables and failures goes on', async () => {
  const typed = 'COMP_WORDS=(island plan --name); COMP_CWORD=2';
  expect(await bash(`set -eu; ${typed}; _island island; echo "\${COMPREPLY[@]}"`)).toEqual(['--name']);
});

/** What bash offers for the last of the words, which are split as readline does. */
function words(...typed: readonly string[]): Promise<string[]> {
  const [program = ''] = typed;
  return bash(
    `COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length - 1}
     _island '${program}' "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
     [[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
}

async function lastQuestion(...typed: readonly string[]): Promise<string | undefined> {
  await words(...typed);
  return (await bash('tail -n 1 asked')).at(0);
}

/** Runs bash with the completion loaded and returns its lines; anything on stderr is a failure. */
function bash(commands: string): Promise<string[]> {
  const text = `PATH=${folder}:$PATH; cd ${folder}; . ${SCRIPT}; ${commands}`;
  return new Promise((resolve, reject) => {
    execFile('bash', ['--noprofile', '--norc', '-c', text], (error, stdout, stderr) => {
      if (error !== null || stderr !== '') reject(new Error(`bash: ${stderr || error?.message}`));
      else resolve(stdout.split('\n').filter((line) => line !== ''));
    });
  });
}
