import type { LinkKind } from './island.ts';

/**
 * Bytes in front of the inner IPv4 packet; a link's MTU is the underlay's minus this.
 * ipip: outer IPv4 20. vxlan: outer IPv4 20 + UDP 8 + VXLAN 8 + inner Ethernet 14.
 */
const OVERHEAD = { ipip: 20, vxlan: 50 } as const;

/** IPv4 20 + TCP 20: the largest segment that fits a packet is its size minus this. */
const TCP_HEADERS = 40;

export function linkMtu(kind: LinkKind, underlayMtu: number): number {
  return underlayMtu - OVERHEAD[kind];
}

export function maxSegmentOf(mtu: number): number {
  return mtu - TCP_HEADERS;
}

/** Bytes on the underlay of an inner packet of so many. */
export function underlayBytes(kind: LinkKind, bytes: number): number {
  return bytes + OVERHEAD[kind];
}
