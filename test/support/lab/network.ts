import type { Disk } from './machine.ts';

/** A network as a plain value: which hosts there are and what each one's administrator configured. */
export interface Network {
  readonly hosts: Readonly<Record<string, HostPlan>>;
}

/** One host of a network. */
export interface HostPlan {
  /** A host that has a disk boots systemd from it, when its links are there. */
  readonly disk?: Disk;
  readonly links?: Readonly<Record<string, LinkPlan>>;
  /** `ip route add …` without the first three words. */
  readonly routes?: readonly string[];
  /** Further lines for `ip -batch`, run last. */
  readonly ip?: readonly string[];
  /** A ruleset for `nft -f`. */
  readonly nft?: string;
  readonly forwards?: boolean;
  /** 0 off, 1 strict (unless given), 2 loose; for `all` and for `default`, before any link exists. */
  readonly rpFilter?: 0 | 1 | 2;
  /** By path below /proc/sys. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
}

/** A link into a segment, which exists as soon as something is plugged into it. */
export interface LinkPlan {
  readonly segment: string;
  /** With their prefix length. */
  readonly addresses?: readonly string[];
  readonly mtu?: number;
}

/** A plug of the switch that a link of a host ends in. */
export interface Port {
  readonly host: string;
  readonly link: string;
  readonly segment: string;
  readonly name: string;
  readonly mtu: number;
}

/** Every link of the network with a free name for its end at the switch. */
export function portsOf(network: Network, firstFree: number): Port[] {
  return Object.entries(network.hosts)
    .flatMap(([host, plan]) => Object.entries(plan.links ?? {}).map(([link, to]) => ({ host, link, ...to })))
    .map(({ host, link, segment, mtu }, index) => ({
      host,
      link,
      segment,
      name: `port${firstFree + index}`,
      mtu: mtu ?? 1500,
    }));
}

/** The `ip -batch` that the switch of the lab runs: a bridge per new segment, a wire per port. */
export function formatSwitchBatch(
  ports: readonly Port[],
  known: ReadonlySet<string>,
  pidOf: (host: string) => number,
): string[] {
  const segments = [...new Set(ports.map((port) => port.segment))].filter((name) => !known.has(name));
  return [
    ...segments.map((name) => `link add ${name} up mtu 9000 type bridge stp_state 0 mcast_snooping 0`),
    ...ports.map(
      (port) =>
        `link add ${port.name} up mtu ${port.mtu} master ${port.segment} type veth ` +
        `peer name ${port.link} mtu ${port.mtu} netns ${pidOf(port.host)}`,
    ),
  ];
}

/** The `ip -batch` that configures a host whose links exist. */
export function formatHostBatch(plan: HostPlan): string[] {
  const links = Object.entries(plan.links ?? {});
  return [
    'link set lo up',
    ...links.flatMap(([name, { addresses = [] }]) => [
      ...addresses.map((address) => `address add ${address} dev ${name}`),
      // Else a link-local IPv6 address appears whenever the kernel gets round to it.
      `link set ${name} addrgenmode none`,
      `link set ${name} up`,
    ]),
    ...(plan.routes ?? []).map((route) => `route add ${route}`),
    ...(plan.ip ?? []),
  ];
}

/**
 * The sysctls of a new host. All that matters is written, because a new namespace starts with whatever the
 * machine's own are set to (net.core.devconf_inherit_init_net).
 */
export function sysctlsOf(plan: HostPlan): Record<string, string | number> {
  const values: Record<string, string | number> = { 'net/ipv4/ip_forward': plan.forwards ? 1 : 0 };
  for (const scope of ['all', 'default']) {
    const conf = `net/ipv4/conf/${scope}`;
    values[`${conf}/rp_filter`] = plan.rpFilter ?? 1;
    values[`${conf}/accept_redirects`] = scope === 'all' && plan.forwards ? 0 : 1;
    values[`${conf}/send_redirects`] = 1;
    values[`${conf}/log_martians`] = 0;
    values[`${conf}/arp_ignore`] = 0;
  }
  return { ...values, ...plan.sysctls };
}

/** The addresses that a host was given, without their prefix lengths. */
export function addressesOf(plan: HostPlan): string[] {
  return Object.values(plan.links ?? {})
    .flatMap((link) => link.addresses ?? [])
    .map((address) => address.replace(/\/.*/, ''));
}
