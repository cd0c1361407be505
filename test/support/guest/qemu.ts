import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** How long a guest may take, and who hears of its results before it is done. */
export interface Watch {
  readonly timeoutMs: number;
  /** Called with each result as it comes. */
  readonly onResult?: (result: unknown) => void;
}

/** What stands in front of a result on the guest's console. */
export const RESULT = 'RESULT ';

/** It has one thread, and is what all other tests are waited for with. */
const EAGER = ['nice', '-n', '-3'];

/**
 * Runs qemu until its guest ends and returns what that printed as `RESULT <json>`. Rejects when the guest dies
 * before it says `EXIT 0`, or is late, with the end of the console in the message.
 */
export async function runQemu(options: readonly string[], watch: Watch): Promise<unknown[]> {
  const results: unknown[] = [];
  const console: string[] = [];
  let status: string | undefined;
  const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', ...EAGER, 'qemu-system-x86_64', ...options]);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    qemu.kill('SIGKILL');
  }, watch.timeoutMs);
  const take = (line: string) => {
    console.push(line);
    if (line.startsWith(RESULT)) {
      const result: unknown = JSON.parse(line.slice(RESULT.length));
      results.push(result);
      watch.onResult?.(result);
    }
    if (line.startsWith('EXIT ')) status = line.slice('EXIT '.length);
  };
  for (const stream of [qemu.stdout, qemu.stderr]) createInterface(stream).on('line', take);
  try {
    await once(qemu, 'close');
  } finally {
    clearTimeout(timer);
    qemu.kill('SIGKILL');
  }
  const end = console.slice(-30).join('\n');
  if (late) throw new Error(`the guest was not done after ${watch.timeoutMs} ms:\n${end}`);
  if (status !== '0') throw new Error(`the guest's script ended with ${status ?? 'the guest'}:\n${end}`);
  return results;
}
