import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';

/** The watcher's lock is apart from the writers': it holds it while it waits. */
export function watcherOf(island: string): string {
  return `${island}/watcher`;
}

/** The daemon holds its own for as long as it runs, and the writers' only while it writes. */
export function daemonOf(island: string): string {
  return `${island}/daemon`;
}

/** So is that of what a hub hands out: a worker may join while somebody runs "island join" on the hub. */
export function workersOf(island: string): string {
  return `${island}/workers`;
}

/** Whether a process holds the lock. */
export async function isHeld(island: string): Promise<boolean> {
  const visit = connect(addressOf(island));
  try {
    await once(visit, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    visit.destroy();
  }
}

/** A daemon that repairs is done in a second; an operator's command must not fail because of it. */
const PATIENCE_MS = 5000;
const POLL_MS = 50;

/**
 * Runs `work` as the only writer of the island in this network namespace. Where another command is at it, it is
 * refused at once; where a daemon runs, it may be that one, so it waits a little. The lock is an abstract unix
 * socket: it needs no file, and the kernel drops it with the process, also after kill -9.
 */
export async function exclusively<T>(island: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const held = await take(island);
    if ('server' in held) return holding(held.server, work);
    if (performance.now() > deadline || !(await isHeld(daemonOf(island)))) {
      throw busy(island, { what: island, cause: held.cause });
    }
    await delay(POLL_MS);
  }
}

/** Runs `work` as the one daemon of the island in this network namespace. */
export async function asDaemon<T>(island: string, work: () => Promise<T>): Promise<T> {
  const name = daemonOf(island);
  const held = await take(name);
  if ('server' in held) return holding(held.server, work);
  throw new IslandError('E_RETRY', `another "island serve" runs for ${island} on this host`, {
    hint: `end it first; "ss -lxp | grep island/${name}" shows its process`,
    cause: held.cause,
  });
}

/** How long a change of the register waits for others, each of which takes some milliseconds. */
const TURN_MS = 5000;
/** Between two tries; at random, so that of many who wait none is always too late. */
const PAUSE_MS = { least: 2, most: 12 };

/** Runs `work` as the only one who changes what the hub hands out, and waits for its turn; E_RETRY if that takes too long. */
export async function inTurn<T>(
  island: string,
  work: () => Promise<T>,
  { waitMs = TURN_MS }: { readonly waitMs?: number } = {},
): Promise<T> {
  const name = workersOf(island);
  const deadline = performance.now() + waitMs;
  for (;;) {
    const held = await take(name);
    if ('server' in held) return holding(held.server, work);
    if (performance.now() > deadline) {
      throw busy(name, { what: `the workers of ${island}`, cause: held.cause });
    }
    await delay(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least));
  }
}

async function take(name: string): Promise<{ readonly server: Server } | { readonly cause: unknown }> {
  // Who connects is sent away, or it would keep this process from ending.
  const server = createServer((socket) => void socket.destroy());
  try {
    server.listen(addressOf(name));
    await once(server, 'listening');
    return { server };
  } catch (cause) {
    return { cause };
  }
}

async function holding<T>(server: Server, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    server.close();
  }
}

function busy(
  name: string,
  { what, cause }: { readonly what: string; readonly cause: unknown },
): IslandError {
  return new IslandError('E_RETRY', `another island command is changing ${what} on this host`, {
    hint: `wait for it; "ss -lxp | grep island/${name}" shows its process`,
    cause,
  });
}

function addressOf(island: string): string {
  return `\0island/${island}`;
}
