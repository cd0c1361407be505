import { prioritiesOf, tableOf } from '../model/addressing.ts';
import { covers, formatSubnet, hostSubnet, type Ipv4, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { type Destination, destinationsOf, workerRanges } from '../model/reach.ts';
import type { EndSetting } from './end.ts';
import type { Way } from './link.ts';
import { connectedRoutes, type Observed } from './observed.ts';
import type { Route, Rule } from './resource.ts';

/** The one rule that makes the host ask our table; without a selector, since every rule costs every packet. */
export function lookupRule(island: Island): Rule {
  return { kind: 'rule', priority: prioritiesOf(island.port).lookup, table: tableOf(island) };
}

/** The island's routing table on a hub or peer. */
export function endRoutes(end: EndSetting, ways: readonly Way[]): Route[] {
  const { island, self, observed } = end;
  const route = routeMaker(tableOf(island), end.source);
  const wayTo = new Map(ways.map((way) => [way.remote.name, way]));
  const hubWay = wayTo.get(island.hub.name);
  const through = (subnet: Subnet, way: Way | undefined): Route[] => {
    if (way === undefined) return [];
    const nextHop = way.nextHop === subnet.network ? undefined : way.nextHop;
    return [{ ...route(subnet), link: way.link, ...(nextHop && { nextHop, onlink: true as const }) }];
  };

  const inner =
    end.role === 'hub'
      ? [
          ...ways.flatMap((way) => through(hostSubnet(way.remote.inner), way)),
          ...ways.flatMap((way) => (way.routes ?? []).flatMap((range) => through(range, way))),
          ...[island.subnet, ...workerRanges(island)].map((range) => unreachable(island, range)),
        ]
      : [
          ...(hubWay?.nextHop === undefined ? [] : through(hostSubnet(hubWay.nextHop), hubWay)),
          ...through(island.subnet, hubWay),
        ];
  const destinations = destinationsOf(island);
  const elsewhere = destinations.filter((destination) => destination.end !== self);
  const onLan = destinations.filter(
    (destination) => destination.end === self && destination.host !== undefined,
  );
  const kept = [
    ...self.networks.map(({ subnet }) => subnet),
    ...(end.lease?.worker.routes ?? []),
    ...connectedWithin(observed, elsewhere),
  ];

  return withThrows(tableOf(island), kept, [
    ...inner,
    ...elsewhere.flatMap(({ subnet, end: far }) => through(subnet, wayTo.get(far.name) ?? hubWay)),
    ...onLan.flatMap(({ subnet, host }) => {
      const lan = host === undefined ? undefined : onLinkOf(observed, host.address);
      return lan === undefined || host === undefined
        ? []
        : [{ ...route(subnet), link: lan.link, nextHop: host.address, source: lan.source }];
    }),
  ]);
}

/**
 * `routes` and a throw for each subnet that the host is itself connected to: from there the search goes on
 * in table main. A throw takes the place of a route to just the same range.
 */
export function withThrows(table: number, kept: readonly Subnet[], routes: readonly Route[]): Route[] {
  const thrown = new Set(kept.map(formatSubnet));
  return [
    ...routes.filter(({ destination }) => !thrown.has(destination)),
    ...[...thrown].map((destination): Route => ({ kind: 'route', table, destination, type: 'throw' })),
  ];
}

/** The connected subnets that lie inside one of the ranges: they are nearer than any gateway. */
export function connectedWithin(observed: Observed, ranges: readonly Destination[]): Subnet[] {
  return connectedRoutes(observed)
    .map(({ destination }) => destination)
    .filter((connected) => ranges.some(({ subnet }) => covers(subnet, connected)));
}

/** The link on which `address` is a neighbour, and our own address there. */
export function onLinkOf(
  observed: Observed,
  address: Ipv4,
): { readonly link: string; readonly source: Ipv4 } | undefined {
  const [route] = connectedRoutes(observed)
    .filter(({ destination }) => covers(destination, hostSubnet(address)))
    .toSorted((a, b) => b.destination.prefix - a.destination.prefix || a.metric - b.metric);
  return route?.link === undefined || route.source === undefined
    ? undefined
    : { link: route.link, source: route.source };
}

export function routeMaker(table: number, source: Ipv4): (subnet: Subnet) => Route {
  return (subnet) => ({ kind: 'route', table, destination: formatSubnet(subnet), type: 'unicast', source });
}

/** An inner address that nobody has is answered at the hub, and not sent into the underlay. */
function unreachable(island: Island, range: Subnet): Route {
  return {
    kind: 'route',
    table: tableOf(island),
    destination: formatSubnet(range),
    type: 'unreachable',
  };
}
