import type { Ipv4 } from '../model/ip.ts';
import type { HostsBlock, Resolver } from './name-resource.ts';
import { placeOf, selectorOf } from './words.ts';

interface LinkBase {
  readonly kind: 'link';
  readonly name: string;
  readonly alias: string;
  /** Interface group: the island's number, which marks the link as ours from the moment it exists. */
  readonly group: number;
  readonly mtu: number;
  readonly up: boolean;
}

export interface IpipLink extends LinkBase {
  readonly encapsulation: 'ipip';
  readonly local: Ipv4;
  readonly remote: Ipv4;
}

export interface VxlanLink extends LinkBase {
  readonly encapsulation: 'vxlan';
  readonly id: number;
  /** UDP port, source and destination alike. */
  readonly port: number;
  /** Undefined on a worker: whatever address the route to the hub gives. */
  readonly local: Ipv4 | undefined;
  /** Where frames go that no forwarding entry is for; on a worker, whose every frame goes to the hub. */
  readonly remote?: Ipv4;
  readonly mac: string;
}

export type Link = IpipLink | VxlanLink;

/** An inner address, a /32. */
export interface Address {
  readonly kind: 'address';
  readonly link: string;
  readonly address: Ipv4;
}

/** A permanent entry, so that nothing is resolved by ARP; on a worker, one that the kernel keeps asking for. */
export interface Neighbour {
  readonly kind: 'neighbour';
  readonly link: string;
  readonly address: Ipv4;
  /** Of a permanent entry. */
  readonly mac?: string;
  /** NTF_EXT_MANAGED of linux/neighbour.h. */
  readonly managed?: true;
}

/** How often the kernel asks for the neighbours of a link; 30 s and more by default. Times in milliseconds. */
export interface Timers {
  readonly kind: 'timers';
  readonly link: string;
  /** An answer counts for half to one and a half times as long. */
  readonly reachableMs: number;
  /** Between the first look at it after that and the next question. */
  readonly delayMs: number;
  readonly retransmitMs: number;
  /** Before it counts as gone. */
  readonly questions: number;
}

/** Which outer address a vxlan link sends a MAC's frames to. */
export interface FdbEntry {
  readonly kind: 'fdb';
  readonly link: string;
  readonly mac: string;
  readonly outer: Ipv4;
  /** UDP port, where it is not the link's: as a NAT maps it. */
  readonly port?: number;
}

export interface Route {
  readonly kind: 'route';
  readonly table: number;
  /** `10.3.1.0/24`, a single address as `10.3.1.2/32`. */
  readonly destination: string;
  readonly type: 'unicast' | 'throw' | 'unreachable';
  readonly link?: string;
  readonly nextHop?: Ipv4;
  /** The next hop is on the link though no connected route says so. */
  readonly onlink?: true;
  readonly source?: Ipv4;
}

export interface Rule {
  readonly kind: 'rule';
  readonly priority: number;
  readonly from?: Ipv4;
  readonly to?: Ipv4;
  /** IP protocol number; 4 is IPv4 in IPv4 (the name `ipip` is 94 in /etc/protocols). */
  readonly protocol?: number;
  /** UDP source and destination port. */
  readonly port?: number;
  /** Destination port alone. */
  readonly destinationPort?: number;
  readonly table: number;
}

export interface NftSet {
  readonly name: string;
  readonly type: string;
  /** The expressions whose types it has, where these have no name of their own; unknown when observed. */
  readonly typeOf?: string;
  readonly interval: boolean;
  /** Packets add to it, and what none adds again goes after so many seconds: the elements are nobody's to compare. */
  readonly timeoutSeconds?: number;
  /** Sorted; a map's as `key : value`, of several parts as `a . b`. */
  readonly elements: readonly string[];
}

export interface NftChain {
  readonly name: string;
  /** As in `type filter hook forward priority -150`; none for a chain that others jump to. */
  readonly hook?: string;
  readonly rules: readonly NftRule[];
}

/**
 * A rule by the words it was written in. The kernel lists rules in a form that differs from one nft to the
 * next, so each carries a comment with a hash of its words, and that is what is compared.
 */
export interface NftRule {
  readonly mark: string;
  /** What nft reads; empty when observed. */
  readonly words?: string;
  /** What the rule has counted since it was loaded, when it counts and was observed. */
  readonly count?: Count;
}

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/** The island's own table, replaced as a whole in one transaction. */
export interface NftTable {
  readonly kind: 'nft';
  readonly name: string;
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
  /** The table as `nft list` printed it, with which an undo puts it back. */
  readonly listing?: string;
}

/** A file under /proc/sys, by its dotted name; slashes stand for dots inside an interface's name. */
export interface Sysctl {
  readonly kind: 'sysctl';
  /** The link that it is of. */
  readonly link: string;
  readonly key: string;
  readonly value: string;
}

/** The kernel's link for ipip packets that no other link takes: kept down while nobody uses it (plan/tunnels.ts). */
export interface Fallback {
  readonly kind: 'fallback';
  readonly link: string;
  readonly up: boolean;
}

/** A rule of ours in somebody else's firewall, at the top of a chain that would drop what the island sends. */
export interface Accept {
  readonly kind: 'accept';
  readonly tool: 'nft' | 'iptables-legacy';
  readonly family: 'ip' | 'inet';
  readonly table: string;
  readonly chain: string;
  /** What it accepts, as in `iifgroup 10310` or `-i isl-+`; also the end of its comment. */
  readonly words: string;
  /** Whose it is: the beginning of its comment. */
  readonly island: string;
  /** By which nft deletes it; when observed. */
  readonly handle?: number;
  /** Somebody put a drop in front of it. */
  readonly behind?: true;
}

/** One thing in the kernel that island owns. A state is a set of these. */
export type Resource =
  | Link
  | Address
  | Neighbour
  | Timers
  | FdbEntry
  | Route
  | Rule
  | NftTable
  | Accept
  | Sysctl
  | Fallback
  | Resolver
  | HostsBlock;

/** Two resources with the same key are the same object; the rest is its content. */
export function keyOf(resource: Resource): string {
  switch (resource.kind) {
    case 'link':
      return `link ${resource.name}`;
    case 'address':
      return `address ${resource.address} on ${resource.link}`;
    case 'neighbour':
      return `neighbour ${resource.address} on ${resource.link}`;
    case 'timers':
      return `timers of neighbours on ${resource.link}`;
    case 'fdb':
      return `fdb ${resource.mac} on ${resource.link}`;
    case 'route':
      return `route ${resource.destination} in table ${resource.table}`;
    case 'rule':
      return `rule ${resource.priority}: ${selectorOf(resource)} lookup ${resource.table}`;
    case 'nft':
      return `nft table ${resource.name}`;
    case 'accept':
      return `accept ${placeOf(resource)}: ${resource.words}`;
    case 'sysctl':
      return `sysctl ${resource.key}`;
    case 'fallback':
      return `fallback ${resource.link}`;
    case 'resolver':
      return `names on ${resource.link}`;
    case 'hosts':
      return 'names in /etc/hosts';
  }
}

/** The link that a resource cannot outlive. */
export function linkOf(resource: Resource): string | undefined {
  switch (resource.kind) {
    case 'address':
    case 'neighbour':
    case 'timers':
    case 'fdb':
    case 'route':
    case 'sysctl':
    case 'resolver':
      return resource.link;
    case 'link':
    case 'rule':
    case 'nft':
    case 'fallback':
    case 'accept':
    case 'hosts':
      return undefined;
  }
}
