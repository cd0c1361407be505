import type { Host } from '../host/host.ts';
import { hubWorkersOf } from '../hub/leases.ts';
import { granted } from '../hub/register.ts';
import { readRegister, updateRegister } from '../hub/register-store.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import type { HubWorkers } from '../model/worker.ts';
import { termsOf } from './terms.ts';

/** In place of the MAC that the first join makes up: what is shown of either is `(secret)`. */
const UNMADE: HubWorkers = { mac: 'fe:00:00:00:00:00', workers: [] };

/** The place; on a hub with what it has leased to workers. */
export async function withWorkers(host: Host, island: Island, place: Place): Promise<Place> {
  if (place.role !== 'hub' || island.workers === undefined) return place;
  // Only root can read it, as with the nftables table: the link is shown as it would be without a worker.
  const register = host.isRoot ? await readRegister(host, island.name) : undefined;
  const workers = register === undefined ? UNMADE : hubWorkersOf(register, termsOf(host, island));
  return { ...place, workers };
}

interface Standing {
  readonly island: Island;
  readonly place: Place;
}

/** Makes the register, and with it the MAC of the link to workers, before anything is changed; whether it was missing. */
export async function prepareWorkers(host: Host, { island, place }: Standing): Promise<boolean> {
  const isMissing = place.role === 'hub' && place.workers === UNMADE;
  if (isMissing) await updateRegister(host, island.name, (register) => granted(register, undefined));
  return isMissing;
}
