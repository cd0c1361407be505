import type { LabHost } from '../lab/host.ts';
import { HUB } from './by-hand.ts';

/** Makes a worker's hub a neighbour that nobody looks after: nothing keeps the mapping open until the next join. */
export async function neglect(host: LabHost): Promise<void> {
  const entries: readonly Entry[] = JSON.parse(await host.run(['ip', '-j', 'neighbour', 'show', HUB.inner]));
  const { dev, lladdr } = entries.find((entry) => entry.dev.startsWith('isl-')) ?? {};
  if (dev === undefined || lladdr === undefined) throw new Error(`${host.name}: the hub is no neighbour`);
  await host.ip([
    `neighbour delete ${HUB.inner} dev ${dev}`,
    `neighbour add ${HUB.inner} lladdr ${lladdr} dev ${dev} nud permanent`,
  ]);
}

interface Entry {
  readonly dev: string;
  readonly lladdr?: string;
}
