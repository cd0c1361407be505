import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { IslandError } from '../errors.ts';
import type { NeighbourTimers } from '../plan/observed.ts';
import { NEIGHBOUR_TIMERS } from '../plan/sysctl.ts';

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

/** The timers of the neighbours on the links of islands. */
export function readNeighbourTimers(): ReadonlyMap<string, NeighbourTimers> {
  const links = linkNames().filter((link) => link.startsWith('isl-'));
  return new Map(
    links.map((link) => {
      const values = NEIGHBOUR_TIMERS.flatMap((name) => {
        const value = readText(`${NEIGH}/${link}/${name}`);
        return value === undefined ? [] : [[name, value.trim()] as const];
      });
      return [link, Object.fromEntries(values)];
    }),
  );
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
