import type { Ipv4 } from '../model/ip.ts';
import { islandOfSocket, socketOf, socketText } from './socket-unit.ts';
import {
  folderOf,
  marked,
  pathOf,
  type Term,
  type UnitLink,
  type UnitStep,
  type UnitsSeen,
  unitsOf,
  writtenSocket,
} from './units.ts';

export interface EnableWish {
  readonly island: string;
  readonly term: Term;
  /** Start the units as well. */
  readonly now: boolean;
  /** The kernel is not as the file says. */
  readonly isDue: boolean;
  /** Where this host answers for names. */
  readonly listen: readonly Ipv4[];
}

/** Enabling comes last: what fails before that is not tried at every boot. None where all is so already. */
export function enableSteps(seen: UnitsSeen, wish: EnableWish): readonly UnitStep[] {
  const { island, term, now, isDue } = wish;
  const units = unitsOf(island);
  const socket = socketToEnable(seen, wish);
  const files = fileSteps(seen, {
    term: filesTerm([...linksOfOthers(seen, units), { term }], false),
    socket,
  });
  const has = (unit: string, wanted: Term) =>
    seen.links.some((link) => link.unit === unit && link.term === wanted);
  const other: Term = term === 'persistent' ? 'runtime' : 'persistent';
  const missing = units.filter((unit) => !has(unit, term));
  const extra = units.filter((unit) => has(unit, other));
  const [join] = units;
  const due = isDue && seen.active.has(join) ? [{ kind: 'reload', unit: join } as const] : [];
  const verified = socket.text === undefined ? units : [...units, socket.name];
  return [
    ...files,
    ...(files.length > 0 ? [{ kind: 'verify', units: verified } as const] : []),
    ...(files.length > 0 || seen.isStale ? [RELOAD] : []),
    ...(now ? [...due, ...startSteps(seen, units, socket)] : []),
    ...(missing.length > 0 ? [{ kind: 'enable', units, term } as const] : []),
    ...(extra.length > 0 ? [{ kind: 'disable', units, term: other } as const] : []),
    ...(missing.length + extra.length > 0 ? [RELOAD] : []),
  ];
}

/**
 * A daemon that runs takes no other sockets than those it was started with, and systemd opens none while it runs. One
 * that could not be opened is left: the daemon has found out who has the port, and waits for it.
 */
function startSteps(
  { up, active, failed, written }: UnitsSeen,
  units: ReturnType<typeof unitsOf>,
  { name, text }: SocketFile,
): readonly UnitStep[] {
  const [, daemon] = units;
  const isOther = up.has(name) && text !== writtenSocket(written, name);
  const isMissing = text !== undefined && !up.has(name) && !failed.has(name);
  return [
    ...(isOther ? [{ kind: 'stop', unit: name } as const] : []),
    ...units.filter((unit) => !active.has(unit)).map((unit) => ({ kind: 'start', unit }) as const),
    // It wants the socket, which is opened as soon as the old daemon has ended.
    ...(active.has(daemon) && (isOther || isMissing) ? [{ kind: 'restart', unit: daemon } as const] : []),
  ];
}

export interface DisableWish {
  readonly island: string;
  /** Stop the units as well. */
  readonly now: boolean;
}

/** Units that go on running keep their files until the next boot, or systemd would not know how to stop them. */
export function disableSteps(seen: UnitsSeen, { island, now }: DisableWish): readonly UnitStep[] {
  const links = unitsOf(island);
  const name = socketOf(island);
  const units = [...links, name];
  const stopped = now ? units.filter((unit) => seen.up.has(unit)).toReversed() : [];
  const isRunning = [...seen.up].some((unit) => !stopped.includes(unit));
  const socket = { name, ...socketToKeep(seen, name, now) };
  const files = fileSteps(seen, { term: filesTerm(linksOfOthers(seen, links), isRunning), socket });
  const unlinked = (['persistent', 'runtime'] as const).filter((term) =>
    seen.links.some((link) => links.includes(link.unit) && link.term === term),
  );
  const failed = units.filter((unit) => seen.failed.has(unit));
  return [
    ...stopped.map((unit) => ({ kind: 'stop', unit }) as const),
    ...unlinked.map((term) => ({ kind: 'disable', units: links, term }) as const),
    ...files,
    ...(unlinked.length + files.length > 0 ? [RELOAD] : []),
    ...failed.map((unit) => ({ kind: 'reset-failed', unit }) as const),
  ];
}

const RELOAD = { kind: 'daemon-reload' } as const;

function linksOfOthers({ links }: UnitsSeen, units: readonly string[]): readonly UnitLink[] {
  return links.filter(({ unit }) => !units.includes(unit));
}

/** How long the templates have to last, which all islands of a host share. */
function filesTerm(links: readonly Pick<UnitLink, 'term'>[], isRunning: boolean): Term | undefined {
  if (links.some(({ term }) => term === 'persistent')) return 'persistent';
  return links.length > 0 || isRunning ? 'runtime' : undefined;
}

/** The socket of one island as it is to be on the disk; no text where there is to be none. */
interface SocketFile {
  readonly name: string;
  readonly term: Term;
  readonly text: string | undefined;
}

function socketToEnable(seen: UnitsSeen, { island, term, now, listen }: EnableWish): SocketFile {
  const name = socketOf(island);
  const isForeign = seen.foreign.has(pathOf(name, 'persistent')) || seen.foreign.has(pathOf(name, term));
  if (isForeign) return { name, term, text: undefined };
  if (listen.length === 0) return { name, ...socketToKeep(seen, name, now) };
  return { name, term, text: marked(socketText(island, listen)) };
}

/** As with all units, what runs keeps its file until the next boot. */
function socketToKeep(seen: UnitsSeen, name: string, isEnded: boolean): Omit<SocketFile, 'name'> {
  const text = !isEnded && seen.up.has(name) ? writtenSocket(seen.written, name) : undefined;
  return { term: 'runtime', text };
}

interface FilesWish {
  /** How long the templates are to last. */
  readonly term: Term | undefined;
  readonly socket: SocketFile;
}

/** Writes before it removes: systemd is never without a unit that it has. The sockets of other islands stay. */
function fileSteps(seen: UnitsSeen, { term, socket }: FilesWish): readonly UnitStep[] {
  const own = socket.text === undefined ? [] : [[pathOf(socket.name, socket.term), socket.text] as const];
  const wanted = new Map([...(term === undefined ? [] : wantedFiles(seen, term)), ...own]);
  const writes = [...wanted]
    .filter(([path, text]) => seen.written.get(path) !== text)
    .map(([path, text]) => ({ kind: 'write', path, text }) as const);
  const isOthers = (path: string) => islandOfSocket(path) !== undefined && !path.endsWith(`/${socket.name}`);
  const removals = [...seen.written.keys()].filter((path) => !wanted.has(path) && !isOthers(path));
  return [...writes, ...removals.map((path) => ({ kind: 'remove', path }) as const)];
}

function wantedFiles({ shipped, packaged, foreign, folders }: UnitsSeen, term: Term): [string, string][] {
  return shipped
    .filter(({ name }) => !packaged.has(name) && folders.has(folderOf(name)))
    .filter(({ name }) => !foreign.has(pathOf(name, 'persistent')) && !foreign.has(pathOf(name, term)))
    .map(({ name, text }) => [pathOf(name, term), marked(text)]);
}
