import { once } from 'node:events';
import type { Server } from 'node:net';
import { IslandError } from '../errors.ts';
import type { Ipv4 } from '../model/ip.ts';

export interface Place {
  readonly address: Ipv4;
  readonly port: number;
}

/** Returns when `server` listens. E_RETRY while the address is not the host's or the port is another's. */
export async function listen(server: Server, { address, port }: Place): Promise<void> {
  try {
    server.listen({ host: address, port });
    await once(server, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw refusalOf(code, { address, port }, cause);
  }
}

function refusalOf(code: string, { address, port }: Place, cause: unknown): IslandError {
  const at = `control API on ${address}:${port}`;
  switch (code) {
    case 'EADDRNOTAVAIL':
      return new IslandError('E_RETRY', `${at}: this host does not have the address`, {
        hint: `"ip -4 address" shows which it has; bring up the link that carries ${address}`,
        cause,
      });
    case 'EADDRINUSE':
      return new IslandError('E_RETRY', `${at}: another program listens there`, {
        hint: `"ss -ltnp sport = :${port}" shows which`,
        cause,
      });
    case 'EACCES':
      return new IslandError('E_PERMISSION', `${at}: not allowed to listen there`, {
        hint: 'run it as root',
        cause,
      });
    default:
      return new IslandError('E_APPLY', `${at}: cannot listen there: ${code}`, { cause });
  }
}
