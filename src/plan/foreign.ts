import { covers, formatSubnet, overlaps, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { destinationsOf } from '../model/reach.ts';
import { type Finding, formatProtocol, type Site, unicastRanges } from './finding.ts';
import { KERNEL_PROTOCOL, type ObservedRoute, SCOPE_LINK } from './observed.ts';
import { mainRoutes } from './underlay.ts';

/** Kubernetes and flannel use ranges of which no route here need tell; `routes:` of a host may be such pods. */
export function overlappingClaims({ island, observed }: Site): Finding[] {
  return observed.claims.flatMap(({ subnet, by }) =>
    addressRanges(island)
      .filter((range) => overlaps(range.subnet, subnet))
      .map(
        ({ subnet: range, what }): Finding => ({
          weight: 'refuse',
          text: `${formatSubnet(subnet)}, which ${by} use on this host, overlaps ${what} ${formatSubnet(range)}`,
          hint: 'renumber one of them: an address can only be in one place',
        }),
      ),
  );
}

/** Routes of others for a range that the island leads elsewhere: its table is asked first, and nobody else sees it. */
export function coveredRoutes({ place, observed, desired }: Site): Finding[] {
  const isWorker = place.role === 'worker';
  const own = isWorker ? place.lease.worker.routes : [];
  const ranges = unicastRanges(desired);
  const ours = new Set(
    desired.flatMap((resource) =>
      resource.kind === 'route' ? [wayOf(resource.destination, resource.link, resource.nextHop)] : [],
    ),
  );
  // What leads into a tunnel has no next hop either; what has an address is judged with the links.
  const isJudged = ({ scope, protocol }: ObservedRoute) =>
    scope !== SCOPE_LINK || (isWorker && protocol !== KERNEL_PROTOCOL);
  return mainRoutes(observed)
    .filter((route) => isJudged(route) && route.destination.prefix > 0)
    .filter(({ destination }) => ranges.some((range) => covers(range, destination)))
    .filter(({ destination }) => !own.some((range) => covers(range, destination)))
    .filter(({ destination, link, nextHop }) => !ours.has(wayOf(formatSubnet(destination), link, nextHop)))
    .map((route) => ({
      // A worker stands in a network that nobody of the island knows: what it reaches there, it needs.
      weight: isWorker ? 'refuse' : 'note',
      text: `the route ${formatRoute(route)} will not be asked: the island's table comes first`,
      hint: 'delete it if it is left over; otherwise take the network out of the file',
    }));
}

interface AddressRange {
  readonly subnet: Subnet;
  readonly what: string;
}

function addressRanges(island: Island): AddressRange[] {
  const networks = destinationsOf(island).filter(
    ({ host, ofWorkers }) => host === undefined && ofWorkers !== true,
  );
  return [
    { subnet: island.subnet, what: `the subnet of ${island.name},` },
    ...networks.map((network) => ({ subnet: network.subnet, what: `the network of ${network.end.name},` })),
  ];
}

function wayOf(destination: string, link: string | undefined, nextHop: string | undefined): string {
  return `${destination} ${link} ${nextHop}`;
}

function formatRoute({ type, destination, nextHop, link, protocol }: ObservedRoute): string {
  const words = [...(type === 'unicast' ? [] : [type]), formatSubnet(destination)];
  if (nextHop !== undefined) words.push(`via ${nextHop}`);
  if (link !== undefined) words.push(`dev ${link}`);
  return `${words.join(' ')} (protocol ${formatProtocol(protocol)}) of table main`;
}
