import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { follow, run, startDetached } from '../../src/host/exec.ts';

describe('a program that is run', () => {
  test('gets its input, and its output comes back as it was printed', async () => {
    expect(await run('cat', [], 'link set lo up\n\n')).toEqual({
      exitCode: 0,
      stdout: 'link set lo up\n\n',
      stderr: '',
    });
    expect(await run('cat', [])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('may fail: the exit status and what it said are the result', async () => {
    expect(await run('sh', ['-c', 'echo no >&2; exit 3'])).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: 'no\n',
    });
  });

  test('gets its arguments untouched by any shell', async () => {
    const args = ['%s\n', 'island:r2lab/+vxlan', '$HOME', '; exit 1', ''];
    expect((await run('printf', args)).stdout).toBe('island:r2lab/+vxlan\n$HOME\n; exit 1\n\n');
  });

  test('speaks English, whatever the operator speaks', async () => {
    expect((await run('sh', ['-c', 'echo $LC_ALL'])).stdout).toBe('C\n');
  });

  test('may print more than a pipe holds, and may leave its input unread', async () => {
    const text = 'x'.repeat(3_000_000);
    expect((await run('cat', [], text)).stdout.length).toBe(text.length);
    expect(await run('true', [], text)).toMatchObject({ exitCode: 0 });
  });

  test('is not in the process group that Ctrl-C reaches', async () => {
    const { stdout } = await run('sh', [
      '-c',
      'echo $$; ps -o pgid= -p $$ 2>/dev/null || cut -d" " -f5 /proc/$$/stat',
    ]);
    const [pid, group] = stdout.trim().split(/\s+/);
    expect(group).toBe(pid);
  });
});

describe('what does not even run is an error of island', () => {
  test('a program that is not there', async () => {
    await expect(run('no-such-program', ['-V'])).rejects.toMatchObject({
      ...{ code: 'E_APPLY', message: 'no-such-program: cannot run: ENOENT' },
    });
  });

  test('a program that is killed', async () => {
    await expect(run('sh', ['-c', 'kill -9 $$'])).rejects.toMatchObject({
      ...{ code: 'E_APPLY', message: 'sh: ended by SIGKILL' },
    });
  });
});

test('a program that is to outlive island leads a session of its own, and holds nothing of ours open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'island-exec-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'told');
  const files = '/proc/$$/cwd /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2';
  const script = `session=$(cut -d" " -f6 /proc/$$/stat) open=$(readlink ${files})`;
  startDetached('sh', ['-c', `${script}; echo $$ $session $open > ${file}.new; mv ${file}.new ${file}`]);
  const told = await vi.waitFor(() => readFile(file, 'utf8'), { timeout: 5000, interval: 20 });
  const [pid, session, ...rest] = told.trim().split(' ');
  expect(session).toBe(pid);
  expect(rest).toEqual(['/', '/dev/null', '/dev/null', '/dev/null']);
  expect(Number(pid)).not.toBe(process.pid);
});

test('a program that cannot be started leaves no trace; who started it looks for its work', () => {
  expect(() => startDetached('no-such-program', [])).not.toThrow();
});

describe('a program that is followed', () => {
  function followed(...argv: readonly [string, ...string[]]) {
    const lines: string[] = [];
    let tell = (_: string): void => undefined;
    const ended = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const end = follow(argv, { onLine: (line) => lines.push(line), onEnd: tell });
    onTestFinished(() => end());
    return { lines, ended, end };
  }

  test('is heard line by line as it tells, until it is ended', async () => {
    const { lines, ended, end } = followed(
      'sh',
      '-c',
      'echo one; printf tw; sleep 0.1; echo o; exec sleep 100',
    );
    await vi.waitFor(() => expect(lines).toEqual(['one', 'two']));
    end();
    expect(await ended).toBe('ended by itself with SIGKILL');
  });

  test('says why it ends, or that it is not there', async () => {
    expect(await followed('sh', '-c', 'echo no >&2; exit 3').ended).toBe('no');
    expect(await followed('sh', '-c', 'exit 3').ended).toBe('ended by itself with 3');
    expect(await followed('no-such-program').ended).toBe('ENOENT');
  });

  test('may tell lines without an end: their beginnings are kept, and no more', async () => {
    const { lines, ended } = followed('sh', '-c', 'head -c 30000000 /dev/zero | tr "\\0" x; echo; echo last');
    await ended;
    expect(lines.map(({ length }) => length)).toEqual([4000, 4]);
  });
});
