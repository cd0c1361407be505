import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Greeting, Order } from './agent-protocol.ts';

/** Answers every connection and datagram on the port with the source that it came from. */
export async function serve(port: number): Promise<void> {
  const tcp = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    greet(socket);
    takeOrder(socket);
  });
  tcp.listen(port, '0.0.0.0');
  const udp = createSocket('udp4');
  udp.on('message', (data, from) => {
    const answer = formatGreeting(from.address, from.port).padEnd(data.length);
    udp.send(answer, from.port, from.address, () => undefined);
  });
  udp.bind(port);
  await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
}

function greet(socket: Socket): void {
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return;
  socket.write(`${formatGreeting(socket.remoteAddress, socket.remotePort)}\n`);
}

/** Counts what the order announces, says how much it was, then sends what the order asks for. */
function takeOrder(socket: Socket): void {
  let head = '';
  let order: Order | undefined;
  let received = 0;
  socket.on('data', (data) => {
    if (order) {
      received += data.length;
    } else {
      head += data.toString('latin1');
      const end = head.indexOf('\n');
      if (end < 0) return;
      order = JSON.parse(head.slice(0, end)) as Order;
      received = head.length - end - 1;
    }
    if (received < order.upload) return;
    socket.write(`${JSON.stringify({ received })}\n`);
    socket.end(Buffer.alloc(order.download));
  });
  socket.on('end', () => {
    if (!order || received < order.upload) socket.end();
  });
}

function formatGreeting(source: string, port: number): string {
  return JSON.stringify({ source, port } satisfies Greeting);
}
