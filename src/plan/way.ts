import { contains, type Ipv4 } from '../model/ip.ts';
import type { Island, LinkKind } from '../model/island.ts';
import type { Session } from '../model/session.ts';
import type { Observed, ObservedRoute, ObservedRule } from './observed.ts';

/** Where the kernel sends a packet: a link, with or without a next hop; no link where it refuses it. */
export interface Way {
  readonly link: string | undefined;
  readonly nextHop: Ipv4 | undefined;
}

export type Routing = Pick<Observed, 'rules' | 'routes'>;

/** Packets to `client`; TCP where no protocol is said. */
export interface Flow extends Session {
  readonly protocol?: number;
}

const TCP = 6;

/**
 * The way of this host's packets to the session's client: rules in the order of their priority, in each
 * table the longest prefix, then the smallest metric. Looked up by us, since it is asked of routes that are
 * not there yet. Undefined when no route leads there.
 */
export function wayOf({ rules, routes }: Routing, session: Flow): Way | undefined {
  const sorted = routes
    .filter(({ destination }) => contains(destination, session.client))
    .toSorted((a, b) => b.destination.prefix - a.destination.prefix || a.metric - b.metric);
  for (const rule of rules.toSorted((a, b) => a.priority - b.priority)) {
    if (!matches(rule, session)) continue;
    const route = sorted.find(({ table }) => table === rule.table);
    if (route === undefined || route.type === 'throw' || isSuppressed(rule, route)) continue;
    if (route.type !== 'unicast') return { link: undefined, nextHop: undefined };
    return { link: route.link, nextHop: route.nextHop };
  }
  return undefined;
}

/** As in `eth0 via 192.0.2.1`. */
export function formatWay({ link, nextHop }: Way): string {
  if (link === undefined) return 'nowhere';
  return nextHop === undefined ? link : `${link} via ${nextHop}`;
}

function matches(
  rule: ObservedRule,
  { client, clientPort, server, serverPort, protocol = TCP }: Flow,
): boolean {
  const { from, to, ipProtocol, sourcePort, destinationPort } = rule;
  const fits =
    (from === undefined || contains(from, server)) &&
    (to === undefined || contains(to, client)) &&
    (ipProtocol === undefined || ipProtocol === protocol) &&
    (sourcePort === undefined || sourcePort === serverPort) &&
    (destinationPort === undefined || destinationPort === clientPort) &&
    !isForOthers(rule);
  return fits !== rule.inverted;
}

/** It asks for a mark, a link or a user: what a session's packets are taken not to have. */
function isForOthers({ narrowed, ipProtocol, sourcePort, destinationPort }: ObservedRule): boolean {
  return narrowed && [ipProtocol, sourcePort, destinationPort].every((value) => value === undefined);
}

function isSuppressed({ suppressPrefix = -1 }: ObservedRule, { destination }: ObservedRoute): boolean {
  return destination.prefix <= suppressPrefix;
}

export type OuterFlow = Pick<Flow, 'clientPort' | 'serverPort'> & { readonly protocol: number };

/** What the outer packets of a link are, beside their addresses. */
export function outerFlow({ port }: Island, kind: LinkKind): OuterFlow {
  return kind === 'ipip'
    ? { protocol: 4, clientPort: 0, serverPort: 0 }
    : { protocol: 17, clientPort: port, serverPort: port };
}
