import type { LabHost } from '../support/lab/host.ts';

/** Where a server answers, and what it is asked: lines of `NAME TYPE` in a file of the host. */
export interface Target {
  readonly address: string;
  readonly questions: string;
}

/** Milliseconds from a question to its answer. */
export interface Waits {
  readonly p50: number;
  readonly p99: number;
}

/** The asker keeps to this processor, and what it asks to the other. */
export const ASKER = ['taskset', '--cpu-list', '1'];
export const ASKED = ['taskset', '--cpu-list', '0'];

/** Answers in a second, with a hundred questions on the way at any time. */
export async function rateOf(host: LabHost, target: Target, seconds: number): Promise<number> {
  const report = await dnsperf(host, target, ['-l', String(seconds)]);
  return Number(/Queries per second: +([\d.]+)/.exec(report)?.[1]);
}

/** How long answers take when `perSecond` questions come, evenly. */
export async function waitsOf(
  host: LabHost,
  target: Target,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Waits> {
  const report = await dnsperf(host, target, ['-l', String(seconds), '-Q', String(perSecond), '-v']);
  // A line for each answer: "> NOERROR n1.bench.internal A 0.000106".
  const waits = [...report.matchAll(/^> NOERROR .* ([\d.]+)$/gm)].map(([, wait]) => Number(wait) * 1000);
  const sorted = Float64Array.from(waits).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** What it has printed; throws unless every question was answered, each with an answer. */
async function dnsperf(
  host: LabHost,
  { address, questions }: Target,
  args: readonly string[],
): Promise<string> {
  const argv = [...ASKER, 'dnsperf', '-s', address, '-d', questions, ...args];
  const report = await host.run(argv, { timeoutMs: 60_000 });
  const isWhole =
    /Queries lost: +0 /.test(report) && /Response codes: +NOERROR \d+ \(100\.00%\)/.test(report);
  if (!isWhole) throw new Error(`${address}: not every question was answered:\n${report.slice(-1000)}`);
  return report;
}
