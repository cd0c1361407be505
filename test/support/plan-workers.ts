import { loadIsland } from '../../src/config/load.ts';
import { parseSubnet } from '../../src/model/ip.ts';
import type { Place } from '../../src/model/place.ts';
import { placeOf } from '../../src/model/place.ts';
import type { Lease, Worker } from '../../src/model/worker.ts';
import { desiredOf } from '../../src/plan/desired.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { ownAddresses } from '../../src/plan/observed.ts';
import type { NftTable, Resource } from '../../src/plan/resource.ts';
import { NO_RECORD } from '../../src/plan/sysctl.ts';
import { modelFile } from './island.ts';
import { ipv4, link, observed, route } from './observed.ts';

/** The file of the model network with workers, who may have ranges behind them. */
export const WORKERS_FILE = `${modelFile('vxlan')}workers: { pool: 10.3.1.64/26, routes: [10.244.0.0/18] }\n`;

export const HUB_MAC = '0a:00:00:00:00:01';

/** The worker with the number n: 10.3.1.n, and a MAC that ends in it. */
export function workerNumber(n: number, ...routes: readonly string[]): Worker {
  const mac = `0e:00:00:00:00:${n.toString(16).padStart(2, '0')}`;
  return { name: `w${n}`, inner: ipv4(`10.3.1.${n}`), mac, routes: routes.map(parseSubnet) };
}

/** What the model network's hub should hold with these workers. */
export function hubResources(
  workers: readonly Worker[],
  { mac = HUB_MAC, file = WORKERS_FILE }: { readonly mac?: string; readonly file?: string } = {},
): readonly Resource[] {
  const at = observed([link('eth0', ['138.96.245.50/24'])], {
    routes: [route('default', { link: 'eth0', nextHop: ipv4('138.96.245.250') })],
  });
  const hub = placeIn(file, at, { hostname: 'sopnode-l1' });
  return resourcesAt(file, at, { ...hub, workers: { mac, workers } } as Place);
}

/** What a worker at home should hold. */
export function workerResources(lease: Lease, file = WORKERS_FILE): readonly Resource[] {
  const at = observed([link('eth0', ['192.168.77.11/24'])], {
    routes: [route('default', { link: 'eth0', nextHop: ipv4('192.168.77.1') })],
  });
  return resourcesAt(file, at, placeIn(file, at, { hostname: 'home', lease }));
}

/** The table among the resources. */
export function tableIn(resources: readonly Resource[]): NftTable {
  const table = resources.find((resource): resource is NftTable => resource.kind === 'nft');
  if (table === undefined) throw new Error('no table');
  return table;
}

/** The words of a chain's rules. */
export function wordsOf(table: NftTable, chain: string): string[] {
  return table.chains.find(({ name }) => name === chain)?.rules.map((rule) => rule.words ?? '') ?? [];
}

function placeIn(
  file: string,
  at: Observed,
  self: { readonly hostname: string; readonly lease?: Lease },
): Place {
  const place = placeOf(loadIsland(file, 'r2lab.yaml'), { ...self, addresses: ownAddresses(at) });
  if (place.role === 'none') throw new Error(place.reason);
  return place;
}

function resourcesAt(file: string, at: Observed, place: Place): readonly Resource[] {
  const island = loadIsland(file, 'r2lab.yaml');
  return desiredOf({ island, place, observed: at, record: NO_RECORD }).resources;
}
