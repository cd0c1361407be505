import { IslandError } from '../errors.ts';
import { type Result, run } from './exec.ts';
import {
  type JobOptions,
  type JobVerb,
  type Systemd,
  sinceOf,
  type UnitState,
  untilFound,
} from './systemd.ts';

/** As root it speaks with process 1 over a socket of its own, for which no bus is needed. */
export function systemctl(): Systemd {
  return {
    way: 'systemctl',
    stateOf,
    reload: () => succeed(['daemon-reload']),
    enable: (units, term) => succeed(['enable', ...FILES_ONLY, ...termFlag[term], '--', ...units]),
    disable: (units, term) => succeed(['disable', ...FILES_ONLY, ...termFlag[term], '--', ...units]),
    act,
    // What systemd knows nothing of has nothing to be forgotten; whether it is, the state tells.
    resetFailed: async (unit) => void (await run('systemctl', ['reset-failed', '--', unit])),
    close: () => undefined,
  };
}

const FILES_ONLY = ['--quiet', '--no-reload'];
const termFlag = { persistent: [], runtime: ['--runtime'] } as const;
const PROPERTIES = [
  ...['LoadState', 'ActiveState', 'SubState', 'FragmentPath', 'NeedDaemonReload', 'Result', 'ReloadResult'],
  'Job',
  ...['ActiveEnterTimestampMonotonic', 'StateChangeTimestampMonotonic'],
];

async function stateOf(unit: string): Promise<UnitState> {
  const [values, enabled] = await Promise.all([show(unit), run('systemctl', ['is-enabled', '--', unit])]);
  const of = (name: string) => values.get(name) ?? '';
  const active = of('ActiveState');
  const times = {
    entered: BigInt(of('ActiveEnterTimestampMonotonic') || 0),
    changed: BigInt(of('StateChangeTimestampMonotonic') || 0),
  };
  return {
    ...{ unit, load: of('LoadState'), active, sub: of('SubState') },
    enabled: wordOf(enabled),
    result: of('Result') || 'success',
    ...{
      sinceMs: sinceOf(active, times),
      path: of('FragmentPath'),
      isStale: of('NeedDaemonReload') === 'yes',
    },
  };
}

/** A word of systemd's, whatever the exit status; older ones print nothing for a unit without a file, newer `not-found`. */
function wordOf({ stdout }: Result): string {
  const word = stdout.trim();
  return word === 'not-found' ? '' : word;
}

async function show(unit: string): Promise<ReadonlyMap<string, string>> {
  const args = ['show', `--property=${PROPERTIES.join(',')}`, '--', unit];
  const result = await run('systemctl', args);
  if (result.exitCode !== 0) throw refused(args, result);
  return new Map(
    result.stdout.split('\n').map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
}

/** States that a job goes through. */
const PASSING = ['activating', 'deactivating', 'reloading'];

/** Not `systemctl start`, which could only be waited for: it is looked at until no job is left. */
async function act(verb: JobVerb, unit: string, options: JobOptions): Promise<string> {
  await succeed([verb, '--no-block', '--quiet', '--', unit]);
  return untilFound(
    async () => {
      const values = await show(unit);
      const active = values.get('ActiveState') ?? '';
      // A service that is to be tried again is activating without a job.
      const isOver = !PASSING.includes(active) || values.get('SubState') === 'auto-restart';
      if ((values.get('Job') ?? '') !== '' || !isOver) return undefined;
      // A reload that fails leaves the unit as it was.
      const isGood = verb !== 'reload' || values.get('ReloadResult') === 'success';
      return isGood && (active === 'active') === (verb !== 'stop') ? 'done' : 'failed';
    },
    { ...options, what: `systemctl ${verb} ${unit}` },
  );
}

async function succeed(args: readonly string[]): Promise<void> {
  const result = await run('systemctl', args);
  if (result.exitCode !== 0) throw refused(args, result);
}

function refused(args: readonly string[], { exitCode, stderr }: Result): IslandError {
  const [reason = ''] = stderr.trim().split('\n');
  return new IslandError('E_APPLY', `systemctl ${args.join(' ')}: ${reason || `exit status ${exitCode}`}`);
}
