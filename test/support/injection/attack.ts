import { ipv4 } from './frames.ts';
import { type Carried, marked, onWire, type Scene, tunnelled } from './tunnel.ts';

/** Something that has to be refused, ready to be put on the wire. */
export interface Attack {
  readonly name: string;
  /** UDP port of what it tries to get in. */
  readonly marker: number;
  /** What is sent in one round. */
  readonly frames: readonly Buffer[];
  /** How many packets one round tries to get in. */
  readonly packets: number;
  /** What tells it where the victim takes it in, for what is no datagram: words of an nft rule. */
  readonly delivered?: Spec['delivered'];
  /** Whether the outer source is not the peer's; an ipip link refuses these by itself. */
  readonly stranger: boolean;
  /** Whether only keys could refuse it: both sources are forged. */
  readonly open: boolean;
  /** Whether it counts only while the victim is joined. */
  readonly whileJoined: boolean;
  /** Whether it comes out of the link as a packet of another tunnel, whose device decides what it takes. */
  readonly nested: boolean;
}

/** An attack in words; what it leaves out is as the peer's packets have it. */
export interface Spec {
  readonly name: string;
  /** Outer and inner source: the peer's and one of those behind it. */
  readonly outer?: string;
  readonly inner?: string;
  /** Inner destinations: the host behind and the victim. */
  readonly to?: readonly string[];
  /** Outer destination, and the victim's link that it comes to. */
  readonly at?: string;
  readonly by?: 'uplink' | 'lan';
  /** Bytes of the outer payload in its first fragment. */
  readonly cut?: number;
  /** Of the outer header. */
  readonly options?: Buffer;
  /** How the inner packet is carried. */
  readonly carry?: (inner: Buffer, marker: number) => Carried;
  readonly delivered?: { readonly family: 'inet' | 'arp'; readonly match: string };
  readonly open?: boolean;
  readonly whileJoined?: boolean;
  readonly nested?: boolean;
}

/** Markers of attacks count from here. */
export const FIRST_MARKER = 20_001;

/** The attack with the marker, as frames for the victim of the scene. */
export function attackOf(scene: Scene, spec: Spec, marker: number): Attack {
  const { victim, behind, peer } = scene.parties;
  const { outer = peer.outer, inner = peer.inside, at = victim.outer, by = 'uplink' } = spec;
  const { to = [behind.address, victim.inner], cut, options, delivered } = spec;
  const carry = spec.carry ?? ((packet) => tunnelled(scene, packet));
  const frames = to.flatMap((destination, index) => {
    const packet = ipv4(marked(marker, { from: inner, to: destination }, sizeFor(cut)));
    return onWire(
      scene.wireMac[by],
      {
        ...{ source: outer, destination: at, ...carry(packet, marker), ...(options && { options }) },
        // The fragments of each packet need a number of their own.
        id: 2 * marker + index,
      },
      cut,
    );
  });
  return {
    ...{ name: spec.name, marker, frames, packets: to.length, ...(delivered && { delivered }) },
    ...{ stranger: outer !== peer.outer, open: spec.open ?? false, nested: spec.nested ?? false },
    whileJoined: spec.whileJoined ?? false,
  };
}

/** Enough for something to be left for the second fragment. */
function sizeFor(cut = 0): number {
  return cut > 1000 ? 1400 : 64;
}
