import { readFileSync } from 'node:fs';

/** Milliseconds of CLOCK_BOOTTIME: it also runs while the machine sleeps, and nobody can set it. */
export function uptime(): number {
  const [seconds = ''] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Math.round(Number(seconds) * 1000);
}
