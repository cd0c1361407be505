import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { IslandError } from '../errors.ts';
import type { Timers } from '../plan/resource.ts';

const CONF = '/proc/sys/net/ipv4/conf';

/** Every link of this network namespace, and `all` and `default`. */
export function linkNames(): readonly string[] {
  return readdirSync(CONF);
}

/** `forwarding` of every link, and of `all`. */
export function readForwarding(): ReadonlyMap<string, string> {
  return readEach('forwarding');
}

/** `rp_filter` of every link, and of `all`: the larger of the two counts (ip-sysctl.rst). */
export function readReversePath(): ReadonlyMap<string, string> {
  return readEach('rp_filter');
}

const NEIGH = '/proc/sys/net/ipv4/neigh';

/** How often the kernel asks for the neighbours on the links of islands. */
export function readTimers(): readonly Timers[] {
  return linkNames()
    .filter((link) => link.startsWith('isl-'))
    .map((link) => {
      const read = (name: string) => Number(readText(`${NEIGH}/${link}/${name}`) ?? 0);
      return {
        ...{ kind: 'timers', link, reachableMs: read('base_reachable_time_ms') },
        ...{ retransmitMs: read('retrans_time_ms') },
        // In milliseconds only where it is written by netlink: /proc shows whole seconds.
        ...{ delayMs: read('delay_first_probe_time') * 1000, questions: read('mcast_solicit') },
      };
    });
}

/** Files under /proc answer at once, so they are read in place. */
function readEach(name: string): ReadonlyMap<string, string> {
  return new Map(
    linkNames().flatMap((link) => {
      const value = readText(`${CONF}/${link}/${name}`);
      return value === undefined ? [] : [[link, value.trim()] as const];
    }),
  );
}

/** Writes what `sysctl -w key=value` would. */
export function writeSysctl(key: string, value: string): void {
  try {
    writeFileSync(pathOf(key), value);
  } catch (cause) {
    throw new IslandError('E_APPLY', `sysctl ${key}: cannot write ${value}`, {
      hint: `try "sysctl -w ${key}=${value}"`,
      cause,
    });
  }
}

/** As sysctl(8): dots separate, and a slash stands for a dot inside a name. */
function pathOf(key: string): string {
  const path = key.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
  return `/proc/sys/${path}`;
}

/** A link may go between the listing and the reading. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
