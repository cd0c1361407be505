import type { Disabled } from '../../app/disable.ts';
import type { Enabled } from '../../app/enable.ts';
import type { Status } from '../../app/status.ts';
import { placeSentence } from './place.ts';
import { alignRows } from './table.ts';
import { formatTime, isoTime } from './time.ts';

type UnitState = Status['units'][number];

interface Run {
  readonly now?: boolean | undefined;
  readonly plan?: boolean | undefined;
  readonly ms: number;
}

const TERMS = { persistent: 'at every boot', runtime: 'until the next boot' } as const;

export function enabledLines(enabled: Enabled, { now = false, plan = false, ms }: Run): readonly string[] {
  const { scene, term, steps, reached } = enabled;
  if (plan) return planLines(steps);
  const ends = reached.map(
    ({ end, ms: rttMs }) => `${rttMs === undefined ? 'not reached yet' : 'reached'} ${end.name}`,
  );
  const what = steps.length === 0 ? 'nothing to do' : `enabled ${TERMS[term]}${now ? ' and joined' : ''}`;
  const next = now || scene.joined !== undefined ? [] : ['hint: "island enable --now" joins now as well'];
  const some = ends.length > MOST_ENDS ? [`asked ${ends.length} hosts`] : ends;
  return [`${placeSentence(scene.island, scene.place)}: ${[what, ...some].join(', ')} (${ms} ms)`, ...next];
}

/** More names than a line holds are counted. */
const MOST_ENDS = 5;

export function enableJson({ scene, term, steps, foreign, reached }: Enabled, { plan = false, ms }: Run) {
  return {
    ...{ schemaVersion: 1, island: scene.island.name, name: scene.place.name, term },
    ...{ changed: steps.length > 0 && !plan, steps, foreign },
    reached: reached.map(({ end, ms: rttMs }) => ({
      name: end.name,
      inner: end.inner,
      rttMs: rttMs ?? null,
    })),
    ms,
  };
}

export function disabledLines(disabled: Disabled, { plan = false, ms }: Run): readonly string[] {
  const { island, steps, left, isUp } = disabled;
  if (plan) return planLines(steps);
  const until = isUp ? '; until the next boot it stays as it is, "island disable --now" leaves now' : '';
  const parts = [
    ...(steps.length > 0 ? [`disabled${until}`] : []),
    ...(left?.changed === true ? ['left the island'] : []),
  ];
  return [`${island}: ${parts.length === 0 ? 'nothing to do' : parts.join(', ')} (${ms} ms)`];
}

export function disableJson({ island, steps, left }: Disabled, { plan = false, ms }: Run) {
  const changed = !plan && (steps.length > 0 || left?.changed === true);
  return { schemaVersion: 1, island, changed, steps, left: left?.changed ?? null, ms };
}

function planLines(steps: readonly string[]): readonly string[] {
  return steps.length === 0 ? ['nothing to do'] : steps;
}

/** `island@r2lab.service  active (exited) since 2026-11-21 11:30 UTC  enabled`. */
export function unitLines(units: readonly UnitState[]): readonly string[] {
  return alignRows(units.map((unit) => [unit.unit, stateWords(unit), enabledWord(unit)])).map((cells) =>
    cells.join('  ').trimEnd(),
  );
}

function stateWords({ active, sub, result, sinceMs, isStale }: UnitState): string {
  const why = result === 'success' ? sub : `${sub}, ${result}`;
  const since = sinceMs === undefined ? '' : ` since ${formatTime(sinceMs)}`;
  return `${active} (${why})${since}${isStale ? ', its file has changed on disk' : ''}`;
}

/** What no boot starts by itself comes with another unit, and its word says nothing. */
function enabledWord({ enabled }: UnitState): string {
  if (enabled === 'static') return '';
  return enabled === 'enabled-runtime' ? 'enabled until the next boot' : enabled;
}

export function unitsJson(units: readonly UnitState[]) {
  return units.map(({ sinceMs, ...unit }) => ({
    ...unit,
    since: sinceMs === undefined ? null : isoTime(sinceMs),
  }));
}
