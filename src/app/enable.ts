import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { responderAddresses } from '../model/responder.ts';
import { effectsOf } from '../plan/effect.ts';
import { ownAddresses } from '../plan/observed.ts';
import { islandOfSocket } from '../plan/socket-unit.ts';
import { enableSteps } from '../plan/unit-steps.ts';
import { formatStep, pathOf, type Term, type UnitStep, type UnitsSeen, unitsOf } from '../plan/units.ts';
import { undoSteps } from '../plan/units-undo.ts';
import { type ConsentOptions, requireConsent } from './consent.ts';
import { refuseFindings } from './join.ts';
import { readPending } from './pending.ts';
import { type Reached, reachEnds } from './reach.ts';
import { requireRoot } from './root.ts';
import { locate, type Scene, sceneOf, sceneRisk } from './scene.ts';
import { selectIsland } from './select.ts';
import { performStep, type StepOptions, seeUnits, whileUnitsAreOurs, withSystemd } from './units.ts';

export interface EnableOptions extends StepOptions, ConsentOptions {
  readonly island?: string | undefined;
  readonly term: Term;
  /** Join now as well, by the units. */
  readonly now?: boolean | undefined;
  /** Only tell what would be done. */
  readonly plan?: boolean | undefined;
}

export interface Enabled {
  readonly scene: Scene;
  readonly term: Term;
  /** As they would be typed; none where all was so already. */
  readonly steps: readonly string[];
  /** Files that somebody else wrote in the place of ours; they count. */
  readonly foreign: readonly string[];
  /** Far ends that were asked, with `now`. */
  readonly reached: readonly Reached[];
}

/** Far ends that are asked for an answer, as with join. */
const MOST_ASKED = 256;

/** Makes this host join at every boot. Whatever fails, and when, all is as before. */
export async function enable(host: Host, options: EnableOptions): Promise<Enabled> {
  requireRoot(host, 'enable');
  const { term, now = false, plan = false } = options;
  const scene = await sceneToEnable(host, options.island);
  const { name } = scene.island;
  const isDue = scene.steps.length > 0;
  const listen = responderAddresses(scene.island, scene.place, ownAddresses(scene.observed));
  const wish = { island: name, term, now, isDue, listen };
  const outlook = await withSystemd(host, (systemd) => seeUnits(host, systemd, name));
  const told = (steps: readonly UnitStep[]) => ({
    ...{ scene, term, reached: [] },
    steps: steps.map(formatStep),
    foreign: [...outlook.foreign].filter((path) => (islandOfSocket(path) ?? name) === name).toSorted(),
  });
  if (plan) return told(enableSteps(outlook, wish));
  if (now && isDue) await requireConsent(sceneRisk(host, scene), { ...options, verb: 'enable' });
  return whileUnitsAreOurs(host, () =>
    withSystemd(host, async (systemd) => {
      const before = await seeUnits(host, systemd, name);
      requireTemplate(before, name);
      const steps = enableSteps(before, wish);
      const work = async () => {
        for (const step of steps) {
          await performStep({ host, systemd }, step, options);
          if (bringsUp(step, name)) await requireJoined(host, scene);
        }
      };
      await orUndone(work, () => undo(host, { scene, before }, options));
      return { ...told(steps), reached: now ? await reachEnds(host, scene, MOST_ASKED) : [] };
    }),
  );
}

/** Throws what `join` would throw: a file that is refused must not be tried at every boot. */
async function sceneToEnable(host: Host, name: string | undefined): Promise<Scene> {
  const island = await selectIsland(host, { island: name });
  const scene = await sceneOf(host, island);
  refuseFindings(scene.findings);
  host.require(effectsOf(scene.steps));
  requireOwnPlace(host, scene);
  if ((await readPending(host, island.name)) === undefined) return scene;
  throw new IslandError('E_RETRY', `the last join of ${island.name} waits to be confirmed`, {
    hint: `run "island confirm -i ${island.name}" first, or let its time run out`,
  });
}

/** Leaving at a shutdown forgets what an operator said with --name; the lease of a worker stays. */
function requireOwnPlace(host: Host, { island, observed, place }: Scene): void {
  if (place.role === 'worker') return;
  const alone = locate(host, { island, observed, name: undefined, joined: undefined });
  // A member is one by its address, whatever it is called.
  if (alone.role === place.role && (alone.role === 'member' || alone.name === place.name)) return;
  throw new IslandError(
    'E_CONFIG',
    `this host is ${place.name} only because --name said so, which no boot does`,
    {
      hint: `hostnamectl set-hostname ${place.name}`,
    },
  );
}

function requireTemplate({ shipped, packaged, foreign }: UnitsSeen, island: string): void {
  const [unit] = unitsOf(island);
  const template = 'island@.service';
  if (shipped.some(({ name }) => name === template) || packaged.has(template)) return;
  if (foreign.has(pathOf(template, 'persistent'))) return;
  throw new IslandError('E_HOST_UNSUPPORTED', `${unit}: there is no ${template} to make it of`, {
    hint: 'put the folder units of this version of island beside its program',
  });
}

function bringsUp(step: UnitStep, island: string): boolean {
  const [unit] = unitsOf(island);
  return (step.kind === 'start' || step.kind === 'reload') && step.unit === unit;
}

async function requireJoined(host: Host, { island }: Scene): Promise<void> {
  const { steps } = await sceneOf(host, island);
  if (steps.length === 0) return;
  throw new IslandError('E_APPLY', `${unitsOf(island.name)[0]} runs, but the host is not as the file says`, {
    hint: `see "island plan -i ${island.name}" for what is left, and look for another program that manages links`,
  });
}

interface Undo {
  readonly scene: Scene;
  readonly before: UnitsSeen;
}

/** What could not be undone, as an error; undefined when all is as before. */
async function undo(host: Host, { scene, before }: Undo, { onCommand }: StepOptions): Promise<unknown> {
  const island = scene.island.name;
  const look = { island, before, wasJoined: scene.joined !== undefined };
  let failure: unknown;
  try {
    // Asked for anew: what has failed may be the bus.
    await withSystemd(host, async (systemd) => {
      for (const step of undoSteps({ ...look, now: await seeUnits(host, systemd, island) })) {
        // What fails keeps nothing of the rest from being undone.
        await performStep({ host, systemd }, step, { onCommand }).catch((error: unknown) => {
          failure ??= error;
        });
      }
      const left = undoSteps({ ...look, now: await seeUnits(host, systemd, island) });
      if (left.length === 0) failure = undefined;
    });
  } catch (error) {
    return error;
  }
  return failure;
}

async function orUndone(work: () => Promise<void>, goBack: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw withUndo(cause, await goBack());
  }
}

function withUndo(cause: unknown, failure: unknown): unknown {
  if (!(cause instanceof IslandError)) return cause;
  const { code, message, hint } = cause;
  if (failure === undefined) {
    return new IslandError(code, `${message}; everything is as it was before`, {
      ...(hint !== undefined && { hint }),
      cause,
    });
  }
  const reason = failure instanceof Error ? failure.message : String(failure);
  return new IslandError(code, `${message}; the undo failed as well: ${reason}`, {
    hint: 'run "island disable" to remove what is there',
    cause,
  });
}
