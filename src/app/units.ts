import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Systemd, UnitState } from '../host/systemd.ts';
import { socketOf } from '../plan/socket-unit.ts';
import { formatStep, type UnitStep, type UnitsSeen, unitsOf } from '../plan/units.ts';

/** Runs `work` with systemd; E_HOST_UNSUPPORTED where there is none. */
export async function withSystemd<T>(host: Host, work: (systemd: Systemd) => Promise<T>): Promise<T> {
  const systemd = await host.systemd();
  if (systemd === undefined) {
    throw new IslandError('E_HOST_UNSUPPORTED', 'systemd does not run on this host', {
      hint: '"island join" needs none: put it, and "island serve &", into what runs at boot, such as /etc/rc.local',
    });
  }
  try {
    return await work(systemd);
  } finally {
    systemd.close();
  }
}

/** Runs `work` while no other command changes the units, which islands share; their own commands may run meanwhile. */
export function whileUnitsAreOurs<T>(host: Host, work: () => Promise<T>): Promise<T> {
  // No island has a name with a blank.
  return host.exclusively('the units', work);
}

/** The units of one island and of the others that this host has joined. */
export async function seeUnits(host: Host, systemd: Systemd, island: string): Promise<UnitsSeen> {
  const files = host.unitFiles.see();
  const islands = await host.joinedIslands();
  const own = new Set([...unitsOf(island), socketOf(island)]);
  const units = new Set([...own, ...islands.flatMap(unitsOf)]);
  const states = await Promise.all([...units].map((unit) => systemd.stateOf(unit)));
  return {
    ...files,
    up: namesWhere(states, ({ active }) => active !== 'inactive' && active !== 'failed'),
    active: namesWhere(states, ({ active }) => active === 'active' || active === 'reloading'),
    failed: namesWhere(states, ({ active }) => active === 'failed'),
    isStale: states.some(({ unit, isStale }) => isStale && own.has(unit)),
  };
}

function namesWhere(
  states: readonly UnitState[],
  matches: (state: UnitState) => boolean,
): ReadonlySet<string> {
  return new Set(states.filter(matches).map(({ unit }) => unit));
}

/** For who only reads: none where systemd has no file for them, or cannot be asked. */
export async function unitStates(host: Host, island: string): Promise<readonly UnitState[]> {
  if (!host.unitFiles.haveTemplate()) return [];
  try {
    const socket = socketOf(island);
    const states = await withSystemd(host, (systemd) =>
      Promise.all([...unitsOf(island), socket].map((unit) => systemd.stateOf(unit))),
    );
    // Only who answers for names has one.
    return states.filter(({ unit, load }) => unit !== socket || load !== 'not-found');
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    return [];
  }
}

export interface StepOptions {
  readonly onCommand?: ((command: string) => void) | undefined;
  readonly interrupted?: (() => boolean) | undefined;
}

/** Longer than any of the units takes by its own limits: what hangs is ended by systemd first. */
const JOB_MS = 150_000;

interface Tools {
  readonly host: Host;
  readonly systemd: Systemd;
}

/** Does one step to its end; E_APPLY when it did not come to what it is for, E_RETRY when the operator stopped it. */
export async function performStep(
  { host, systemd }: Tools,
  step: UnitStep,
  { onCommand, interrupted }: StepOptions,
): Promise<void> {
  if (interrupted?.() === true) throw new IslandError('E_RETRY', 'interrupted');
  onCommand?.(formatStep(step));
  switch (step.kind) {
    case 'write':
      return host.unitFiles.write(step.path, step.text);
    case 'remove':
      return host.unitFiles.remove(step.path);
    case 'verify':
      return refuseFaults(await host.unitFiles.faultsOf(step.units));
    case 'daemon-reload':
      return systemd.reload();
    case 'enable':
      return systemd.enable(step.units, step.term);
    case 'disable':
      return systemd.disable(step.units, step.term);
    case 'reset-failed':
      return systemd.resetFailed(step.unit);
    case 'start':
    case 'stop':
    case 'restart':
    case 'reload': {
      const outcome = await systemd.act(step.kind, step.unit, { timeoutMs: JOB_MS, interrupted });
      const { active, sub, result } = await systemd.stateOf(step.unit);
      if (outcome === 'done' && (active === 'active') === (step.kind !== 'stop')) return;
      throw jobFailed(step, `${outcome}; it is ${active} (${sub}), ${result}`);
    }
  }
}

function refuseFaults([first, ...more]: readonly string[]): void {
  if (first === undefined) return;
  throw new IslandError('E_APPLY', `systemd-analyze verify: ${[first, ...more].join('; ')}`, {
    hint: 'correct it in the file that is named; what overrides a unit lies below /etc/systemd/system',
  });
}

function jobFailed({ kind, unit }: Extract<UnitStep, { readonly unit: string }>, why: string): IslandError {
  return new IslandError('E_APPLY', `systemctl ${kind} ${unit}: ${why}`, {
    hint: `see "journalctl -n 20 -u ${unit}"`,
  });
}
