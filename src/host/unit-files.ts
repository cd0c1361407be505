import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IslandError } from '../errors.ts';
import { islandOfSocket } from '../plan/socket-unit.ts';
import {
  folderOf,
  isWritten,
  pathOf,
  rootOf,
  type Term,
  UNIT_FOLDERS,
  type UnitFile,
  type UnitLink,
  type UnitsSeen,
  VENDOR_ROOTS,
  withProgram,
} from '../plan/units.ts';
import { codeOf, reasonOf } from './errno.ts';
import { run } from './exec.ts';
import { replaceFile } from './files.ts';
import { isInstalled } from './require.ts';

/** What of `UnitsSeen` the disks tell. */
export type UnitFilesSeen = Omit<UnitsSeen, 'up' | 'active' | 'failed' | 'isStale'>;

/** The files that systemd and its like read. */
export interface UnitFiles {
  see(): UnitFilesSeen;
  /** Whether systemd could have a unit of an island: no question for it where it has no file. */
  haveTemplate(): boolean;
  write(path: string, text: string): Promise<void>;
  /** With its folder, when that is empty then and was made for it. */
  remove(path: string): Promise<void>;
  /** What systemd-analyze finds wrong with these units; nothing where it is not installed. */
  faultsOf(units: readonly string[]): Promise<readonly string[]>;
}

export interface UnitFilesOptions {
  /** The PATH. */
  readonly path: string;
  /** Node and the file, as they were started. */
  readonly program: readonly [file: string, ...args: readonly string[]];
}

const TERMS: readonly Term[] = ['persistent', 'runtime'];
const TEMPLATE = 'island@.service';

export function unitFiles({ path, program }: UnitFilesOptions): UnitFiles {
  return {
    see: () => see(program),
    haveTemplate: () =>
      [...TERMS.map((term) => pathOf(TEMPLATE, term)), ...vendorPaths(TEMPLATE)].some((file) =>
        existsSync(file),
      ),
    write: (file, text) => replaceFile(file, text, 0o644),
    remove,
    faultsOf: (units) => faultsOf(units, { path, ours: ownPaths(see(program)) }),
  };
}

function see(program: UnitFilesOptions['program']): UnitFilesSeen {
  const shipped = shippedFiles(program);
  const present = TERMS.flatMap((term) => UNIT_FOLDERS.flatMap((folder) => filesIn(term, folder)));
  const own = new Set(shipped.flatMap(({ name }) => TERMS.map((term) => pathOf(name, term))));
  return {
    shipped,
    packaged: new Set(shipped.filter(isPackaged).map(({ name }) => name)),
    written: new Map(present.filter(([, text]) => isWritten(text))),
    foreign: new Set(
      present
        .filter(([path, text]) => (own.has(path) || islandOfSocket(path) !== undefined) && !isWritten(text))
        .map(([path]) => path),
    ),
    folders: new Set(UNIT_FOLDERS.filter((folder) => existsSync(join('/etc', folder.split('/')[0] ?? '')))),
    links: TERMS.flatMap(linksOf),
  };
}

/** Beside the program; where a package has put them elsewhere, systemd has them already. */
function shippedFiles(program: UnitFilesOptions['program']): readonly UnitFile[] {
  const [node, file = ''] = program;
  const real = realOf(file);
  if (real === undefined) return [];
  const folder = join(dirname(real), 'units');
  const words = isFoundBySystemd(real) ? undefined : [node, real];
  return namesIn(folder).map((name) => ({
    name,
    text: withProgram(readFileSync(join(folder, name), 'utf8'), words),
  }));
}

/** Where systemd looks for a program that is named without a path (systemd-path search-binaries-default). */
const SEARCHED = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];

function isFoundBySystemd(program: string): boolean {
  const found = SEARCHED.map((folder) => join(folder, 'island')).find((file) => existsSync(file));
  return found !== undefined && realOf(found) === program;
}

function isPackaged({ name, text }: UnitFile): boolean {
  return vendorPaths(name).some((path) => textOf(path) === text);
}

function vendorPaths(name: string): readonly string[] {
  return VENDOR_ROOTS.map((root) => `${root}/${folderOf(name)}/${name}`);
}

function filesIn(term: Term, folder: string): [path: string, text: string][] {
  const place = join(rootOf(term), folder);
  return namesIn(place).flatMap((name) => {
    const text = name.includes('island') ? textOf(join(place, name)) : undefined;
    return text === undefined ? [] : [[join(place, name), text]];
  });
}

/** What `systemctl enable` makes. */
function linksOf(term: Term): readonly UnitLink[] {
  const root = join(rootOf(term), folderOf(TEMPLATE));
  const folders = namesIn(root).filter((name) => /\.(?:wants|requires)$/.test(name));
  const names = folders.flatMap((folder) => namesIn(join(root, folder)));
  const units = names.filter((name) => /^islandd?@.+\.service$/.test(name));
  return [...new Set(units)].map((unit) => ({ unit, term }));
}

/** Made where there is none. Never the others: that systemd runs is told by /run/systemd/system. */
const MADE = ['/run/systemd/network', '/run/NetworkManager/conf.d'];

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    const folder = dirname(path);
    const isMade = MADE.includes(folder) || folder.endsWith('.d');
    if (isMade && existsSync(folder) && (await readdir(folder)).length === 0) await rmdir(folder);
  } catch (cause) {
    throw new IslandError('E_APPLY', `${path}: cannot remove: ${reasonOf(cause)}`, {
      hint: `check the mount of ${dirname(path)} with "findmnt", and run the command again`,
      cause,
    });
  }
}

/** Where there are the very bytes that this version of island has. */
function ownPaths({ shipped, packaged, written }: UnitFilesSeen): readonly string[] {
  const vendors = shipped.filter(({ name }) => packaged.has(name)).flatMap(({ name }) => vendorPaths(name));
  return [...written.keys(), ...vendors];
}

interface Judge {
  readonly path: string;
  readonly ours: readonly string[];
}

/**
 * systemd itself goes by a unit with a misspelt key. What is said of units that these ones want is not theirs, so
 * only lines with their names count; and of lines in our own files an older systemd may know less than we do.
 */
async function faultsOf(units: readonly string[], { path, ours }: Judge): Promise<readonly string[]> {
  if (!isInstalled('systemd-analyze', path)) return [];
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units]);
  const names = units.flatMap((unit) => [unit, unit.replace(/@.*\./, '@.')]);
  return stderr
    .split('\n')
    .filter((line) => names.some((name) => line.includes(name)))
    .filter((line) => !ours.some((file) => line.startsWith(`${file}:`)));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return [];
    throw new IslandError('E_PERMISSION', `${folder}: cannot read: ${reasonOf(cause)}`, { cause });
  }
}

/** The link to /dev/null of a masked unit is an empty file. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
