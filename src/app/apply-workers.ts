import type { Host } from '../host/host.ts';
import { hubWorkersOf } from '../hub/leases.ts';
import { type RegisterStore, registerStore } from '../hub/register-store.ts';
import type { Island } from '../model/island.ts';
import { bring, refuseFindings } from './join.ts';
import { readJoined } from './record.ts';
import { sceneOf } from './scene.ts';
import { termsOf } from './terms.ts';

export interface ApplyOptions {
  /** Somebody looks at the kernel after each change of it: it need not be proven here that this one has lasted. */
  readonly isWatched?: boolean;
  /** One that has read the register before, and need not parse all of it again. */
  readonly register?: Pick<RegisterStore, 'read'>;
}

/** Brings the hub's kernel to the workers that hold a lease; a hub that has not joined has nothing to bring. */
export async function applyWorkers(
  host: Host,
  island: Island,
  { isWatched = false, register = registerStore(host, island.name) }: ApplyOptions = {},
): Promise<void> {
  if ((await readJoined(host.store(island.name))) === undefined) return;
  await host.exclusively(island.name, async () => {
    const leased = await register.read();
    const workers = leased && hubWorkersOf(leased, termsOf(host, island));
    const scene = await sceneOf(host, island, { workers });
    if (scene.steps.length === 0) return;
    refuseFindings(scene.findings);
    await bring(host, scene, { candidate: { island, self: {}, isWatched } });
  });
}
