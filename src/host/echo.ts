import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { IslandError } from '../errors.ts';
import { answerTo, GREETING, UDP_HEADERS } from '../model/echo.ts';
import type { Ipv4 } from '../model/ip.ts';
import { codeOf } from './errno.ts';

export interface EchoOptions {
  readonly address: Ipv4;
  readonly port: number;
  /** Who is answered. */
  readonly admits: (source: string) => Promise<boolean>;
  /** Who is sent a greeting once a second. */
  readonly greets: readonly Ipv4[];
}

const GREETING_MS = 1000;

/** Answers at one address, over UDP and TCP, with what it sees of who asks, until the returned function is called. */
export async function serveEcho({ address, port, admits, greets }: EchoOptions): Promise<() => void> {
  const socket = createSocket('udp4');
  const server = createServer((connection) => {
    const { remoteAddress: source = '' } = connection;
    // A connection that is reset is no concern of anybody.
    connection.on('error', () => undefined);
    connection.setTimeout(5000, () => connection.destroy());
    void admits(source).then((isAdmitted) => {
      if (isAdmitted) connection.end(`${source}\n`);
      else connection.destroy();
    });
  });
  socket.on('message', (message: Buffer, { address: source, port: from }: RemoteInfo) => {
    const answer = answerTo(message.toString('latin1'), { source, bytes: message.length + UDP_HEADERS });
    if (answer === undefined) return;
    void admits(source).then((isAdmitted) => {
      if (isAdmitted) socket.send(answer, from, source, () => undefined);
    });
  });
  const greeting = setInterval(() => {
    for (const other of greets) socket.send(GREETING, port, other, () => undefined);
  }, GREETING_MS);
  const close = () => {
    clearInterval(greeting);
    socket.close();
    server.close();
  };
  try {
    socket.bind(port, address);
    server.listen(port, address);
    await Promise.all([once(socket, 'listening'), once(server, 'listening')]);
    return close;
  } catch (cause) {
    close();
    throw new IslandError('E_APPLY', `${address}: cannot listen on port ${port}: ${codeOf(cause)}`, {
      hint:
        codeOf(cause) === 'EADDRINUSE'
          ? `another "island echo" answers there, or "ss -lunp sport = :${port}" shows who`
          : 'island join comes first: the address is that of a link',
      cause,
    });
  }
}
