import { isDeepStrictEqual } from 'node:util';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import { explain } from '../plan/explain.ts';
import { bring, refuseFindings } from './join.ts';
import { readPending } from './pending.ts';
import { readJoined } from './record.ts';
import { revertExpired } from './revert.ts';
import { requireRoot } from './root.ts';
import { type Scene, type SceneOptions, sceneOf } from './scene.ts';
import { selectIsland } from './select.ts';
import { prepareWorkers } from './workers.ts';

/** What a look at the host has come to. */
export type Healed =
  | Kept
  /** `left`: the host is not on the island. `pending`: a join waits to be confirmed. `busy`: another command is at it. */
  | { readonly state: 'left' | 'pending' | 'busy'; readonly island: Island };

/** The host is as the file says. */
export interface Kept {
  readonly state: 'kept';
  readonly island: Island;
  readonly scene: Scene;
  /** What differed, in words; nothing on a host that was left alone. */
  readonly repaired: readonly string[];
  /** Why the file as it is now is not what was gone by; undefined when it is. */
  readonly unused: string | undefined;
}

export interface HealOptions extends SceneOptions {
  /** The island that the host was brought to before; the file's where there is none. */
  readonly kept: Island | undefined;
  /** Whether a host that is not on the island is to join it. */
  readonly joins: boolean;
  /** Whether the file as it is now counts, also if nobody has joined with it. */
  readonly reloads?: boolean;
  /** Told before the first command that changes something. */
  readonly onCommand?: (command: string) => void;
}

/**
 * Repairs what somebody has changed, as `join` would, but asks nobody: neither the operator nor the far ends.
 * Without a difference it takes no lock and writes nothing.
 */
export async function heal(host: Host, options: HealOptions): Promise<Healed> {
  requireRoot(host, 'serve');
  const first = await assess(host, options);
  if (isSettled(first)) return healedOf(first);
  const island = first.island;
  return whenFree(host, island, async () => {
    await revertExpired(host, island.name, options);
    const found = await assess(host, options);
    const isPrepared = found.state === 'kept' && (await prepareWorkers(host, found.scene));
    const now = isPrepared ? await assess(host, options) : found;
    if (isSettled(now) || now.state !== 'kept') return healedOf(now);
    refuseFindings(now.scene.findings);
    const candidate = { island: now.island, self: { name: options.name } };
    await bring(host, now.scene, { ...options, candidate });
    return { ...healedOf(now), repaired: now.scene.steps.map(explain) };
  });
}

type Assessment =
  | (Omit<Kept, 'repaired'> & { readonly isRecorded: boolean })
  | { readonly state: 'left' | 'pending' | 'late'; readonly island: Island };

async function assess(host: Host, options: HealOptions): Promise<Assessment> {
  const { joins, name } = options;
  const { island, unused } = await islandToKeep(host, options);
  const pending = await readPending(host, island.name);
  if (pending !== undefined) {
    return { state: pending.leftMs > 0 || pending.watched ? 'pending' : 'late', island };
  }
  const joined = await readJoined(host.store(island.name));
  if (joined === undefined && !joins) return { state: 'left', island };
  const scene = await sceneOf(host, island, { name });
  return { state: 'kept', island, scene, unused, isRecorded: joined !== undefined };
}

/** Whether there is nothing to do. */
function isSettled(found: Assessment): boolean {
  if (found.state === 'kept') return found.isRecorded && found.scene.steps.length === 0;
  return found.state !== 'late';
}

function healedOf(found: Assessment): Healed {
  const { state, island } = found;
  if (state !== 'kept') return { state: state === 'late' ? 'busy' : state, island };
  return { state, island, scene: found.scene, repaired: [], unused: found.unused };
}

interface Choice {
  readonly island: Island;
  readonly unused: string | undefined;
}

/**
 * An operator edits the file and joins when it is done, perhaps with a time limit: until then a daemon goes by
 * what it went by before. The host says that somebody has joined with the new file: it then lacks nothing.
 */
async function islandToKeep(host: Host, options: HealOptions): Promise<Choice> {
  const { kept, reloads = false } = options;
  if (kept !== undefined && reloads)
    return { island: await reloaded(host, kept, options), unused: undefined };
  if (kept === undefined) return { island: await selectIsland(host, options), unused: undefined };
  try {
    const latest = await selectIsland(host, options);
    if (isDeepStrictEqual(latest, kept)) return { island: kept, unused: undefined };
    if (latest.name === kept.name && (await isThere(host, latest, options))) {
      return { island: latest, unused: undefined };
    }
    return { island: kept, unused: CHANGED };
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    return { island: kept, unused: error.message };
  }
}

const CHANGED = 'the file has changed; "systemctl reload" or "island join" brings this host to it';

async function reloaded(host: Host, kept: Island, options: HealOptions): Promise<Island> {
  const latest = await selectIsland(host, options);
  if (latest.name === kept.name) return latest;
  throw new IslandError('E_CONFIG', `the file is of ${latest.name} now, and this host is on ${kept.name}`, {
    hint: `run "island leave -i ${kept.name}" first, and start the daemon anew`,
  });
}

async function isThere(host: Host, island: Island, { name }: HealOptions): Promise<boolean> {
  return (await sceneOf(host, island, { name })).steps.length === 0;
}

/** `busy` rather than an error when another command has not let go of the island. */
async function whenFree(host: Host, island: Island, work: () => Promise<Healed>): Promise<Healed> {
  let isFree = false;
  try {
    return await host.exclusively(island.name, () => {
      isFree = true;
      return work();
    });
  } catch (error) {
    if (!isFree && error instanceof IslandError && error.code === 'E_RETRY') return { state: 'busy', island };
    throw error;
  }
}
