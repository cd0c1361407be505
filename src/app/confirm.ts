import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { dropPending, readPending } from './pending.ts';
import { requireRoot } from './root.ts';
import { requireIslandName } from './select.ts';

export interface Confirmed {
  readonly island: string;
  /** How much time was left. */
  readonly leftMs: number;
}

/** Keeps what a join with a time limit has done; undefined when none waits for it. */
export async function confirm(host: Host, island?: string): Promise<Confirmed | undefined> {
  requireRoot(host, 'confirm', 'decides about');
  const name = island === undefined ? await onlyPending(host) : requireIslandName(island);
  if (name === undefined) return undefined;
  return host.exclusively(name, async () => {
    const pending = await readPending(host, name);
    if (pending === undefined) return undefined;
    await dropPending(host.store(name));
    return { island: name, leftMs: pending.leftMs };
  });
}

async function onlyPending(host: Host): Promise<string | undefined> {
  const [only, ...more] = await host.pendingIslands();
  if (more.length === 0) return only;
  throw new IslandError('E_USAGE', `several islands wait to be confirmed: ${[only, ...more].join(', ')}`, {
    hint: `say which with -i, such as "-i ${only}"`,
  });
}
