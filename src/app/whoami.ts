import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import type { NoPlace, Place } from '../model/place.ts';
import { readJoined } from './record.ts';
import { loadAndObserve, locate, type SceneOptions } from './scene.ts';

export interface Whoami {
  readonly island: Island;
  readonly place: Place | NoPlace;
}

/** Which host of the island this is, and why. */
export async function whoami(host: Host, options: SceneOptions): Promise<Whoami> {
  const { island, observed } = await loadAndObserve(host, options);
  const joined = await readJoined(host.store(island.name));
  const place = locate(host, { island, observed, name: options.name, joined: joined?.name });
  return { island, place };
}
