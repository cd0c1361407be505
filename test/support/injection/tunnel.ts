import { ETHERTYPE, ethernet, fragments, type Ipv4Packet, ipv4, PROTOCOL, udp, vxlan } from './frames.ts';
import type { Parties } from './parties.ts';

/** What an attacker knows of the host under attack: all that there is to know, as nothing of it is secret. */
export interface Scene {
  readonly parties: Parties;
  readonly kind: 'ipip' | 'vxlan';
  readonly port: number;
  readonly vni: number;
  /** Of the victim's links to the wire: the one with its outer address, and another. */
  readonly wireMac: { readonly uplink: string; readonly lan: string };
  /** Of the vxlan link at either end. */
  readonly linkMac: { readonly victim: string; readonly peer: string };
}

/** What an outer packet carries. */
export interface Carried {
  readonly protocol: number;
  readonly payload: Buffer;
}

/** How the inner packet is wrapped for a vxlan link, where that is not as usual. */
export interface Wrapping {
  readonly vni?: number;
  readonly mac?: string;
  /** Of the frame; the payload is the inner packet unless `tag` makes another of it. */
  readonly type?: number;
}

/** An inner packet as a link of the kind carries it. */
export function tunnelled(scene: Scene, inner: Buffer, wrapping: Wrapping = {}): Carried {
  if (scene.kind === 'ipip') return { protocol: PROTOCOL.ipip, payload: inner };
  const { vni = scene.vni, mac = scene.linkMac.victim, type = ETHERTYPE.ipv4 } = wrapping;
  const frame = ethernet(mac, scene.linkMac.peer, { type, payload: inner });
  const ports = { from: scene.port, to: scene.port };
  return { protocol: PROTOCOL.udp, payload: udp(ports, vxlan(vni, frame)) };
}

/** A datagram with a marker for a destination port, by which it is known again wherever it arrives. */
export function marked(
  marker: number,
  ends: { readonly from: string; readonly to: string },
  bytes = 16,
): Ipv4Packet {
  return {
    ...{ source: ends.from, destination: ends.to, protocol: PROTOCOL.udp },
    payload: udp({ from: marker, to: marker }, Buffer.alloc(bytes)),
  };
}

/** The packet as a frame for the victim, or as two when it is cut after `cut` bytes of its payload. */
export function onWire(mac: string, packet: Ipv4Packet, cut?: number): Buffer[] {
  const packets = cut === undefined ? [packet] : fragments(packet, cut);
  return packets.map((each) => ethernet(mac, SENDER_MAC, { type: ETHERTYPE.ipv4, payload: ipv4(each) }));
}

/** Nobody's: what the wire's switch learns from it leads to the attacker. */
export const SENDER_MAC = '02:66:6f:72:67:65';
