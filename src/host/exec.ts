import { spawn } from 'node:child_process';
import { ExecaError, execa } from 'execa';
import { IslandError } from '../errors.ts';

export interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a program that outlives this process: in a session of its own, where neither the end of a terminal
 * nor a signal to a process group reaches it, and with nothing open of ours. Whether it runs shows elsewhere.
 */
export function startDetached(file: string, args: readonly string[]): void {
  const child = spawn(file, args, { detached: true, stdio: 'ignore', cwd: '/' });
  child.on('error', () => undefined).unref();
}

/** A batch of ten thousand peers takes a few seconds; what takes this long hangs. */
const DEADLINE_MS = 60_000;

/**
 * Runs a program to its end. No shell, the C locale, and a deadline. In a process group of its
 * own, so that Ctrl-C reaches island, which undoes, and not the batch in the middle of which it came.
 */
export async function run(file: string, args: readonly string[], input = ''): Promise<Result> {
  try {
    const child = execa(file, args, {
      ...{ env: { LC_ALL: 'C' }, timeout: DEADLINE_MS, maxBuffer: 1 << 30 },
      ...{ reject: false, detached: true, cleanup: false, stripFinalNewline: false },
    });
    // Not by the option `input`, which puts more streams in between; a program that ends early is told of by its status.
    child.stdin.on('error', () => undefined).end(input);
    const { exitCode, stdout, stderr, code, signal } = await child;
    if (exitCode === undefined) {
      const what =
        signal === undefined ? `cannot run: ${code ?? 'for no known reason'}` : `ended by ${signal}`;
      throw new IslandError('E_APPLY', `${file}: ${what}`);
    }
    return { exitCode, stdout, stderr };
  } catch (cause) {
    if (!(cause instanceof ExecaError)) throw cause;
    throw new IslandError('E_APPLY', cause.shortMessage, { cause });
  }
}
