import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import type { Host, Store } from '../host/host.ts';
import { type Before, beforeOf } from '../plan/before.ts';
import type { Resource } from '../plan/resource.ts';
import { type Change, withListings } from './converge.ts';
import { formatRecord, parsed } from './record.ts';
import { marksOf, type Scene } from './scene.ts';

/** A join that is undone unless it is confirmed. */
export interface Pending {
  /** Until it is undone; negative when that is late. */
  readonly leftMs: number;
  /** Whether the process that undoes it is there. */
  readonly watched: boolean;
}

/** What a join found: the kernel's part, and the store's, undefined for a file that was not there. */
export interface Kept extends Before {
  readonly files: Readonly<Partial<Record<KeptFile, string | undefined>>>;
}

/** What a join writes into the store beside what `confirm` waits for. */
export const KEPT_FILES = ['joined', 'config', 'lease', 'sysctls'] as const;

type KeptFile = (typeof KEPT_FILES)[number];

const confirmShape = z.object({ deadlineMs: z.number() });
/** Written by island and read by root alone, so that no more is asked of a resource than that it is one. */
const resourceShape = z.custom<Resource>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value,
);
const beforeShape = z.object({
  marks: z.object({ island: z.string(), ports: z.array(z.number()) }),
  forwardingOfAll: z.optional(z.string()),
  resources: z.array(resourceShape),
  files: z.object({
    joined: z.optional(z.string()),
    config: z.optional(z.string()),
    lease: z.optional(z.string()),
    sysctls: z.optional(z.string()),
  }),
});

/** The join of this island that waits to be confirmed, if there is one. */
export async function readPending(host: Host, island: string): Promise<Pending | undefined> {
  const text = await host.store(island).read('confirm');
  if (text === undefined) return undefined;
  const { deadlineMs } = parsed(text, confirmShape, 'confirm.json');
  return { leftMs: deadlineMs - host.uptime(), watched: await host.watcher.isRunning(island) };
}

export async function readKept(store: Store): Promise<Kept> {
  const text = await store.read('before');
  if (text === undefined) {
    throw new IslandError('E_APPLY', 'before.json of the island is gone, so that the join cannot be undone', {
      hint: 'keep what is there with "island confirm", or remove it with "island leave"',
    });
  }
  const { forwardingOfAll, ...kept } = parsed(text, beforeShape, 'before.json');
  return { ...kept, forwardingOfAll };
}

/** `confirm` first: it is what makes the other one count. */
export async function dropPending(store: Store): Promise<void> {
  await store.remove('confirm');
  await store.remove('before');
}

/**
 * What a join adds to its change so that it waits to be confirmed: `withinMs` from now, or with nothing said
 * as long as an earlier one that still waits. What counts as before is always what the first of them found.
 */
export async function pendingPart(
  host: Host,
  scene: Scene,
  withinMs: number | undefined,
): Promise<Pick<Change, 'records' | 'ready'>> {
  const { island, steps } = scene;
  const store = host.store(island.name);
  const isPending = (await store.read('confirm')) !== undefined;
  if (!isPending && (withinMs === undefined || steps.length === 0)) return { records: [] };
  const kept = await keptFor(host, scene, isPending ? await readKept(store) : undefined);
  const deadline = withinMs === undefined ? undefined : { deadlineMs: host.uptime() + withinMs };
  return {
    records: [
      { file: 'before', text: formatRecord(kept) },
      ...(deadline === undefined ? [] : [{ file: 'confirm' as const, text: formatRecord(deadline) }]),
    ],
    ready: async () => {
      if (!(await host.watcher.isRunning(island.name))) await host.watcher.start(island.name);
    },
  };
}

async function keptFor(host: Host, scene: Scene, earlier: Kept | undefined): Promise<Kept> {
  const { island, joined } = scene;
  const before = beforeOf({ ...scene, marks: marksOf(island, joined) }, earlier);
  if (earlier !== undefined) return { ...before, files: earlier.files };
  const store = host.store(island.name);
  const texts = await Promise.all(KEPT_FILES.map(async (file) => [file, await store.read(file)] as const));
  const files = Object.fromEntries(texts.filter(([, text]) => text !== undefined));
  return { ...before, files, resources: await withListings(host, before.resources, () => true) };
}
