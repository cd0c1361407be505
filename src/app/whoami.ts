import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import type { NoPlace, Place } from '../model/place.ts';
import type { Observed } from '../plan/observed.ts';
import { leaseOf, readJoined, readLease } from './record.ts';
import { loadAndObserve, locate, type SceneOptions } from './scene.ts';

export interface Whoami {
  readonly island: Island;
  readonly place: Place | NoPlace;
  readonly observed: Observed;
}

/** Which host of the island this is, and why. */
export async function whoami(host: Host, options: SceneOptions): Promise<Whoami> {
  const { island, observed } = await loadAndObserve(host, options);
  const store = host.store(island.name);
  const [joined, lease] = await Promise.all([readJoined(store), readLease(store)]);
  const self = { name: options.name, joined: joined?.name, lease: lease && leaseOf(lease) };
  const place = locate(host, { island, observed, ...self });
  return { island, place, observed };
}
