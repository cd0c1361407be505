import { ISLAND_PROTOCOL, isTableOf, prioritiesOf, tableOf } from '../model/addressing.ts';
import { contains, covers, formatSubnet, overlaps, parseSubnet, type Subnet } from '../model/ip.ts';
import { endsOf, type Island } from '../model/island.ts';
import { finderOf } from '../model/overlaps.ts';
import type { Place } from '../model/place.ts';
import { type Destination, destinationsOf } from '../model/reach.ts';
import {
  connectedRoutes,
  isIslandLink,
  MAIN_TABLE,
  type Observed,
  type ObservedLink,
  type ObservedRoute,
  type ObservedRule,
} from './observed.ts';
import { isOwnLink, isTunnel, type Marks } from './owned.ts';
import type { Link, Resource } from './resource.ts';

/** Something of somebody else's that the island meets on this host. */
export interface Finding {
  /** `refuse`: joining would break it, or it the island. `drift`: it takes our traffic. `note`: good to know. */
  readonly weight: 'refuse' | 'drift' | 'note';
  readonly text: string;
  readonly hint: string;
}

export interface Scene {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly marks: Marks;
  readonly desired: readonly Resource[];
}

/** What on this host stands against what the island wants here, the worst first. */
export function findingsOf(scene: Scene): Finding[] {
  const findings = [
    ...takenNames(scene),
    ...takenEnds(scene),
    ...takenPriorities(scene),
    ...takenTable(scene),
    ...overlappingLinks(scene),
    ...rulesInFront(scene),
    ...strangers(scene),
  ];
  const order = { refuse: 0, drift: 1, note: 2 };
  return findings.toSorted((a, b) => order[a.weight] - order[b.weight]);
}

function takenNames({ observed, desired, marks }: Scene): Finding[] {
  const wanted = new Set(desired.filter(isLink).map(({ name }) => name));
  return observed.links
    .filter((link) => wanted.has(link.name) && !(isOwnLink(link, marks) && isTunnel(link)))
    .map(({ name, kind }) => ({
      weight: 'refuse',
      text: `link ${name} is there already and is not the island's (${kind ?? 'hardware'})`,
      hint: `remove it with "ip link delete dev ${name}" if nobody needs it`,
    }));
}

/** The kernel makes one ipip link per pair of ends, and one vxlan link per VNI and port. */
function takenEnds({ observed, desired, marks }: Scene): Finding[] {
  const others = observed.links.filter((link) => !isOwnLink(link, marks) && link.tunnel !== undefined);
  return desired.filter(isLink).flatMap((link) =>
    others
      .filter((other) => sameTunnel(link, other))
      .map(
        (other): Finding => ({
          weight: 'refuse',
          text: `link ${other.name} is a tunnel with the ends of ${link.name} already`,
          hint: `remove it with "ip link delete dev ${other.name}" if nobody needs it`,
        }),
      ),
  );
}

function sameTunnel(link: Link, { kind, tunnel }: ObservedLink): boolean {
  if (kind !== link.encapsulation) return false;
  return link.encapsulation === 'ipip'
    ? tunnel?.local === link.local && tunnel.remote === link.remote
    : tunnel?.id === link.id && tunnel.port === link.port;
}

function takenPriorities({ observed, island, marks }: Scene): Finding[] {
  const { exempt, lookup } = prioritiesOf(island.port);
  const isOurs = (table: number) => table === MAIN_TABLE || marks.ports.some((port) => isTableOf(port, table));
  return observed.rules
    .filter(({ priority }) => priority >= exempt && priority <= lookup)
    .filter(({ protocol, table = 0 }) => protocol !== ISLAND_PROTOCOL || !isOurs(table))
    .map((rule) => ({
      weight: 'refuse',
      text: `${formatRule(rule)} stands where the rules of ${island.name} go (${exempt} to ${lookup})`,
      hint: 'give one of the two islands another "port:", or move the rule',
    }));
}

function takenTable({ observed, island }: Scene): Finding[] {
  const foreign = observed.routes.filter(
    ({ table, protocol }) => table === tableOf(island) && protocol !== ISLAND_PROTOCOL,
  );
  return foreign.slice(0, 1).map((route) => ({
    weight: 'refuse',
    text: `table ${route.table} holds somebody else's route ${formatSubnet(route.destination)} (protocol ${route.protocol})`,
    hint: 'give the island another "port:": it is the number of its table',
  }));
}

/** A connected subnet that overlaps the island, unless the file says that this host belongs there. */
function overlappingLinks({ island, place, observed, marks }: Scene): Finding[] {
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
  const home = place.role === 'member' ? place.gateway : place.end;
  if (destination.end === home) return true;
  if (!covers(destination.subnet, connected)) return false;
  const named = [...endsOf(island).map(({ outer }) => outer), ...island.hosts.map(({ address }) => address)];
  const here = new Set(observed.links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  return named.some((address) => here.has(address) && contains(connected, address));
}

/** Rules that are asked before ours and lead our destinations elsewhere; nobody gave them a priority, as wg-quick does. */
function rulesInFront({ island, observed, desired }: Scene): Finding[] {
  const { lookup } = prioritiesOf(island.port);
  const ranges = desired.flatMap((resource) =>
    resource.kind === 'route' && resource.type === 'unicast' ? [parseSubnet(resource.destination)] : [],
  );
  return observed.rules
    .filter(({ priority, protocol }) => priority > 0 && priority < lookup && protocol !== ISLAND_PROTOCOL)
    .flatMap((rule): Finding[] => {
      const taken = ranges.find((range) => takes(rule, { range, observed }));
      if (taken === undefined) return [];
      return [
        {
          weight: 'drift',
          text: `${formatRule(rule)} is asked before the island's and takes ${formatSubnet(taken)}`,
          hint: `give that rule a priority above ${lookup} (ip rule add pref ${lookup + 1} …), and delete the old one`,
        },
      ];
    });
}

function takes(
  rule: ObservedRule,
  { range, observed }: { readonly range: Subnet; readonly observed: Observed },
): boolean {
  const { table, to, from, inverted, narrowed, suppressPrefix = -1 } = rule;
  if (table === undefined) return false;
  // What an inverted selector leaves is nearly everything ("not fwmark 0xca6c").
  if (!inverted && (narrowed || from !== undefined)) return false;
  if (!inverted && to !== undefined && !overlaps(to, range)) return false;
  return observed.routes.some(
    (route: ObservedRoute) =>
      route.table === table &&
      route.type !== 'throw' &&
      route.destination.prefix > suppressPrefix &&
      overlaps(route.destination, range),
  );
}

/** Hosts that this gateway has as neighbours on its networks and that are not in the file. */
function strangers({ island, place, observed }: Scene): Finding[] {
  if (place.role === 'member' || place.end.networks.length === 0) return [];
  const known = new Set([
    ...island.hosts.map(({ address }) => address),
    ...endsOf(island).flatMap(({ outer, local = outer, networks }) => [
      ...[outer, local],
      ...networks.map(({ gateway }) => gateway),
    ]),
  ]);
  const find = finderOf(place.end.networks);
  const islands = new Set(
    observed.links.filter(({ name, group }) => isIslandLink(name, group)).map(({ name }) => name),
  );
  const strange = observed.neighbours
    .filter(({ mac, link }) => mac !== undefined && !islands.has(link))
    .filter(({ address }) => find(address) !== undefined && !known.has(address))
    .filter(({ address }) => !isRouter(observed, address))
    .map(({ address }) => address);
  if (strange.length === 0) return [];
  const [first = '', ...more] = strange;
  return [
    {
      weight: 'note',
      text: `${first}${more.length === 0 ? ' is' : ` and ${more.length} more are`} on a network of ${place.name} and not in the file; what does not join will not find the way back`,
      hint: 'name such hosts under "hosts:"; add "translate: true" for those that cannot join',
    },
  ];
}

function isRouter(observed: Observed, address: string): boolean {
  return observed.routes.some(({ nextHop }) => nextHop === address);
}

function formatRule({ priority, from, to, table, protocol }: ObservedRule): string {
  const words = [`from ${from === undefined ? 'all' : formatSubnet(from)}`];
  if (to !== undefined) words.push(`to ${formatSubnet(to)}`);
  return `rule ${priority} (${words.join(' ')} lookup ${table ?? 'nothing'}, protocol ${protocol})`;
}

function isLink(resource: Resource): resource is Link {
  return resource.kind === 'link';
}
