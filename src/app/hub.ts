import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import { roleOf } from '../model/place.ts';
import type { Selection } from './select.ts';
import { whoami } from './whoami.ts';

/** The island, for a command that is about what its hub hands out: only there, only for root, only with workers. */
export async function requireHub(
  host: Host,
  { island: meant, config }: Selection,
  command: string,
): Promise<Island> {
  if (!host.isRoot) {
    throw new IslandError('E_PERMISSION', `island ${command} reads secrets, which only root may`, {
      hint: `sudo island ${command}`,
    });
  }
  const { island, place } = await whoami(host, { island: meant, config });
  const { hub, workers } = island;
  if (place.role !== 'hub') {
    const self = place.role === 'none' ? 'no host' : `a ${roleOf(place)}`;
    throw new IslandError(
      'E_USAGE',
      `island ${command} runs on the hub; ${place.name} is ${self} of ${island.name}`,
      {
        hint: `run it on ${hub.name}, which has ${hub.outer}`,
      },
    );
  }
  if (workers === undefined) {
    throw new IslandError('E_CONFIG', `${island.name} takes no workers: its file has no "workers:"`, {
      hint: 'add "workers: { pool: … }" to the file on every host, and run "island join" there',
    });
  }
  return island;
}
