import { once } from 'node:events';
import { createServer } from 'node:net';
import { IslandError } from '../errors.ts';

/**
 * Runs `work` as the only writer of the island in this network namespace. The lock is an abstract unix
 * socket: it needs no file, and the kernel drops it with the process, also after kill -9.
 */
export async function exclusively<T>(island: string, work: () => Promise<T>): Promise<T> {
  // Who connects is sent away, or it would keep this process from ending.
  const server = createServer((socket) => void socket.destroy());
  try {
    server.listen(`\0island/${island}`);
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
