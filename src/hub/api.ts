import { createServer } from 'node:net';
import type { Ipv4 } from '../model/ip.ts';
import type { Log } from '../model/log.ts';
import type { Desk } from './desk.ts';
import { type ApiLimits, DEFAULT_LIMITS } from './limits.ts';
import { listen } from './listen.ts';
import { Reception } from './reception.ts';

export interface ApiOptions {
  readonly address: Ipv4;
  readonly port: number;
  readonly desk: Desk;
  readonly log: Log;
  readonly limits?: Partial<ApiLimits>;
}

export interface Api {
  /** Takes no more connections, lets the requests in hand finish for a moment, and ends what is left. */
  close(): Promise<void>;
}

/**
 * Serves the control API of a hub at one address: one request per connection, each step of it with a deadline of
 * its own. E_RETRY while the address is not the host's or the port is taken.
 */
export async function serveApi({ address, port, desk, log, limits }: ApiOptions): Promise<Api> {
  const reception = new Reception({ desk, log, limits: { ...DEFAULT_LIMITS, ...limits } });
  const server = createServer({ noDelay: true }, (raw) => reception.receive(raw));
  await listen(server, { address, port });
  // Out of file descriptors, say: the next connection may be taken again.
  server.on('error', (cause) => log.warn({ error: String(cause) }, 'cannot take a connection'));
  log.info({ address, port }, 'control API listens');
  return {
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      await reception.close();
      await closed;
    },
  };
}
