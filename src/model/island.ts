import type { Ipv4, Subnet } from './ip.ts';

export type LinkKind = 'ipip' | 'vxlan';

/** A LAN behind a gateway; `gateway` is the address its hosts use as next hop. */
export interface Network {
  readonly subnet: Subnet;
  readonly gateway: Ipv4;
}

/** A host at one end of a link: the hub, or a peer. It is a gateway when it has networks. */
export interface LinkEnd {
  readonly name: string;
  /** Its address on the underlay, as the other end reaches it. */
  readonly outer: Ipv4;
  /** The address it has itself, where `outer` is a cloud's 1:1 NAT. */
  readonly local: Ipv4 | undefined;
  readonly inner: Ipv4;
  /** The MTU of its underlay in bytes, where it differs from the island's. */
  readonly mtu: number | undefined;
  readonly networks: readonly Network[];
}

export interface Peer extends LinkEnd {
  readonly link: LinkKind;
}

/** A named host on a network: a member, or an appliance that cannot be one. */
export interface HostEntry {
  readonly name: string;
  readonly address: Ipv4;
  /** Ranges behind this host (its pods) that everybody else routes towards it. */
  readonly routes: readonly Subnet[];
  /** It takes no routes: its gateway translates what the island sends it. */
  readonly translate: boolean;
  /** Its place in the file's `hosts:`; the hosts of one range share it. */
  readonly entry: number;
}

/** Something that `island test` must reach beside the island itself. */
export type Check =
  | { readonly kind: 'ping'; readonly name: string; readonly target: string; readonly required: boolean }
  | { readonly kind: 'tcp'; readonly name: string; readonly target: string; readonly required: boolean }
  | { readonly kind: 'dns'; readonly name: string; readonly target: string; readonly required: boolean };

/** By what programs find the island's names; `auto` is systemd-resolved where it runs, `hosts` that or /etc/hosts. */
export type DnsClient = 'auto' | 'hosts' | 'off';

export interface DnsRecord {
  /** Relative to the zone, or `@` for the zone itself. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'TXT' | 'SRV';
  /** In one form however it was written: names absolute with a final dot, a TXT as its plain text. */
  readonly value: string;
}

/** Hosts that may join with a token. */
export interface WorkerSettings {
  /** Inner addresses to lease. */
  readonly pool: Subnet;
  /** The longest time that a worker is silent, in milliseconds. */
  readonly keepaliveMs: number;
  /** What ranges behind workers are taken from: everybody sends these to the hub, which knows the worker. */
  readonly routes: readonly Subnet[];
}

/** One routed overlay: what the file means, every range expanded and every default applied. */
export interface Island {
  readonly name: string;
  readonly subnet: Subnet;
  readonly zone: string;
  /** UDP port of vxlan links, TCP port of the control API, number of the routing table. */
  readonly port: number;
  /** The underlay's MTU in bytes, or that of the underlay route. */
  readonly mtu: number | 'auto';
  readonly hub: LinkEnd;
  readonly peers: readonly Peer[];
  readonly hosts: readonly HostEntry[];
  readonly forwarding: { readonly networks: boolean; readonly workers: boolean };
  readonly workers: WorkerSettings | undefined;
  readonly dns: {
    readonly client: DnsClient;
    /** Where the responder answers beside the inner addresses: LAN addresses of ends and members, and loopback. */
    readonly listen: readonly Ipv4[];
    /** Who may ask beside the island's own ranges. */
    readonly allow: readonly Subnet[];
    readonly ttlSeconds: number;
    /** How long a resolver remembers that there is no such name. */
    readonly negativeTtlSeconds: number;
    readonly records: readonly DnsRecord[];
  };
  readonly checks: readonly Check[];
}

/** The hub and every peer, in the order of the file. */
export function endsOf(island: Island): readonly LinkEnd[] {
  return [island.hub, ...island.peers];
}
