import type { Ipv4, Subnet } from '../model/ip.ts';
import type { Firewall } from './firewall.ts';
import type { Resolver } from './name-resource.ts';
import type { NftTable, Timers } from './resource.ts';

/** What systemd-networkd does with what it did not make itself. */
export interface Networkd {
  /** Its settings that let it delete routes or rules of others. */
  readonly takes: readonly ('ManageForeignRoutes' | 'ManageForeignRoutingPolicyRules')[];
}

/** The file of names and addresses, as it is. */
export interface HostsFile {
  /** A character for each byte: it may be in any encoding. */
  readonly text: string;
  /** What it is that cannot be replaced by another file, as in `a symlink to /nix/store/hosts`. */
  readonly fixed?: string;
}

/** Of one link, since it was made. */
export interface Counters {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly collisions: number;
}

export interface ObservedLink {
  readonly name: string;
  /** `ipip`, `vxlan`, `veth`, …; undefined for hardware. */
  readonly kind: string | undefined;
  readonly mtu: number;
  readonly up: boolean;
  readonly group: number;
  readonly alias: string;
  readonly mac: string;
  readonly addresses: readonly { readonly address: Ipv4; readonly prefix: number }[];
  readonly counters: Counters;
  /** Of a tunnel link. */
  readonly tunnel?: {
    readonly local?: string | undefined;
    readonly remote?: string | undefined;
    readonly id?: number | undefined;
    readonly port?: number | undefined;
    readonly portRange?: { readonly low: number; readonly high: number } | undefined;
    readonly learning?: boolean | undefined;
    readonly udpChecksum?: boolean | undefined;
  };
}

/** An IPv4 route of any table but `local`. */
export interface ObservedRoute {
  readonly table: number;
  readonly type: 'unicast' | 'throw' | 'unreachable' | 'blackhole' | 'prohibit' | 'other';
  readonly destination: Subnet;
  readonly link: string | undefined;
  readonly nextHop: Ipv4 | undefined;
  readonly source: Ipv4 | undefined;
  readonly onlink: boolean;
  /** Origin of the route: 2 is the kernel, 3 an operator, 4 the boot, 110 island. */
  readonly protocol: number;
  /** 253 is link: the destination is connected. */
  readonly scope: number;
  readonly metric: number;
  readonly mtu: number | undefined;
}

export interface ObservedRule {
  readonly priority: number;
  readonly from: Subnet | undefined;
  readonly to: Subnet | undefined;
  readonly ipProtocol: number | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  readonly table: number | undefined;
  readonly protocol: number;
  readonly inverted: boolean;
  /** Routes of this prefix or shorter do not count; `lookup main suppress_prefixlength 0`. */
  readonly suppressPrefix: number | undefined;
  /** It selects by something that the fields above do not hold (fwmark, iif, oif, tos, uid). */
  readonly narrowed: boolean;
}

export interface ObservedNeighbour {
  readonly link: string;
  readonly address: Ipv4;
  readonly mac: string | undefined;
  readonly permanent: boolean;
  /** The kernel keeps asking for it. */
  readonly managed?: boolean;
}

export interface ObservedFdbEntry {
  readonly link: string;
  readonly mac: string;
  readonly outer: Ipv4;
  /** UDP port, where it is not the link's. */
  readonly port?: number;
}

/** A range that other software on this host hands out, whether a route tells of it or not. */
export interface Claim {
  readonly subnet: Subnet;
  /** As in `the pods of flannel`. */
  readonly by: string;
}

/** What the kernel says, read anew for every command; nothing else is state. */
export interface Observed {
  readonly links: readonly ObservedLink[];
  readonly routes: readonly ObservedRoute[];
  readonly rules: readonly ObservedRule[];
  readonly neighbours: readonly ObservedNeighbour[];
  readonly fdb: readonly ObservedFdbEntry[];
  /** The island's table; `unreadable` for who is not root. */
  readonly nft: NftTable | 'absent' | 'unreadable';
  /** The tables of others that packets pass when they come in or are forwarded; none for who is not root. */
  readonly firewalls: readonly Firewall[];
  /** `forwarding` of each link by name, and of `all`. */
  readonly forwarding: ReadonlyMap<string, string>;
  /** Of the links that islands made. */
  readonly timers?: readonly Timers[];
  readonly claims: readonly Claim[];
  /** systemd-networkd, where it runs. */
  readonly networkd?: Networkd | undefined;
  /** What systemd-resolved has for the links of islands, where it runs; `silent` when it does not answer. */
  readonly resolved?: readonly Resolver[] | 'silent' | undefined;
  /** The links of islands that systemd-networkd has taken. */
  readonly managed?: readonly string[];
  /** /etc/hosts, where it is there. */
  readonly hostsFile?: HostsFile | undefined;
}

/** Routing tables by their number (/etc/iproute2/rt_tables). */
export const MAIN_TABLE = 254;

export const KERNEL_PROTOCOL = 2;
export const SCOPE_LINK = 253;

/** The routes that say which subnets this host is itself connected to. */
export function connectedRoutes(observed: Observed): readonly ObservedRoute[] {
  return observed.routes.filter(
    ({ table, type, protocol, scope }) =>
      table === MAIN_TABLE && type === 'unicast' && protocol === KERNEL_PROTOCOL && scope === SCOPE_LINK,
  );
}

/** Addresses that this host has on links of its own, not on an island's. */
export function ownAddresses(observed: Observed): readonly Ipv4[] {
  return observed.links
    .filter(({ name, group }) => !isIslandLink(name, group))
    .flatMap(({ addresses }) => addresses.map(({ address }) => address))
    .filter((address) => !address.startsWith('127.'));
}

/** The link that carries `address`. */
export function linkWith(observed: Observed, address: Ipv4): ObservedLink | undefined {
  return observed.links.find(({ addresses }) => addresses.some((own) => own.address === address));
}

/** Whether a link is any island's: both its name and its group say so. */
export function isIslandLink(name: string, group: number): boolean {
  return name.startsWith('isl-') && group !== 0;
}
