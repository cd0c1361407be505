import { IslandError } from '../errors.ts';
import { prioritiesOf, sideTableOf, tableOf } from '../model/addressing.ts';
import { contains, covers, type Ipv4, overlaps, parseSubnet, type Subnet } from '../model/ip.ts';
import type { Island, Network } from '../model/island.ts';
import type { MemberPlace } from '../model/place.ts';
import { destinationsOf } from '../model/reach.ts';
import { shellWord } from '../model/text.ts';
import { linkWith, type Observed, ownAddresses } from './observed.ts';
import type { Resource, Route } from './resource.ts';
import { connectedWithin, lookupRule, onLinkOf, routeMaker, withThrows } from './routes.ts';
import { mainRoutes, underlayOf } from './underlay.ts';

export interface MemberDesired {
  readonly resources: readonly Resource[];
  readonly notes: readonly string[];
}

/** As many rules as an island has room for in front of its lookup. */
const MOST_SIDES = 6;

interface MemberSetting {
  readonly island: Island;
  readonly observed: Observed;
}

/** A member has routes through its gateway and nothing else; few or none where table main already leads there. */
export function memberResources(setting: MemberSetting, place: MemberPlace): MemberDesired {
  checkMember(setting, place);
  const { island, observed } = setting;
  const main = memberRoutes(setting, { table: tableOf(island), ...place });
  const served = main.every((route) => isServedByMain(observed, route));
  const sides = sideAddresses(setting, place).flatMap((side, index) =>
    sideResources(setting, { ...side, index }),
  );
  return {
    resources: [...(served ? [] : [...main, lookupRule(island)]), ...sides],
    notes: served ? [servedNote(place)] : [],
  };
}

function servedNote({ name, network, address }: MemberPlace): string {
  return `the routes of ${name} already lead to the island through ${network.gateway} with source ${address}, so it needs none of ours for that address`;
}

function checkMember({ observed }: MemberSetting, { name, address, host, network }: MemberPlace): void {
  if (host?.translate === true) {
    throw new IslandError('E_CONFIG', `${name} takes no routes: it has "translate: true"`, {
      hint: `remove "translate: true" from ${name} in the file, and join everywhere again`,
    });
  }
  const link = linkWith(observed, address);
  if (link === undefined) {
    // Perhaps not yet: addresses come late, and the units try again.
    throw new IslandError('E_RETRY', `${name} is ${address} in the file, and no link of this host has that`, {
      hint: 'bring the network up first, say who this host is with --name, or correct "address:" in the file',
    });
  }
  if (!link.up) {
    throw new IslandError('E_RETRY', `${name}: the link ${link.name} with ${address} is down`, {
      hint: `bring it up first, such as with "ip link set ${shellWord(link.name)} up"`,
    });
  }
  if (onLinkOf(observed, network.gateway) === undefined) {
    throw new IslandError('E_RETRY', `${name}: the next hop ${network.gateway} is on no link of this host`, {
      hint: `check the prefix of ${address} with "ip address"`,
    });
  }
}

/** One of the member's addresses, and the network of its gateway that it lies in. */
interface Attachment {
  readonly address: Ipv4;
  readonly network: Network;
}

/**
 * The member's addresses on other networks of its gateway. What comes for them comes in by another link,
 * and strict rp_filter wants the way back to leave there too: by the source, in a table of its own.
 */
function sideAddresses({ observed }: MemberSetting, { gateway, network: main }: MemberPlace): Attachment[] {
  const own = ownAddresses(observed);
  return gateway.networks
    .filter((network) => network !== main && onLinkOf(observed, network.gateway) !== undefined)
    .flatMap((network) =>
      own.filter((address) => contains(network.subnet, address)).map((address) => ({ address, network })),
    )
    .slice(0, MOST_SIDES);
}

interface Side extends Attachment {
  readonly index: number;
}

function sideResources(setting: MemberSetting, { index, ...side }: Side): Resource[] {
  const { port } = setting.island;
  const table = sideTableOf(port, index);
  const priority = prioritiesOf(port).exempt + index;
  return [
    ...memberRoutes(setting, { table, ...side }),
    { kind: 'rule', priority, from: side.address, table },
  ];
}

interface TableOfMember extends Attachment {
  readonly table: number;
}

function memberRoutes(
  { island, observed }: MemberSetting,
  { table, network, address }: TableOfMember,
): Route[] {
  const lan = onLinkOf(observed, network.gateway)?.link;
  const route = routeMaker(table, address);
  const viaGateway = (subnet: Subnet): Route => ({
    ...route(subnet),
    ...(lan !== undefined && { link: lan }),
    nextHop: network.gateway,
  });

  const own = new Set(ownAddresses(observed));
  const destinations = destinationsOf(island).filter(
    ({ host }) => host === undefined || !own.has(host.address),
  );
  const nearby = destinations.map(({ subnet, host }): Route => {
    const near = host === undefined ? undefined : onLinkOf(observed, host.address);
    if (near === undefined || host === undefined) return viaGateway(subnet);
    return { ...route(subnet), link: near.link, nextHop: host.address, source: near.source };
  });
  const kept = [network.subnet, ...connectedWithin(observed, destinations)];
  return withThrows(table, kept, [viaGateway(island.subnet), ...nearby]);
}

/** Whether table main sends the whole range the way the route would, from the same address. */
function isServedByMain(observed: Observed, route: Route): boolean {
  if (route.type === 'throw') return true;
  const range = parseSubnet(route.destination);
  const [longest] = mainRoutes(observed).filter(({ destination }) => overlaps(destination, range));
  if (longest === undefined || !covers(longest.destination, range)) return false;
  const way = underlayOf(observed)(range.network);
  return way?.link === route.link && way?.nextHop === route.nextHop && way?.source === route.source;
}
