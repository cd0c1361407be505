import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const IN = 1;
const TYPES = { A: 1, TXT: 16, ANY: 255 } as const;

/** The bytes of a question, written by hand: what is under test must not be what asks. */
export function question(name: string, type: keyof typeof TYPES = 'A', id = 1): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')]);
  const head = [id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), ...labels, Buffer.of(0, 0, TYPES[type], 0, IN)]);
}

/** The same for a stream. */
export function prefixed(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 255), message]);
}

export interface Reply {
  readonly id: number;
  readonly rcode: number;
  readonly answers: number;
  /** The last four bytes: the address, where the last record is one. */
  readonly address: string;
}

export function replyIn(bytes: Buffer): Reply {
  return {
    id: bytes.readUInt16BE(0),
    rcode: (bytes[3] ?? 0) & 15,
    answers: bytes.readUInt16BE(6),
    address: [...bytes.subarray(-4)].join('.'),
  };
}

/** The replies in a stream. */
export function repliesIn(stream: Buffer): Reply[] {
  const replies: Reply[] = [];
  for (let at = 0; at < stream.length; at += 2 + stream.readUInt16BE(at)) {
    replies.push(replyIn(stream.subarray(at + 2, at + 2 + stream.readUInt16BE(at))));
  }
  return replies;
}

/** The reply to a datagram from a port of its own; it is sent again until there is one. */
export async function askUdp(address: string, port: number, message: Uint8Array): Promise<Reply> {
  const socket = createSocket('udp4');
  const send = () => socket.send(message, port, address, () => undefined);
  const again = setInterval(send, 1000);
  send();
  try {
    const [reply] = await once(socket, 'message', { signal: AbortSignal.timeout(20_000) });
    return replyIn(reply);
  } finally {
    clearInterval(again);
    socket.close();
  }
}
