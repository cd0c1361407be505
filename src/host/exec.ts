import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
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

export interface Following {
  /** A line of its standard output, without what is beyond the first 4000 characters. */
  readonly onLine: (line: string) => void;
  /** Once, with what it said last, or why it does not run. */
  readonly onEnd: (reason: string) => void;
}

/** Of a line that is read: a set of nftables with all its elements is one. */
const MOST_OF_LINE = 4000;

/** Starts a program that goes on telling, outside of the process group that Ctrl-C reaches; what it gives ends it. */
export function follow(argv: readonly [string, ...string[]], { onLine, onEnd }: Following): () => void {
  const [file, ...args] = argv;
  const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  let said = '';
  linesOf(child.stdout, onLine);
  linesOf(child.stderr, (line) => {
    said = line;
  });
  let hasEnded = false;
  const end = (reason: string) => {
    if (!hasEnded) onEnd(reason);
    hasEnded = true;
  };
  child.on('error', (error) => end('code' in error ? String(error.code) : error.message));
  child.on('close', (code, signal) => end(said || `ended by itself with ${signal ?? code}`));
  return () => void child.kill('SIGKILL');
}

function linesOf(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MOST_OF_LINE);
    for (const line of lines) onLine(line.slice(0, MOST_OF_LINE));
  });
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
