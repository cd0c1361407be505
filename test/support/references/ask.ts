import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { packet, question, withId } from './packet.ts';

/** Where a name server listens. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Longer than any server on this machine thinks, and reached only by one that is dead. */
const PATIENCE_MS = 10_000;

/** No question has this id. */
const LAST_ID = 0xffff;

/** Answered by every server, if only that it refuses. */
const LAST = withId(packet({ questions: [question('last.invalid')] }), LAST_ID);

/**
 * What a server replies to each packet over UDP; undefined is silence. Each is followed by a question that every
 * server answers: since all of them answer in order, nothing has to wait for a reply that does not come.
 */
export async function askOverUdp(
  { address, port }: Endpoint,
  queries: readonly Uint8Array[],
  patienceMs = PATIENCE_MS,
): Promise<readonly (Uint8Array | undefined)[]> {
  const socket = createSocket('udp4');
  try {
    socket.connect(port, address);
    await once(socket, 'connect');
    const replies: (Uint8Array | undefined)[] = [];
    for (const query of queries) {
      const received = collect(socket, patienceMs);
      socket.send(query);
      socket.send(LAST);
      const [reply, another] = await received;
      if (another !== undefined) throw new Error(`two replies to ${Buffer.from(query).toString('hex')}`);
      replies.push(reply);
    }
    return replies;
  } finally {
    socket.close();
  }
}

/** The same over TCP, on a connection for each packet; a server that closes it was silent, too. */
export async function askOverTcp(
  endpoint: Endpoint,
  queries: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const replies: (Uint8Array | undefined)[] = [];
  for (const query of queries) {
    const received = await exchange(endpoint, [query, LAST]);
    replies.push(received.find((reply) => !isLast(reply)));
  }
  return replies;
}

/** Everything that comes back on one connection, over which the packets are sent at once, until each is answered or it is closed. */
export function exchange(
  endpoint: Endpoint,
  queries: readonly Uint8Array[],
  pieces: (frames: Uint8Array) => readonly Uint8Array[] = (frames) => [frames],
): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: endpoint.address, port: endpoint.port, noDelay: true });
    const received: Uint8Array[] = [];
    let rest = Buffer.alloc(0);
    const timer = setTimeout(() => {
      reject(new Error(`port ${endpoint.port}: no end over TCP after ${PATIENCE_MS} ms`));
      socket.destroy();
    }, PATIENCE_MS);
    // A server that closes before it has read everything resets the connection.
    socket.on('error', (error) => {
      if ('code' in error && error.code === 'ECONNREFUSED') reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        const end = 2 + rest.readUInt16BE(0);
        received.push(rest.subarray(2, end));
        rest = rest.subarray(end);
      }
      const last = received.at(-1);
      if (received.length === queries.length || (last !== undefined && isLast(last))) socket.destroy();
    });
    void sendAll(socket, pieces(Buffer.concat(queries.map(framed))));
  });
}

/** Each piece alone, so that TCP has a segment for it. */
async function sendAll(socket: TcpSocket, pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
}

function framed(query: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(query.length >> 8, query.length & 255), query]);
}

function isLast(reply: Uint8Array): boolean {
  return reply[0] === LAST_ID >> 8 && reply[1] === (LAST_ID & 255);
}

function collect(socket: Socket, patienceMs: number): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const received: Uint8Array[] = [];
    const timer = setTimeout(() => finish(new Error(`no reply at all after ${patienceMs} ms`)), patienceMs);
    const onMessage = (reply: Uint8Array) => {
      if (isLast(reply)) finish();
      else received.push(reply);
    };
    const finish = (error?: Error) => {
      clearTimeout(timer);
      socket.off('message', onMessage).off('error', finish);
      if (error === undefined) resolve(received);
      else reject(error);
    };
    socket.on('message', onMessage).on('error', finish);
  });
}
