import { IslandError } from '../errors.ts';
import type { Host, Store, StoredFile } from '../host/host.ts';
import { diff, type Step } from '../plan/diff.ts';
import { commandsOf, type Effect, effectsOf } from '../plan/effect.ts';
import { explain } from '../plan/explain.ts';
import { isElementwise } from '../plan/nft-text.ts';
import { keyOf, type NftTable, type Resource } from '../plan/resource.ts';

export interface Change {
  readonly steps: readonly Step[];
  /** What island owned before; an undo goes back there. */
  readonly before: readonly Resource[];
  /** What it owns now, read anew. */
  readonly observe: () => Promise<readonly Resource[]>;
  /** What still differs after the last step. */
  readonly leftover: () => Promise<readonly Step[]>;
  /** What is written before the first step. */
  readonly records: readonly { readonly file: StoredFile; readonly text: string }[];
  /** Runs between the two. */
  readonly ready?: () => Promise<void>;
  /** Throws when it does not do what it is for, though all of it is there. */
  readonly prove?: (() => Promise<void>) | undefined;
}

export interface ConvergeOptions {
  readonly onCommand?: ((command: string) => void) | undefined;
  /** Whether the operator asked to stop. */
  readonly interrupted?: (() => boolean) | undefined;
}

/**
 * Performs the steps and proves them: a fresh observation must plan nothing. When a step fails, this
 * run's work is undone, by the same way from what is there now to what was there before.
 */
export async function converge(
  { host, store }: { readonly host: Host; readonly store: Store },
  change: Change,
  { onCommand, interrupted = () => false }: ConvergeOptions = {},
): Promise<void> {
  const effects = effectsOf(change.steps);
  host.require(effects);
  const earlier = await Promise.all(change.records.map(({ file }) => store.read(file)));
  const replaced = new Set(
    change.steps.filter((step) => !isElementwise(step)).map(({ current }) => current && keyOf(current)),
  );
  const before = await withListings(host, change.before, (table) => replaced.has(keyOf(table)));
  try {
    for (const { file, text } of change.records) await store.write(file, text);
    await change.ready?.();
    for (const effect of effects) {
      if (interrupted()) throw new IslandError('E_RETRY', 'interrupted');
      await perform(host, effect, onCommand);
    }
    const [leftover] = effects.length === 0 ? [] : await change.leftover();
    if (leftover !== undefined) throw stillDiffers(leftover);
    await change.prove?.();
  } catch (cause) {
    const undone = await undo({ host, store }, { ...change, before }, { onCommand, earlier });
    throw withUndo(cause, undone);
  }
}

/**
 * The resources, with the text of each nft table that may have to be put back: the table that was observed
 * knows its rules only by their marks, which does not suffice.
 */
export function withListings(
  host: Host,
  resources: readonly Resource[],
  isNeeded: (table: NftTable) => boolean,
): Promise<readonly Resource[]> {
  return Promise.all(
    resources.map(async (resource) => {
      if (resource.kind !== 'nft' || !isNeeded(resource)) return resource;
      return { ...resource, listing: await host.listNft(resource.name) };
    }),
  );
}

async function perform(host: Host, effect: Effect, onCommand: ConvergeOptions['onCommand']): Promise<void> {
  for (const command of commandsOf(effect)) onCommand?.(command);
  await host.perform(effect);
}

function stillDiffers(step: Step): IslandError {
  return new IslandError(
    'E_APPLY',
    `${step.action} of ${step.resource.kind} did not last: ${explain(step)}`,
    {
      hint: 'run "island plan" to see what is left, and look for another program that manages links',
    },
  );
}

interface Undo {
  readonly onCommand: ConvergeOptions['onCommand'];
  readonly earlier: readonly (string | undefined)[];
}

/** What is left undone, as an error; undefined when all is as before. */
async function undo(
  { host, store }: { readonly host: Host; readonly store: Store },
  change: Change,
  { onCommand, earlier }: Undo,
): Promise<unknown> {
  try {
    const steps = diff(await change.observe(), change.before);
    for (const effect of effectsOf(steps)) await perform(host, effect, onCommand);
    for (const [index, { file }] of [...change.records.entries()].toReversed()) {
      const text = earlier[index];
      // A disk that refused to write it would refuse this as well.
      if ((await store.read(file)) === text) continue;
      await (text === undefined ? store.remove(file) : store.write(file, text));
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

function withUndo(cause: unknown, failure: unknown): unknown {
  if (!(cause instanceof IslandError)) return cause;
  const { code, message, hint } = cause;
  if (failure === undefined) {
    return new IslandError(code, `${message}; everything that this run did is undone`, {
      ...(hint !== undefined && { hint }),
      cause,
    });
  }
  const reason = failure instanceof Error ? failure.message : String(failure);
  return new IslandError(code, `${message}; the undo failed as well: ${reason}`, {
    hint: 'run "island leave" to remove what is there, then "island join"',
    cause,
  });
}
