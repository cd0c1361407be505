import { contains, covers, formatSubnet, overlaps, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { type Destination, destinationsOf } from '../model/reach.ts';
import type { Finding, Site } from './finding.ts';
import { connectedRoutes, type Observed } from './observed.ts';
import { isOwnLink } from './owned.ts';

/** A connected subnet that overlaps the island, unless the file says that this host belongs there. */
export function overlappingLinks({ island, place, observed, marks }: Site): Finding[] {
  const own = new Set(observed.links.filter((link) => isOwnLink(link, marks)).map(({ name }) => name));
  const ranges = [
    { what: `the subnet of ${island.name}`, subnet: island.subnet, legitimate: () => false },
    ...destinationsOf(island).map((destination) => ({
      what: `${destination.host === undefined ? 'the network' : 'the range'} ${formatSubnet(destination.subnet)} of ${(destination.host ?? destination.end).name}`,
      subnet: destination.subnet,
      legitimate: (connected: Subnet) => belongs({ island, place, destination, connected, observed }),
    })),
  ];
  return connectedRoutes(observed)
    .filter(({ link }) => !own.has(link ?? ''))
    .flatMap(({ destination: connected, link }) =>
      ranges
        .filter(({ subnet, legitimate }) => overlaps(subnet, connected) && !legitimate(connected))
        .map(
          ({ what }): Finding => ({
            weight: 'refuse',
            text: `${formatSubnet(connected)} on ${link} of this host overlaps ${what}`,
            hint: 'renumber one of them, or name this host with its address under "hosts:" if it belongs there',
          }),
        ),
    );
}

interface Belonging {
  readonly island: Island;
  readonly place: Place;
  readonly destination: Destination;
  readonly connected: Subnet;
  readonly observed: Observed;
}

function belongs({ island, place, destination, connected, observed }: Belonging): boolean {
  // Pod ranges are on their host's own links; elsewhere a CNI routes them itself.
  if (destination.host !== undefined) {
    return place.role === 'member' && place.address === destination.host.address;
  }
  if (place.role === 'worker') {
    return place.lease.worker.routes.some((range) => covers(range, connected));
  }
  const home = place.role === 'member' ? place.gateway : place.end;
  if (destination.end === home) return true;
  if (!covers(destination.subnet, connected)) return false;
  const named =
    place.role === 'member' ? island.hosts.map(({ address }) => address) : [place.end.outer, place.end.local];
  const here = new Set(observed.links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  return named.some((address) => address !== undefined && here.has(address) && contains(connected, address));
}
