import { type WorkerName, type Zone, zonesOf } from '../dns/zone.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import { nearest } from '../model/names.ts';
import type { NoPlace, Place } from '../model/place.ts';
import { whyWithout } from './hosts.ts';
import type { SceneOptions } from './scene.ts';
import { whoami } from './whoami.ts';
import { withWorkers } from './workers.ts';

export interface RecordsOptions extends SceneOptions {
  /** The apex of one of the zones; that of the names unless given. */
  readonly zone?: string | undefined;
  /** The zones of the addresses, all of them. */
  readonly isReverse: boolean;
}

export interface ListedRecords {
  readonly island: Island;
  readonly zones: readonly Zone[];
  /** Why there may be more names than these; undefined where these are all. */
  readonly missing: string | undefined;
}

/** What the responder says, as far as this host knows it without asking. */
export async function listRecords(host: Host, options: RecordsOptions): Promise<ListedRecords> {
  const { island, place } = await whoami(host, options);
  const workers = await knownWorkers(host, island, place);
  const zones = zonesOf({ island, workers, serial: Math.floor(host.date() / 1000) });
  const missing = whyWithout(island, { isHub: place.role === 'hub', isRoot: host.isRoot });
  return { island, zones: chosenZones(zones, options), missing };
}

function chosenZones(zones: readonly Zone[], { zone, isReverse }: RecordsOptions): readonly Zone[] {
  if (zone === undefined) return isReverse ? zones.slice(1) : zones.slice(0, 1);
  const found = zones.find(({ apex }) => apex === zone.toLowerCase().replace(/\.$/, ''));
  if (found !== undefined) return [found];
  const apexes = zones.map(({ apex }) => apex);
  throw new IslandError('E_USAGE', `no zone of the island: ${JSON.stringify(zone)}`, {
    hint: `write ${nearest(zone, apexes) ?? apexes.slice(0, 3).join(', or ')}`,
  });
}

async function knownWorkers(
  host: Host,
  island: Island,
  place: Place | NoPlace,
): Promise<readonly WorkerName[] | undefined> {
  if (place.role === 'worker') return [place.lease.worker];
  if (place.role !== 'hub' || !host.isRoot) return undefined;
  const hub = await withWorkers(host, island, place);
  return hub.role === 'hub' ? hub.workers?.workers : undefined;
}
