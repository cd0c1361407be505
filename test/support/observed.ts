import { loadIsland } from '../../src/config/load.ts';
import { formatSubnet, type Ipv4, parseIpv4, parseSubnet, subnetOf } from '../../src/model/ip.ts';
import type { Island } from '../../src/model/island.ts';
import { type Place, placeOf } from '../../src/model/place.ts';
import { type Desired, desiredOf } from '../../src/plan/desired.ts';
import type { Finding } from '../../src/plan/finding.ts';
import { findingsOf } from '../../src/plan/inspect.ts';
import {
  MAIN_TABLE,
  type Observed,
  type ObservedLink,
  type ObservedRoute,
  type ObservedRule,
  ownAddresses,
} from '../../src/plan/observed.ts';
import { NO_RECORD } from '../../src/plan/sysctl.ts';

const NO_COUNTERS = {
  ...{ rxBytes: 0, rxPackets: 0, rxErrors: 0, txBytes: 0, txPackets: 0, txErrors: 0, collisions: 0 },
};

/** A link that is up, with addresses such as `192.168.3.1/24`. */
export function link(
  name: string,
  addresses: readonly string[] = [],
  more: Partial<ObservedLink> = {},
): ObservedLink {
  return {
    ...{ name, kind: undefined, mtu: 1500, up: true, group: 0, alias: '', mac: '02:00:00:00:00:01' },
    addresses: addresses.map((text) => {
      const [address = '', prefix = ''] = text.split('/');
      return { address: parseIpv4(address), prefix: Number(prefix) };
    }),
    counters: NO_COUNTERS,
    ...more,
  };
}

/** A route of table main, `default` or `10.0.0.0/8`. */
export function route(destination: string, more: Partial<ObservedRoute> = {}): ObservedRoute {
  return {
    ...{ table: MAIN_TABLE, type: 'unicast', link: undefined, nextHop: undefined, source: undefined },
    destination: parseSubnet(destination === 'default' ? '0.0.0.0/0' : destination),
    ...{ onlink: false, protocol: 3, scope: 0, metric: 0, mtu: undefined },
    ...more,
  };
}

/** A rule as somebody who names no protocol adds it. */
export function rule(priority: number, more: Partial<ObservedRule> = {}): ObservedRule {
  return {
    ...{ priority, from: undefined, to: undefined, ipProtocol: undefined, sourcePort: undefined },
    ...{ destinationPort: undefined, table: MAIN_TABLE, protocol: 0, inverted: false },
    ...{ suppressPrefix: undefined, narrowed: false },
    ...more,
  };
}

/** A host with these links and the routes that the kernel makes for their addresses. */
export function observed(
  links: readonly ObservedLink[],
  more: Partial<Pick<Observed, 'rules' | 'neighbours' | 'fdb' | 'nft'>> & {
    readonly routes?: readonly ObservedRoute[];
  } = {},
): Observed {
  const connected = links.flatMap(({ name, addresses }) =>
    addresses
      .filter(({ prefix }) => prefix < 32)
      .map(({ address, prefix }) =>
        route(formatSubnet(subnetOf(address, prefix)), {
          ...{ link: name, source: address, protocol: 2, scope: 253 },
        }),
      ),
  );
  return {
    ...{ links, rules: [], neighbours: [], fdb: [], nft: 'absent' },
    claims: [],
    firewalls: [],
    forwarding: new Map(['all', ...links.map(({ name }) => name)].map((name) => [name, '0'])),
    ...more,
    routes: [...connected, ...(more.routes ?? [])],
  };
}

export function ipv4(text: string): Ipv4 {
  return parseIpv4(text);
}

export interface Sight extends Desired {
  readonly island: Island;
  readonly place: Place;
  readonly findings: readonly Finding[];
}

/** What island makes of such a host. */
export function sight(yaml: string, hostname: string, host: Observed): Sight {
  const island = loadIsland(yaml, 'r2lab.yaml');
  const place = placeOf(island, { hostname, addresses: ownAddresses(host) });
  if (place.role === 'none') throw new Error(place.reason);
  const desired = desiredOf({ island, place, observed: host, record: NO_RECORD });
  const marks = { island: island.name, ports: [island.port] };
  const findings = findingsOf({ island, place, observed: host, marks, desired: desired.resources });
  return { island, place, ...desired, findings };
}
