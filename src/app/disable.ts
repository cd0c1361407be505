import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Systemd } from '../host/systemd.ts';
import { disableSteps } from '../plan/unit-steps.ts';
import { formatStep, type UnitsSeen } from '../plan/units.ts';
import type { ConsentOptions } from './consent.ts';
import { type Left, leave } from './leave.ts';
import { requireRoot } from './root.ts';
import { requireIslandName, selectIsland } from './select.ts';
import { performStep, type StepOptions, seeUnits, whileUnitsAreOurs, withSystemd } from './units.ts';

export interface DisableOptions extends StepOptions, ConsentOptions {
  readonly island?: string | undefined;
  /** Leave now as well. */
  readonly now?: boolean | undefined;
  /** Only tell what would be done. */
  readonly plan?: boolean | undefined;
}

export interface Disabled {
  readonly island: string;
  /** As they would be typed; none where nothing was enabled. */
  readonly steps: readonly string[];
  /** With `now`. */
  readonly left: Left | undefined;
  /** The units go on running until the next boot. */
  readonly isUp: boolean;
}

/** Undoes `enable`, also without the island's file. What fails half-way is finished by running it again. */
export async function disable(host: Host, options: DisableOptions): Promise<Disabled> {
  requireRoot(host, 'disable');
  const { now = false, plan = false } = options;
  const island = await islandToDisable(host, options.island);
  const look = (systemd: Systemd) => seeUnits(host, systemd, island);
  const told = (seen: UnitsSeen) => disableSteps(seen, { island, now });
  const outlook = await withSystemd(host, look);
  const isUp = !now && [...outlook.up].some((unit) => unit.includes(`@${island}.`));
  if (plan) {
    const leaving = now ? [`island leave -i ${island}`] : [];
    return { island, left: undefined, isUp, steps: [...leaving, ...told(outlook).map(formatStep)] };
  }
  // Before anything else: the operator may not agree to it.
  const left = now ? await leave(host, { ...options, island }) : undefined;
  return whileUnitsAreOurs(host, () =>
    withSystemd(host, async (systemd) => {
      const steps = told(await look(systemd));
      for (const step of steps) await performStep({ host, systemd }, step, options);
      return { island, left, isUp, steps: steps.map(formatStep) };
    }),
  );
}

/** The island of `-i`, the only one that is enabled, or the only one configured here. */
async function islandToDisable(host: Host, island: string | undefined): Promise<string> {
  if (island !== undefined) return requireIslandName(island);
  const { links } = host.unitFiles.see();
  const names = links.map(({ unit }) => unit.replace(/^islandd?@(.+)\.service$/, '$1'));
  const [only, ...more] = [...new Set(names)].toSorted();
  if (only === undefined) return (await selectIsland(host, {})).name;
  if (more.length === 0) return only;
  throw new IslandError('E_USAGE', `several islands are enabled here: ${[only, ...more].join(', ')}`, {
    hint: `say which with -i, such as "-i ${only}"`,
  });
}
