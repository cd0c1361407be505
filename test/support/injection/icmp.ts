import { addressBytes, checksum, type Ipv4Packet, ipv4, PROTOCOL } from './frames.ts';

/** Who says something about a packet, to whom (RFC 792). */
export interface IcmpError {
  readonly from: string;
  readonly to: string;
  readonly about: Pick<Ipv4Packet, 'source' | 'destination'>;
}

/**
 * A redirect for the destination of the packet to another next hop. It is about an echo reply, for which the
 * kernel changes its route whether or not any socket has sent it (icmp_err).
 */
export function icmpRedirect(error: IcmpError, nextHop: string): Buffer {
  return icmpError([5, 1, 0, 0, ...addressBytes(nextHop)], error, ICMP);
}

/** That the destination of an ipip packet is unreachable. */
export function hostUnreachable(error: IcmpError): Buffer {
  return icmpError([3, 1, 0, 0, 0, 0, 0, 0], error, PROTOCOL.ipip);
}

/** An echo request with the identifier: all of an IPv4 packet but its header. */
export function echoRequest(id: number): Buffer {
  const message = Buffer.from([8, 0, 0, 0, id >> 8, id & 0xff, 0, 1]);
  message.writeUInt16BE(checksum(message), 2);
  return message;
}

const { icmp: ICMP } = PROTOCOL;

function icmpError(head: readonly number[], { from, to, about }: IcmpError, protocol: number): Buffer {
  const quoted = ipv4({ ...about, protocol, payload: Buffer.alloc(8) });
  const message = Buffer.concat([Buffer.from(head), quoted]);
  message.writeUInt16BE(checksum(message), 2);
  return ipv4({ source: from, destination: to, protocol: ICMP, payload: message });
}
