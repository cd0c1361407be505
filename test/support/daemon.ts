import { setTimeout as delay } from 'node:timers/promises';
import { ISLAND } from './island.ts';
import type { LabHost, LabProcess } from './lab/host.ts';

/** An `island serve` that is ready; it ends with the lab at the latest. */
export async function startDaemon(host: LabHost, ...args: readonly string[]): Promise<LabProcess> {
  const daemon = startServe(host, ...args);
  await daemon.outputMatching(/"msg":"ready"/, 20_000);
  return daemon;
}

/** The same, before it is ready. */
export function startServe(host: LabHost, ...args: readonly string[]): LabProcess {
  return host.start([process.execPath, ISLAND, 'serve', ...args]);
}

/** Ends it as its operator would; its exit status. */
export function stopDaemon(daemon: LabProcess): Promise<number> {
  daemon.signal('SIGTERM');
  return daemon.exited;
}

/** What an `island serve` and its monitors are; [] when nothing is left. */
export async function daemonsOn(host: LabHost): Promise<readonly string[]> {
  const script = `for each in /proc/[0-9]*; do tr '\\0' ' ' <$each/cmdline 2>/dev/null && echo " \${each#/proc/}"; done`;
  const lines = (await host.run(['sh', '-c', script])).split('\n');
  return lines.filter((line) => / serve | monitor /.test(line) && !line.includes('cmdline'));
}

/** Polls until `what` is there; how many milliseconds that took. */
export async function within(
  ms: number,
  what: string,
  isThere: () => Promise<boolean> | boolean,
): Promise<number> {
  const started = performance.now();
  while (!(await isThere())) {
    if (performance.now() - started > ms) throw new Error(`${what}: not within ${ms} ms`);
    await delay(20);
  }
  return Math.round(performance.now() - started);
}

/** The lines of its log, as they were written. */
export function logOf(daemon: LabProcess): readonly Record<string, unknown>[] {
  return daemon
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

/** Processor time in milliseconds that the daemon, its monitors and all that it ran have taken. */
export async function cpuMsOf(host: LabHost): Promise<number> {
  const pids = (await daemonsOn(host)).map((line) => line.trim().split(' ').at(-1));
  const stats = await host.run(['sh', '-c', `cat ${pids.map((pid) => `/proc/${pid}/stat`).join(' ')}`]);
  const ticks = stats
    .trim()
    .split('\n')
    .flatMap((line) =>
      line
        .slice(line.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 15),
    )
    .reduce((sum, each) => sum + Number(each), 0);
  // USER_HZ is 100 on every Linux.
  return ticks * 10;
}
