import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../model/endpoint.ts';
import { isIpv4, toNumber } from '../model/ip.ts';
import { converse } from './conversation.ts';
import type { Duty } from './duty.ts';
import type { Guests, TcpLimits } from './guests.ts';

/** What all connections of a responder share. */
export interface Reception {
  readonly duty: Duty;
  readonly guests: Guests;
  readonly limits: TcpLimits;
}

/** A server, not listening yet, that answers what it is asked over connections. */
export function tcpServer(reception: Reception): Server {
  // Half-open: who has sent all his questions may say so, and is answered all the same.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => receive(socket, reception));
  // Of one that cannot listen somebody else hears. Out of file descriptors, say: the next may be taken again.
  server.on('error', () => {
    if (server.listening) reception.duty.tally.dropped('accept');
  });
  return server;
}

/** Rejects with the error of the system. */
export async function listenTcp(server: Server, { address, port }: Endpoint): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ host: address, port, exclusive: true });
  await listening;
}

function receive(socket: Socket, reception: Reception): void {
  const { duty, guests } = reception;
  // Whoever hangs up is no concern of anybody.
  socket.on('error', () => undefined);
  const address = socket.remoteAddress ?? '';
  if (!isIpv4(address)) return void socket.destroy();
  const source = toNumber(address);
  const verdict = duty.admission().admit(source);
  if (verdict === 'admitted' && guests.hasRoomFor(source)) {
    guests.enter(converse(socket, source, reception));
  } else {
    duty.tally.dropped(verdict === 'admitted' ? 'tcp-crowded' : verdict);
    socket.resetAndDestroy();
  }
}
