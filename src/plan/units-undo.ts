import { socketOf } from './socket-unit.ts';
import { pathOf, type UnitLink, type UnitStep, type UnitsSeen, unitsOf, writtenSocket } from './units.ts';

export interface Undo {
  readonly island: string;
  readonly before: UnitsSeen;
  readonly now: UnitsSeen;
  /** The host was on the island before: stopping the unit must not make it leave. */
  readonly wasJoined: boolean;
}

/** Back to what was seen before, from whatever is there now. */
export function undoSteps({ island, before, now, wasJoined }: Undo): readonly UnitStep[] {
  const [join, daemon] = unitsOf(island);
  const socket = socketOf(island);
  const isOther = writtenSocket(now.written, socket) !== writtenSocket(before.written, socket);
  const mustStop = (unit: string) => !before.up.has(unit) || (unit === socket && isOther);
  const stops = [socket, daemon, join].filter((unit) => now.up.has(unit) && mustStop(unit));
  const spares = wasJoined && stops.includes(join) ? [...spareSteps(join)] : [];
  const removed = before.written;
  const restored = [...removed]
    .filter(([path, text]) => now.written.get(path) !== text)
    .map(([path, text]) => ({ kind: 'write', path, text }) as const);
  const surplus = [...now.written.keys()].filter((path) => !removed.has(path));
  const steps: UnitStep[] = [
    ...spares,
    ...stops.map((unit) => ({ kind: 'stop', unit }) as const),
    ...linkSteps('disable', missingFrom(before.links, now.links)),
    ...restored,
    ...[...surplus, ...(spares.length > 0 ? [sparePath(join)] : [])].map(
      (path) => ({ kind: 'remove', path }) as const,
    ),
  ];
  // Nothing else that ran before is ever stopped.
  const isCut = [daemon, socket].some(
    (unit) => before.up.has(unit) && (!now.up.has(unit) || stops.includes(unit)),
  );
  const links = linkSteps('enable', missingFrom(now.links, before.links));
  return [
    ...steps,
    ...(steps.length > 0 ? [RELOAD] : []),
    ...links,
    ...(links.length > 0 ? [RELOAD] : []),
    ...(isCut && before.up.has(daemon) ? [{ kind: 'restart', unit: daemon } as const] : []),
    // What was stopped, or has no file any more, stays "failed" otherwise.
    ...[join, daemon, socket]
      .filter((unit) => !before.failed.has(unit) && (stops.includes(unit) || now.failed.has(unit)))
      .map((unit) => ({ kind: 'reset-failed', unit }) as const),
  ];
}

const RELOAD = { kind: 'daemon-reload' } as const;

/** A unit that was started on a host that had joined without it is stopped without what it does at a stop. */
function spareSteps(unit: string): readonly UnitStep[] {
  return [{ kind: 'write', path: sparePath(unit), text: '[Service]\nExecStop=\n' }, RELOAD];
}

function sparePath(unit: string): string {
  return pathOf(unit, 'runtime').replace(unit, `${unit}.d/90-island-stays.conf`);
}

/** Those of `links` that `reference` has not. */
function missingFrom(reference: readonly UnitLink[], links: readonly UnitLink[]): readonly UnitLink[] {
  return links.filter(
    ({ unit, term }) => !reference.some((each) => each.unit === unit && each.term === term),
  );
}

function linkSteps(kind: 'enable' | 'disable', links: readonly UnitLink[]): readonly UnitStep[] {
  return (['persistent', 'runtime'] as const).flatMap((term) => {
    const units = links.filter((link) => link.term === term).map(({ unit }) => unit);
    return units.length === 0 ? [] : [{ kind, units: [...new Set(units)], term }];
  });
}
