import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '../model/endpoint.ts';
import { type Ipv4, toNumber } from '../model/ip.ts';
import { answerTo, type Duty } from './duty.ts';
import type { Way } from './wire.ts';

const RECEIVE_BYTES = 1 << 20;

/**
 * A socket, not bound yet, that answers what it is asked from the address it will be bound to. One for each address:
 * one for all would answer from whichever address the route back prefers.
 */
export function udpSocket(duty: Duty): Socket {
  const { admission, tally } = duty;
  // The usual lookup goes through libuv's threads, for an address too: that halves the rate (0025).
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });

  let last = { address: '', source: 0 };
  const sender = newSender(socket);
  const way: Way = { transport: 'udp', memory: sender.memory };

  // Admit, respond, send: whatever is added here is paid for by every question.
  function answer(query: Buffer, asker: RemoteInfo): string | undefined {
    const { address, port } = asker;
    // Mostly one resolver asks for many hosts: to compare takes less than to parse.
    if (address !== last.address) last = { address, source: toNumber(address as Ipv4) };
    const verdict = admission().admit(last.source);
    if (verdict !== 'admitted') return verdict;
    // Nobody can be answered there, and send would throw.
    if (port === 0) return 'port-zero';
    const response = answerTo(duty, query, way);
    if (response.kind === 'silence') return response.reason;
    if (!sender.send(response.bytes, asker)) return 'congested';
    tally.answered('udp', response.type, response.rcode);
    return undefined;
  }

  socket.on('message', (query, source) => {
    const reason = answer(query, source);
    if (reason !== undefined) tally.dropped(reason);
  });
  // Of a bind that fails somebody else hears. A receive that fails is one, and the next may not.
  socket.once('listening', () => socket.on('error', () => tally.dropped('receive')));
  return socket;
}

/** Sends replies, from one piece of memory for each length: mostly the kernel has one before the next is written. */
function newSender(socket: Socket) {
  const pieces: Buffer[] = [];
  let isWaiting = false;
  return {
    memory(length: number): Buffer {
      const piece = pieces[length] ?? Buffer.allocUnsafeSlow(length);
      pieces[length] = piece;
      return piece;
    },
    /** False when the kernel takes no more for now: what Node keeps for later has no limit. */
    send(reply: Uint8Array, { port, address }: RemoteInfo): boolean {
      if (isWaiting && socket.getSendQueueCount() > 0) return false;
      // Without a callback: what cannot be sent (no route, a firewall's no) is lost, as on the way.
      socket.send(reply, port, address);
      isWaiting = socket.getSendQueueCount() > 0;
      // What waits in Node is still to be read from where it is.
      if (isWaiting) pieces.length = 0;
      return true;
    },
  };
}

/** Rejects with the error of the system; the socket is closed then. */
export async function bindUdp(socket: Socket, { address, port }: Endpoint): Promise<void> {
  const bound = once(socket, 'listening');
  try {
    socket.bind({ address, port, exclusive: true });
    await bound;
    // The kernel makes it twice its usual size, which is room for what comes while we are busy.
    if (socket.getRecvBufferSize() < RECEIVE_BYTES) socket.setRecvBufferSize(RECEIVE_BYTES);
  } catch (cause) {
    socket.close();
    throw cause;
  }
}
