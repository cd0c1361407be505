import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { IslandError } from '../errors.ts';

/** The watcher's lock is apart from the writers': it holds it while it waits. */
export function watcherOf(island: string): string {
  return `${island}/watcher`;
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

/**
 * Runs `work` as the only writer of the island in this network namespace. The lock is an abstract unix
 * socket: it needs no file, and the kernel drops it with the process, also after kill -9.
 */
export async function exclusively<T>(island: string, work: () => Promise<T>): Promise<T> {
  // Who connects is sent away, or it would keep this process from ending.
  const server = createServer((socket) => void socket.destroy());
  try {
    server.listen(addressOf(island));
    await once(server, 'listening');
  } catch (cause) {
    throw new IslandError('E_RETRY', `another island command is changing ${island} on this host`, {
      hint: `wait for it; "ss -lxp | grep island/${island}" shows its process`,
      cause,
    });
  }
  try {
    return await work();
  } finally {
    server.close();
  }
}

function addressOf(island: string): string {
  return `\0island/${island}`;
}
