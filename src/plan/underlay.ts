import { contains, type Ipv4, subnetOf, subnetSize, toNumber } from '../model/ip.ts';
import { isIslandLink, linkWith, MAIN_TABLE, type Observed, type ObservedRoute } from './observed.ts';

/** How packets leave for an outer address when no island is in the way. */
export interface UnderlayRoute {
  readonly link: string;
  readonly nextHop: Ipv4 | undefined;
  /** The address that the kernel would put on them. */
  readonly source: Ipv4 | undefined;
  /** Bytes. */
  readonly mtu: number;
}

/** Looks a target up in the routes of table main that are not through an island's link. */
export type Underlay = (target: Ipv4) => UnderlayRoute | undefined;

/**
 * The underlay of this host. We look routes up ourselves rather than with `ip route get`, which once an
 * island is up answers with the island, and would be a process per peer.
 */
export function underlayOf(observed: Observed): Underlay {
  const links = new Map(observed.links.map((link) => [link.name, link]));
  const routes = mainRoutes(observed).map((route) => ({ route, ...boundsOf(route) }));

  return (target) => {
    const value = toNumber(target);
    const found = routes.find(({ first, last }) => value >= first && value <= last)?.route;
    const link = links.get(found?.link ?? '');
    if (found === undefined || link === undefined || found.type !== 'unicast') return undefined;
    return {
      link: link.name,
      nextHop: found.nextHop,
      source: found.source ?? sourceOn(link.addresses, found.nextHop ?? target),
      mtu: found.mtu ?? link.mtu,
    };
  };
}

/** Table main without the islands' links; the route that the kernel takes is the first that matches. */
export function mainRoutes(observed: Observed): readonly ObservedRoute[] {
  const islands = new Set(
    observed.links.filter(({ name, group }) => isIslandLink(name, group)).map(({ name }) => name),
  );
  return observed.routes
    .filter(({ table, link }) => table === MAIN_TABLE && !islands.has(link ?? ''))
    .toSorted((a, b) => b.destination.prefix - a.destination.prefix || a.metric - b.metric);
}

/**
 * MTU of the underlay towards `target` in bytes; while the uplink is down and no route leads there, that of
 * the link which has `local`, since it is the one that comes back.
 */
export function underlayMtu(
  observed: Observed,
  underlay: Underlay,
  { target, local }: { readonly target: Ipv4; readonly local: Ipv4 },
): number | undefined {
  return underlay(target)?.mtu ?? linkWith(observed, local)?.mtu;
}

function boundsOf({ destination }: ObservedRoute): { readonly first: number; readonly last: number } {
  const first = toNumber(destination.network);
  return { first, last: first + subnetSize(destination) - 1 };
}

/** The kernel's choice (inet_select_addr): the first address in the next hop's subnet, else the first. */
function sourceOn(
  addresses: readonly { readonly address: Ipv4; readonly prefix: number }[],
  towards: Ipv4,
): Ipv4 | undefined {
  const inSubnet = addresses.find(({ address, prefix }) => contains(subnetOf(address, prefix), towards));
  return (inSubnet ?? addresses[0])?.address;
}
