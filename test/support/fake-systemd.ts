import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { IslandError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import type { JobVerb, Systemd, UnitState } from '../../src/host/systemd.ts';
import { folderOf, isWritten, pathOf, type Term, type UnitFile } from '../../src/plan/units.ts';

/** Something goes wrong at one of what systemd and the disk are asked to do, counted from 0. */
export interface UnitFault {
  readonly at: number;
  /** An answer that is lost leaves it done. */
  readonly when: 'before' | 'after';
}

/** A systemd in memory: it keeps files, links and states, and goes by what it read at the last reload. */
export interface FakeSystemd {
  readonly host: Host;
  readonly files: Map<string, string>;
  readonly links: Set<string>;
  readonly active: Map<string, string>;
  /** The text by which each socket that is open was opened. */
  readonly opened: Map<string, string>;
  /** What was asked of it, as `start island@r2lab.service`. */
  readonly asked: string[];
  fault: UnitFault | undefined;
  /** As a reboot: what is below /run is gone, what is enabled starts. */
  reboot(): Promise<void>;
}

const SHIPPED: readonly UnitFile[] = [
  { name: 'island@.service', text: '[Service]\nExecStart=island join -i %i\nExecStop=island leave -i %i\n' },
  { name: 'islandd@.service', text: '[Service]\nExecStart=island serve -i %i\n' },
  { name: '70-island.link', text: '[Match]\nOriginalName=isl*\n' },
];
const TERMS: readonly Term[] = ['persistent', 'runtime'];

/** The machine with such a systemd as process 1. */
export function fakeSystemd(machine: Host): FakeSystemd {
  const files = new Map<string, string>();
  const links = new Set<string>();
  const active = new Map<string, string>();
  const opened = new Map<string, string>();
  const asked: string[] = [];
  /** The text by which a unit is run; of a unit that was read and is not there any more, none. */
  const loaded = new Map<string, string | undefined>();
  let count = 0;
  /** Units are in nobody's session. */
  const own: Host = { ...machine, session: () => undefined };

  const spend = async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    const { at, when } = fake.fault ?? {};
    count = fake.fault === undefined ? 0 : count + 1;
    const isHit = at === count - 1;
    const lost = new IslandError('E_RETRY', `${what}: the bus has ended`);
    if (isHit && when === 'before') throw lost;
    asked.push(what);
    const result = await work();
    if (isHit) throw lost;
    return result;
  };
  const textOf = (unit: string) => {
    const names = [unit, unit.replace(/@.+\./, '@.')];
    const paths = TERMS.flatMap((term) => names.map((name) => pathOf(name, term)));
    const text = paths.map((path) => files.get(path)).find((known) => known !== undefined);
    const dropIns = [...files].filter(([path]) => path.includes(`/${unit}.d/`)).map(([, more]) => more);
    return text === undefined ? undefined : [text, ...dropIns].join('');
  };
  const reload = () => {
    for (const unit of new Set([...loaded.keys(), ...active.keys()])) loaded.set(unit, textOf(unit));
  };
  const knows = (unit: string) => {
    if (!loaded.has(unit)) loaded.set(unit, textOf(unit));
    return loaded.get(unit);
  };
  const start = async (unit: string) => {
    if (knows(unit) === undefined) throw new IslandError('E_APPLY', `Unit ${unit} not found.`);
    const island = /@(.+)\./.exec(unit)?.[1];
    const isJoin = unit.startsWith('island@');
    const work = isJoin && active.get(unit) !== 'active' ? join(own, { island }) : Promise.resolve();
    const ended = await work.then(
      () => 'active',
      () => 'failed',
    );
    // The daemon wants its socket, and one that has no file is no error; no socket is opened while it runs.
    const socket = socketOf(unit) ?? '';
    const text = knows(socket);
    if (active.get(unit) !== 'active' && active.get(socket) !== 'active' && text !== undefined) {
      active.set(socket, 'active');
      opened.set(socket, text);
    }
    active.set(unit, ended);
    return ended === 'active' ? 'done' : 'failed';
  };
  const stop = async (unit: string) => {
    const island = /@(.+)\./.exec(unit)?.[1];
    const stops = [...(knows(unit) ?? '').matchAll(/^ExecStop=(.*)$/gm)].map(([, command]) => command);
    if (stops.length > 0 && stops.at(-1) !== '' && active.get(unit) === 'active') {
      await leave(own, { island, keepLease: true });
    }
    active.set(unit, 'inactive');
    opened.delete(unit);
    return 'done';
  };
  /** A socket that nobody needs any more closes. */
  const act = async (verb: JobVerb, unit: string) => {
    if (verb === 'reload') return join(own, { island: /@(.+)\./.exec(unit)?.[1] }).then(() => 'done');
    if (verb !== 'start') await stop(unit);
    if (verb !== 'stop') return start(unit);
    const socket = socketOf(unit);
    return socket !== undefined && active.get(socket) === 'active' ? stop(socket) : 'done';
  };
  const systemd: Systemd = {
    way: 'bus',
    stateOf: (unit) => Promise.resolve(stateOf(unit)),
    reload: () => spend('daemon-reload', reload),
    enable: (units, term) =>
      spend(`enable ${term}`, () => forEach(units, (unit) => links.add(`${term} ${unit}`))),
    disable: (units, term) =>
      spend(`disable ${term}`, () => forEach(units, (unit) => links.delete(`${term} ${unit}`))),
    act: (verb, unit) => spend(`${verb} ${unit}`, () => act(verb, unit)),
    resetFailed: (unit) =>
      spend(`reset-failed ${unit}`, () => {
        if (active.get(unit) === 'failed') active.set(unit, 'inactive');
      }),
    close: () => undefined,
  };
  const stateOf = (unit: string): UnitState => {
    const text = knows(unit);
    const enabled = TERMS.find((term) => links.has(`${term} ${unit}`));
    return {
      ...{ unit, load: text === undefined ? 'not-found' : 'loaded', active: active.get(unit) ?? 'inactive' },
      ...{ sub: '', enabled: enabled ?? '', result: 'success', sinceMs: undefined, path: '' },
      isStale: text !== textOf(unit),
    };
  };
  const host: Host = {
    ...machine,
    systemd: () => Promise.resolve(systemd),
    unitFiles: {
      see: () => ({
        shipped: SHIPPED,
        packaged: new Set(),
        written: new Map([...files].filter(([, text]) => isWritten(text))),
        foreign: new Set([...files].filter(([, text]) => !isWritten(text)).map(([path]) => path)),
        folders: new Set(SHIPPED.map(({ name }) => folderOf(name))),
        links: [...links].map((link) => {
          const [term = '', unit = ''] = link.split(' ');
          return { unit, term: term as Term };
        }),
      }),
      haveTemplate: () => textOf('island@r2lab.service') !== undefined,
      write: (path, text) => spend(`write ${path}`, () => void files.set(path, text)),
      remove: (path) => spend(`rm ${path}`, () => void files.delete(path)),
      faultsOf: () => spend('verify', () => []),
    },
  };
  const fake: FakeSystemd = {
    ...{ host, files, links, active, opened, asked, fault: undefined },
    reboot: async () => {
      for (const path of [...files.keys()].filter((name) => name.startsWith('/run/'))) files.delete(path);
      for (const link of [...links].filter((name) => name.startsWith('runtime'))) links.delete(link);
      loaded.clear();
      active.clear();
      opened.clear();
      for (const link of [...links].toSorted()) await start(link.split(' ')[1] ?? '');
    },
  };
  return fake;
}

/** That of a daemon; undefined for all others. */
function socketOf(unit: string): string | undefined {
  return unit.startsWith('islandd@') && unit.endsWith('.service')
    ? unit.replace(/service$/, 'socket')
    : undefined;
}

function forEach(units: readonly string[], work: (unit: string) => unknown): void {
  for (const unit of units) work(unit);
}
