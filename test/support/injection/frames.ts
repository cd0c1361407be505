/** An IPv4 packet before it becomes bytes. */
export interface Ipv4Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly payload: Buffer;
  readonly id?: number;
  /** Whole words; they lengthen the header. */
  readonly options?: Buffer;
  /** In bytes, a multiple of 8. */
  readonly offset?: number;
  readonly moreFragments?: boolean;
}

/** Protocol numbers of what an attack wraps in IPv4. */
export const PROTOCOL = { icmp: 1, ipip: 4, tcp: 6, udp: 17, ipv6: 41, gre: 47 } as const;

/** What an Ethernet frame says that it carries. */
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd } as const;

/** An Ethernet frame without its checksum. */
export function ethernet(
  destination: string,
  source: string,
  carried: { readonly type: number; readonly payload: Buffer },
): Buffer {
  return Buffer.concat([macBytes(destination), macBytes(source), words(carried.type), carried.payload]);
}

/** What a frame of type `vlan` carries: a tag in front of another type. */
export function vlan(id: number, carried: { readonly type: number; readonly payload: Buffer }): Buffer {
  return Buffer.concat([words(id, carried.type), carried.payload]);
}

/** The packet as bytes, with its header's checksum. */
export function ipv4(packet: Ipv4Packet): Buffer {
  const { options = Buffer.alloc(0), offset = 0, payload } = packet;
  const header = Buffer.concat([Buffer.alloc(20), options]);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(packet.id ?? 0, 4);
  header.writeUInt16BE((packet.moreFragments ? 0x2000 : 0) | (offset / 8), 6);
  header[8] = 64;
  header[9] = packet.protocol;
  addressBytes(packet.source).copy(header, 12);
  addressBytes(packet.destination).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

/** The packet in two fragments, `first` bytes of its payload in the first, as a router would cut it. */
export function fragments(packet: Ipv4Packet, first: number): Ipv4Packet[] {
  const { payload } = packet;
  return [
    { ...packet, payload: payload.subarray(0, first), moreFragments: true },
    { ...packet, payload: payload.subarray(first), offset: first },
  ];
}

/** Of RFC 1071: the complement of the sum of all words; 0 over a header that contains its own. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** A datagram that says it has no checksum, which IPv4 allows. */
export function udp(ports: { readonly from: number; readonly to: number }, payload: Buffer): Buffer {
  return Buffer.concat([words(ports.from, ports.to, 8 + payload.length, 0), payload]);
}

/** The first packet of a connection to the port, without a checksum. */
export function tcpSyn(port: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(port, 0);
  header.writeUInt16BE(port, 2);
  header[12] = 0x50;
  header[13] = 0x02;
  return header;
}

/** What a datagram to a vxlan port carries (RFC 7348). */
export function vxlan(vni: number, frame: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x08;
  header.writeUIntBE(vni, 4, 3);
  return Buffer.concat([header, frame]);
}

/** GRE without any option, around an IPv4 packet. */
export function gre(payload: Buffer): Buffer {
  return Buffer.concat([words(0, ETHERTYPE.ipv4), payload]);
}

/** An IPv6 packet with a datagram in it; addresses as 32 hexadecimal digits. */
export function ipv6(source: string, destination: string, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header.writeUInt16BE(payload.length, 4);
  header[6] = PROTOCOL.udp;
  header[7] = 64;
  return Buffer.concat([header, Buffer.from(source, 'hex'), Buffer.from(destination, 'hex'), payload]);
}

/** An ARP request: whoever has `target`, tell `sender` at `mac`; or an answer, which says that it is there. */
export function arp(mac: string, sender: string, target: string, operation = 1): Buffer {
  const request = [words(1, ETHERTYPE.ipv4, 0x0604, operation), macBytes(mac), addressBytes(sender)];
  return Buffer.concat([...request, Buffer.alloc(6), addressBytes(target)]);
}

/** The four bytes of an address. */
export function addressBytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}
