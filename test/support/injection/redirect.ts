import { addressBytes, checksum, ipv4 } from './frames.ts';

/** Who tells whom to reach a destination by another next hop. */
export interface Redirect {
  readonly from: string;
  readonly to: string;
  readonly nextHop: string;
  /** The packet that it says was sent the wrong way. */
  readonly about: { readonly source: string; readonly destination: string };
}

/**
 * An ICMP redirect for a host (RFC 792). It is about an echo reply, for which the kernel changes its route
 * whether or not any socket has sent it (icmp_err).
 */
export function icmpRedirect({ from, to, nextHop, about }: Redirect): Buffer {
  const reply = ipv4({ ...about, protocol: ICMP, payload: Buffer.alloc(8) });
  const message = Buffer.concat([Buffer.from([5, 1, 0, 0]), addressBytes(nextHop), reply]);
  message.writeUInt16BE(checksum(message), 2);
  return ipv4({ source: from, destination: to, protocol: ICMP, payload: message });
}

const ICMP = 1;
