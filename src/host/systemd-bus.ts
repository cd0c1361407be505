import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import { type Bus, type BusCall, connectBus, type Signal } from './bus.ts';
import { busErrorName } from './bus-faults.ts';
import {
  type JobOptions,
  type JobVerb,
  type Systemd,
  sinceOf,
  type UnitState,
  untilFound,
} from './systemd.ts';

const SERVICE = 'org.freedesktop.systemd1';
const MANAGER = { destination: SERVICE, path: '/org/freedesktop/systemd1', interface: `${SERVICE}.Manager` };
/** A manager with thousands of units reads their files for seconds. */
const RELOAD_MS = 60_000;
const VERBS = {
  start: 'StartUnit',
  stop: 'StopUnit',
  restart: 'RestartUnit',
  reload: 'ReloadUnit',
} as const;
/** Kinds of units that can fail, by the end of their names. */
const KINDS: Readonly<Record<string, string>> = { service: 'Service', socket: 'Socket' };

/** Rejects where there is no bus, or systemd is not on it. */
export async function openBusSystemd(connect: () => Promise<Bus> = connectBus): Promise<Systemd> {
  const bus = await connect();
  try {
    if (await bus.hasOwner(SERVICE)) return systemdOver(bus);
    throw new IslandError('E_RETRY', 'systemd is not on the system bus');
  } catch (error) {
    bus.close();
    throw error;
  }
}

function systemdOver(bus: Bus): Systemd {
  const change = (member: string, signature: string, body: readonly unknown[]) =>
    bus.call({ ...MANAGER, member, signature, body, timeoutMs: RELOAD_MS }, z.any());
  return {
    way: 'bus',
    stateOf: (unit) => stateOf(bus, unit),
    reload: async () => void (await change('Reload', '', [])),
    // The last word: whether to replace a link of the same name that leads elsewhere.
    enable: async (units, term) =>
      void (await change('EnableUnitFiles', 'asbb', [units, term === 'runtime', false])),
    disable: async (units, term) =>
      void (await change('DisableUnitFiles', 'asb', [units, term === 'runtime'])),
    act: (verb, unit, options) => act(bus, { verb, unit }, options),
    // Of which systemd knows nothing, it has nothing to forget.
    resetFailed: async (unit) => {
      await change('ResetFailedUnit', 's', [unit]).catch(unless('NoSuchUnit'));
    },
    close: bus.close,
  };
}

function unless(name: string): (error: unknown) => void {
  return (error) => {
    if (busErrorName(error) !== `${SERVICE}.${name}`) throw error;
  };
}

const unitShape = z.tuple([
  z.object({
    LoadState: z.string(),
    ActiveState: z.string(),
    SubState: z.string(),
    FragmentPath: z.string(),
    NeedDaemonReload: z.boolean(),
    ActiveEnterTimestampMonotonic: z.bigint(),
    StateChangeTimestampMonotonic: z.bigint(),
  }),
]);

async function stateOf(bus: Bus, unit: string): Promise<UnitState> {
  const [path] = await bus.call(
    { ...MANAGER, member: 'LoadUnit', signature: 's', body: [unit] },
    z.tuple([z.string()]),
  );
  const all = (iface: string): BusCall => ({
    ...{ destination: SERVICE, path, interface: 'org.freedesktop.DBus.Properties', member: 'GetAll' },
    ...{ signature: 's', body: [`${SERVICE}.${iface}`] },
  });
  const kind = KINDS[unit.slice(unit.lastIndexOf('.') + 1)];
  const [[found], result, enabled] = await Promise.all([
    bus.call(all('Unit'), unitShape),
    kind === undefined
      ? 'success'
      : bus.call(all(kind), z.tuple([z.object({ Result: z.string() })])).then(([{ Result }]) => Result),
    fileStateOf(bus, unit),
  ]);
  const { LoadState: load, ActiveState: active, SubState: sub } = found;
  const times = {
    entered: found.ActiveEnterTimestampMonotonic,
    changed: found.StateChangeTimestampMonotonic,
  };
  return {
    ...{ unit, load, active, sub, enabled, result },
    ...{ sinceMs: sinceOf(active, times), path: found.FragmentPath, isStale: found.NeedDaemonReload },
  };
}

/** Not the property of the unit, which is as old as the last reload. */
async function fileStateOf(bus: Bus, unit: string): Promise<string> {
  const call = { ...MANAGER, member: 'GetUnitFileState', signature: 's', body: [unit] };
  try {
    return (await bus.call(call, z.tuple([z.string()])))[0];
  } catch (error) {
    if (busErrorName(error) === undefined) throw error;
    return '';
  }
}

interface Job {
  readonly verb: JobVerb;
  readonly unit: string;
}

const removedShape = z.tuple([z.number(), z.string(), z.string(), z.string()]);

async function act(bus: Bus, { verb, unit }: Job, options: JobOptions): Promise<string> {
  const results = new Map<string, string>();
  const hear = ({ body }: Signal) => {
    const { success, data } = removedShape.safeParse(body);
    if (success) results.set(data[1], data[3]);
  };
  // A job may end before it is known which one it is, so what ends is kept from now on.
  const end = await bus.listen(
    { sender: SERVICE, path: MANAGER.path, interface: MANAGER.interface, member: 'JobRemoved' },
    hear,
  );
  let over: string | undefined;
  void bus.ended.then((reason) => {
    over = reason;
  });
  try {
    await bus.call({ ...MANAGER, member: 'Subscribe' }, z.any()).catch(unless('AlreadySubscribed'));
    const call = { ...MANAGER, member: VERBS[verb], signature: 'ss', body: [unit, 'replace'] };
    const [job] = await bus.call(call, z.tuple([z.string()]));
    const what = `systemctl ${verb} ${unit}`;
    return await untilFound(
      () => {
        if (over === undefined) return results.get(job);
        throw new IslandError('E_RETRY', `${what}: the system bus has ended meanwhile: ${over}`);
      },
      { ...options, what },
    );
  } finally {
    end();
  }
}
