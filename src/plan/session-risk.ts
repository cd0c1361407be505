import { ISLAND_PROTOCOL } from '../model/addressing.ts';
import { hostSubnet, parseSubnet } from '../model/ip.ts';
import type { Session } from '../model/session.ts';
import type { Step } from './diff.ts';
import type { Observed, ObservedRoute, ObservedRule } from './observed.ts';
import { isOwnRoute, isOwnRule, type Marks, ownedOf } from './owned.ts';
import type { Resource, Route, Rule } from './resource.ts';
import { formatWay, type Routing, wayOf } from './way.ts';

/** What is about to be done to this host. */
export interface Prospect {
  readonly observed: Observed;
  readonly marks: Marks;
  readonly steps: readonly Step[];
  /** All that the island will own. */
  readonly desired: readonly Resource[];
}

/**
 * What the steps do to the SSH session in which they are asked for, as a sentence; undefined when its
 * packets go on leaving as they do.
 */
export function sessionRisk(session: Session, prospect: Prospect): string | undefined {
  const { observed } = prospect;
  const now = wayOf(observed, session);
  // Its end is not in this network namespace, or it comes from this very host.
  if (now === undefined || !isAddress(observed, session.server) || isAddress(observed, session.client)) {
    return undefined;
  }
  const gone = linksGone(prospect.steps);
  const next = wayOf(routingAfter(prospect, gone), session);
  const subject = `your SSH session from ${session.client} to ${session.server}`;
  if (losesAddress(session, prospect)) return `${subject} would end: the address ${session.server} goes`;
  if (next === undefined) return `${subject} leaves by ${formatWay(now)} now and would have no way then`;
  if (formatWay(now) !== formatWay(next)) {
    return `${subject} leaves by ${formatWay(now)} now and would leave by ${formatWay(next)} then`;
  }
  return now.link !== undefined && gone.has(now.link)
    ? `${subject} leaves by ${now.link}, which is made anew`
    : undefined;
}

function isAddress({ links }: Observed, address: string): boolean {
  return links.some(({ addresses }) => addresses.some((own) => own.address === address));
}

function linksGone(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(
    steps.flatMap(({ action, resource }) =>
      resource.kind === 'link' && (action === 'remove' || action === 'recreate') ? [resource.name] : [],
    ),
  );
}

/** The session came in to an address that only links of ours have, such as the inner one, and that goes. */
function losesAddress({ server }: Session, { observed, marks, desired }: Prospect): boolean {
  const isServer = (resource: Resource) => resource.kind === 'address' && resource.address === server;
  const carriers = observed.links.filter(({ addresses }) => addresses.some((own) => own.address === server));
  return ownedOf(observed, marks).filter(isServer).length === carriers.length && !desired.some(isServer);
}

/** Others' rules and routes as they are, but for routes through a link that goes, and ours as they will be. */
function routingAfter({ observed, marks, desired }: Prospect, gone: ReadonlySet<string>): Routing {
  return {
    rules: [
      ...observed.rules.filter((rule) => !isOwnRule(rule, marks)),
      ...desired.flatMap((resource) => (resource.kind === 'rule' ? [ruleView(resource)] : [])),
    ],
    routes: [
      ...observed.routes.filter((route) => !isOwnRoute(route, marks) && !gone.has(route.link ?? '')),
      ...desired.flatMap((resource) => (resource.kind === 'route' ? [routeView(resource)] : [])),
    ],
  };
}

function ruleView({ priority, from, to, protocol, port, destinationPort = port, table }: Rule): ObservedRule {
  return {
    ...{ priority, table, ipProtocol: protocol, sourcePort: port, destinationPort },
    from: from && hostSubnet(from),
    to: to && hostSubnet(to),
    ...{ protocol: ISLAND_PROTOCOL, inverted: false, suppressPrefix: undefined, narrowed: false },
  };
}

function routeView({ table, type, destination, link, nextHop, source, onlink }: Route): ObservedRoute {
  return {
    ...{ table, type, link, nextHop, source, destination: parseSubnet(destination) },
    onlink: onlink === true,
    ...{ protocol: ISLAND_PROTOCOL, scope: 0, metric: 0, mtu: undefined },
  };
}
