import { ISLAND_PROTOCOL, isTableOf, prioritiesOf } from '../model/addressing.ts';
import { formatSubnet, type Ipv4 } from '../model/ip.ts';
import { ownAccepts } from './accept.ts';
import { ownNames } from './names.ts';
import type {
  Observed,
  ObservedFdbEntry,
  ObservedLink,
  ObservedNeighbour,
  ObservedRoute,
  ObservedRule,
} from './observed.ts';
import type { Link, Resource, Route, Rule } from './resource.ts';
import { forwardingSysctl } from './sysctl.ts';
import { isFallback } from './tunnels.ts';

/** By what the kernel's objects are known as this island's. */
export interface Marks {
  readonly island: string;
  /** Ports of the island: the file's, and the one it joined with, if the file has changed since. */
  readonly ports: readonly number[];
}

/** The part of what was observed that is this island's. */
export function ownedOf(observed: Observed, marks: Marks): Resource[] {
  const links = observed.links.filter((link) => isOwnLink(link, marks));
  const names = new Set(links.map(({ name }) => name));
  const remotes = new Map(links.map(({ name, tunnel }) => [name, tunnel?.remote]));
  const isDefault = ({ link, mac, outer }: ObservedFdbEntry) =>
    mac === ANY_MAC && remotes.get(link) === outer;
  const defaults = new Set(observed.fdb.filter(isDefault).map(({ link }) => link));
  return [
    ...(typeof observed.nft === 'string' ? [] : [observed.nft]),
    ...ownAccepts(observed.firewalls, marks.island),
    ...links.flatMap((link) => toLink(link, defaults)),
    ...links.flatMap(addressesOf),
    ...observed.neighbours.filter(({ link }) => names.has(link)).flatMap(toNeighbour),
    ...observed.fdb
      .filter((entry) => names.has(entry.link) && !isDefault(entry))
      .map((entry): Resource => ({ kind: 'fdb', ...entry })),
    ...observed.routes.filter((route) => isOwnRoute(route, marks)).map(toRoute),
    ...observed.rules.filter((rule) => isOwnRule(rule, marks)).map(toRule),
    ...ownNames(observed, marks, names),
    ...(observed.timers ?? []).filter(({ link }) => names.has(link)),
    ...[...observed.forwarding].map(([link, value]) => forwardingSysctl(link, value)),
    ...observed.links
      .filter(isFallback)
      .map(({ name, up }): Resource => ({ kind: 'fallback', link: name, up })),
  ];
}

/** Group and alias mark a link; either is enough, since a killed join may have left it without the alias. */
export function isOwnLink({ name, group, alias }: ObservedLink, { island, ports }: Marks): boolean {
  return name.startsWith('isl-') && (alias.startsWith(`island:${island}/`) || ports.includes(group));
}

/** Whether a link is of a kind that island makes; one that is not is never touched. */
export function isTunnel(link: ObservedLink): boolean {
  return toLink(link, new Set()).length > 0;
}

export function isOwnRoute({ table, protocol }: ObservedRoute, { ports }: Marks): boolean {
  return protocol === ISLAND_PROTOCOL && ports.some((port) => isTableOf(port, table));
}

export function isOwnRule({ protocol, priority }: ObservedRule, { ports }: Marks): boolean {
  const within = (port: number) => {
    const { exempt, lookup } = prioritiesOf(port);
    return priority >= exempt && priority <= lookup;
  };
  return protocol === ISLAND_PROTOCOL && ports.some(within);
}

/** Of the entry that a vxlan link with a remote is made with, for all frames that no other one is for. */
const ANY_MAC = '00:00:00:00:00:00';

/** `defaults` are the links whose frames find that entry: without it a remote is only a word. */
function toLink(link: ObservedLink, defaults: ReadonlySet<string>): Link[] {
  const { name, kind, mtu, up, group, alias, mac, tunnel } = link;
  const base = { kind: 'link', name, alias, group, mtu, up } as const;
  const local = tunnel?.local as Ipv4 | undefined;
  const remote = tunnel?.remote as Ipv4 | undefined;
  if (kind === 'ipip') {
    return [
      {
        ...{ ...base, encapsulation: 'ipip', local: local ?? ANY },
        remote: remote ?? ANY,
      },
    ];
  }
  if (kind !== 'vxlan') return [];
  // Whatever island does not set this way makes the port something that no wanted link has.
  const { portRange, port = 0, learning, udpChecksum } = tunnel ?? {};
  const fixed =
    portRange?.low === port && portRange.high === port + 1 && learning !== true && udpChecksum !== true;
  const ends = { local, ...(remote !== undefined && defaults.has(name) && { remote }), mac };
  return [{ ...base, encapsulation: 'vxlan', id: tunnel?.id ?? 0, port: fixed ? port : 0, ...ends }];
}

/** What the kernel means where a tunnel has no address at an end. */
const ANY = '0.0.0.0' as Ipv4;

function toNeighbour({ link, address, mac, permanent, managed }: ObservedNeighbour): Resource[] {
  if (managed === true) return [{ kind: 'neighbour', link, address, managed }];
  return permanent && mac !== undefined ? [{ kind: 'neighbour', link, address, mac }] : [];
}

function addressesOf({ name, addresses }: ObservedLink): Resource[] {
  return addresses
    .filter(({ prefix }) => prefix === 32)
    .map(({ address }) => ({ kind: 'address', link: name, address }));
}

function toRoute({ table, type, destination, link, nextHop, source, onlink }: ObservedRoute): Route {
  return {
    ...{ kind: 'route', table, destination: formatSubnet(destination) },
    type: type === 'throw' || type === 'unreachable' ? type : 'unicast',
    ...(link !== undefined && { link }),
    ...(nextHop !== undefined && { nextHop }),
    ...(onlink && { onlink }),
    ...(source !== undefined && { source }),
  };
}

function toRule(rule: ObservedRule): Rule {
  const { priority, from, to, ipProtocol, sourcePort, destinationPort, table } = rule;
  return {
    ...{ kind: 'rule', priority, table: table ?? 0 },
    ...(from !== undefined && { from: from.network }),
    ...(to !== undefined && { to: to.network }),
    ...(ipProtocol !== undefined && { protocol: ipProtocol }),
    ...(sourcePort !== undefined && { port: sourcePort }),
    ...(sourcePort === undefined && destinationPort !== undefined && { destinationPort }),
  };
}
