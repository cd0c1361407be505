import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { placeOf } from '../../src/model/place.ts';
import { desiredOf } from '../../src/plan/desired.ts';
import { findingsOf } from '../../src/plan/inspect.ts';
import type { ObservedRoute } from '../../src/plan/observed.ts';
import { NO_RECORD } from '../../src/plan/sysctl.ts';
import { ipv4, link, observed, route } from '../support/observed.ts';
import { HUB_MAC, WORKERS_FILE, workerNumber } from '../support/plan-workers.ts';

/** What stands in the way on a worker with the pods 10.244.7.0/24, beside its uplink. */
function findings(more: ObservedRoute): string[] {
  const island = loadIsland(WORKERS_FILE, 'r2lab.yaml');
  const host = observed([link('eth0', ['192.168.77.11/24']), link('other', [])], {
    routes: [route('default', { link: 'eth0', nextHop: ipv4('192.168.77.1') }), more],
  });
  const lease = { worker: workerNumber(65, '10.244.7.0/24'), hubMac: HUB_MAC };
  const place = placeOf(island, { hostname: 'home', lease, addresses: [ipv4('192.168.77.11')] });
  if (place.role === 'none') throw new Error(place.reason);
  const { resources: desired } = desiredOf({ island, place, observed: host, record: NO_RECORD });
  const marks = { island: island.name, ports: [island.port] };
  return findingsOf({ island, place, observed: host, marks, desired }).map(
    ({ weight, text }) => `${weight}: ${text}`,
  );
}

/** `ip route add RANGE dev other`, as wg-quick does for each of its AllowedIPs. */
function intoLink(range: string): ObservedRoute {
  return route(range, { link: 'other', scope: 253 });
}

describe('a route of a worker into a tunnel', () => {
  test.each(['192.168.3.0/24', '192.168.3.64/26', '10.3.1.0/24', '10.244.9.0/24'])(
    'is refused when it is for what the island reaches: %s',
    (range) => {
      expect(findings(intoLink(range))).toEqual([
        `refuse: the route ${range} dev other (protocol 3, boot) of table main will not be asked: the island's table comes first`,
      ]);
    },
  );

  test.each(['172.30.0.0/24', '10.244.7.0/25', '192.168.0.0/16'])(
    'is no matter when it is for others, for its own pods, or wider: %s',
    (range) => {
      expect(findings(intoLink(range))).toEqual([]);
    },
  );
});
