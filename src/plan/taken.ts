import { ISLAND_PROTOCOL, isTableOf, prioritiesOf, tableOf } from '../model/addressing.ts';
import { formatSubnet, overlaps } from '../model/ip.ts';
import { shellWord } from '../model/text.ts';
import { type Finding, formatProtocol, formatRule, type Site, unicastRanges } from './finding.ts';
import { MAIN_TABLE, type ObservedLink } from './observed.ts';
import { isOwnLink, isTunnel } from './owned.ts';
import type { Link, Resource } from './resource.ts';

/** What the island needs here and somebody else has: join refuses, since it would break one of the two. */
export function takenThings(site: Site): Finding[] {
  return [
    ...takenNames(site),
    ...takenEnds(site),
    ...takenPort(site),
    ...takenPriorities(site),
    ...takenTable(site),
    ...takenDestinations(site),
  ];
}

function takenNames({ observed, desired, marks }: Site): Finding[] {
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
function takenEnds({ observed, desired, marks }: Site): Finding[] {
  const others = observed.links.filter((link) => !isOwnLink(link, marks) && link.tunnel !== undefined);
  return desired.filter(isLink).flatMap((link) =>
    others
      .filter((other) => sameTunnel(link, other))
      .map(
        (other): Finding => ({
          weight: 'refuse',
          text: `link ${other.name} is a tunnel with the ends of ${link.name} already`,
          hint: `remove it with "ip link delete dev ${shellWord(other.name)}" if nobody needs it`,
        }),
      ),
  );
}

/**
 * The kernel lets vxlan links of different VNIs share a port, but the guard would not: it judges all that
 * comes to the island's port.
 */
function takenPort({ observed, desired, island }: Site): Finding[] {
  const links = desired.filter(isLink).filter(({ encapsulation }) => encapsulation === 'vxlan');
  const vnis = new Set(links.map((link) => (link.encapsulation === 'vxlan' ? link.id : undefined)));
  if (links.length === 0) return [];
  return observed.links
    .filter(({ kind, tunnel }) => kind === 'vxlan' && tunnel?.port === island.port && !vnis.has(tunnel.id))
    .map(({ name, tunnel }) => ({
      weight: 'refuse',
      text: `link ${name} is a vxlan link with UDP port ${island.port} as well (VNI ${tunnel?.id}): the guard of ${island.name} would drop its packets`,
      hint: `give the island another "port:" on every host, or ${name} another dstport`,
    }));
}

function sameTunnel(link: Link, { kind, tunnel }: ObservedLink): boolean {
  if (kind !== link.encapsulation) return false;
  return link.encapsulation === 'ipip'
    ? tunnel?.local === link.local && tunnel.remote === link.remote
    : tunnel?.id === link.id && tunnel.port === link.port;
}

function takenPriorities({ observed, island, marks }: Site): Finding[] {
  const { exempt, lookup } = prioritiesOf(island.port);
  const isOurs = (table: number) =>
    table === MAIN_TABLE || marks.ports.some((port) => isTableOf(port, table));
  return observed.rules
    .filter(({ priority }) => priority >= exempt && priority <= lookup)
    .filter(({ protocol, table = 0 }) => protocol !== ISLAND_PROTOCOL || !isOurs(table))
    .map((rule) => ({
      weight: 'refuse',
      text: `${formatRule(rule)} stands where the rules of ${island.name} go (${exempt} to ${lookup})`,
      hint: 'give one of the two islands another "port:", or move the rule',
    }));
}

function takenTable({ observed, island }: Site): Finding[] {
  const foreign = observed.routes.filter(
    ({ table, protocol }) => table === tableOf(island) && protocol !== ISLAND_PROTOCOL,
  );
  return foreign.slice(0, 1).map((route) => ({
    weight: 'refuse',
    text: `table ${route.table} holds somebody else's route ${formatSubnet(route.destination)} (protocol ${formatProtocol(route.protocol)})`,
    hint: 'give the island another "port:": it is the number of its table',
  }));
}

/** Ranges that another island of this host leads elsewhere: whose rule comes first would win. */
function takenDestinations({ observed, desired, marks }: Site): Finding[] {
  const ranges = unicastRanges(desired);
  return observed.routes
    .filter(
      ({ table, protocol, type }) =>
        protocol === ISLAND_PROTOCOL &&
        type === 'unicast' &&
        !marks.ports.some((port) => isTableOf(port, table)),
    )
    .filter(({ destination }) => ranges.some((range) => overlaps(range, destination)))
    .slice(0, 1)
    .map(({ destination, table }) => ({
      weight: 'refuse',
      text: `another island (table ${table}) reaches ${formatSubnet(destination)} already`,
      hint: 'leave that island, or take the network out of one of the files',
    }));
}

function isLink(resource: Resource): resource is Link {
  return resource.kind === 'link';
}
