import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IslandError } from '../errors.ts';
import { isIslandName } from '../model/names.ts';
import { codeOf, reasonOf } from './errno.ts';
import type { Store, StoredFile } from './host.ts';
import { type FileTerms, readTrusted } from './read.ts';

const STATE_DIR = '/var/lib/island';
const RUN_DIR = '/run/island';
/** What a join found has a line for each part of the largest island, many times over; the rest has some lines. */
const MOST_BYTES: Readonly<Partial<Record<StoredFile, number>>> = {
  before: 1 << 28,
  config: 16_000_000,
  // A lease takes some 300 bytes, with many ranges some 2000.
  workers: 1 << 26,
};
const MOST_BYTES_OF_OTHERS = 1_000_000;
/** For root alone: what a join found, and the secrets of a hub and of a worker. */
const PRIVATE: readonly StoredFile[] = ['before', 'workers', 'lease'];
/** Outlives the kernel. */
const KEPT: readonly StoredFile[] = ['joined', 'workers', 'config', 'lease'];

export function joinedIslands(): Promise<readonly string[]> {
  return islandsWith('joined');
}

export function pendingIslands(): Promise<readonly string[]> {
  return islandsWith('confirm');
}

/** What `island` keeps on disk on this host. */
export function storeOf(island: string): Store {
  const pathOf = (name: StoredFile) => {
    const file = name === 'config' ? `${island}.yaml` : `${name}.json`;
    return join(folderOf(name), island, file);
  };
  const readNow = (name: StoredFile) =>
    readText(pathOf(name), {
      mostBytes: MOST_BYTES[name] ?? MOST_BYTES_OF_OTHERS,
      hint:
        name === 'workers' ? `put a copy of ${pathOf(name)} back` : `remove ${pathOf(name)}, and join again`,
    });
  return {
    read: async (name) => readNow(name),
    readNow,
    stamp: (name) => stampOf(pathOf(name)),
    write: (name, text) => replaceFile(pathOf(name), text, PRIVATE.includes(name) ? 0o600 : 0o644),
    remove: (name) => removeFile(pathOf(name)),
  };
}

function folderOf(name: StoredFile): string {
  return KEPT.includes(name) ? STATE_DIR : RUN_DIR;
}

/** Where the file of an island that this host joined with a token is kept. */
export function storedConfigPath(island: string): string {
  return join(STATE_DIR, island, `${island}.yaml`);
}

/** Names of the islands that this host joined with a token. */
export function islandsByToken(): readonly string[] {
  return listOrNone(STATE_DIR).filter((name) => isIslandName(name) && existsSync(storedConfigPath(name)));
}

/** Anybody may ask, also who may not look. */
function listOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Names of folders that could not be an island's are somebody else's. */
async function islandsWith(name: StoredFile): Promise<readonly string[]> {
  const islands = (await list(folderOf(name))).filter(isIslandName);
  const texts = await Promise.all(islands.map((island) => storeOf(island).read(name)));
  return islands.filter((_, index) => texts[index] !== undefined).toSorted();
}

/**
 * Old or new, never half: a temporary file in the same folder, synced, then renamed over it. Most are for
 * everybody to read: status and plan are not only root's, and there is no secret in these.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await makeFolders(dirname(path));
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    await removeIfEmpty(dirname(path)).catch(() => undefined);
    throw new IslandError('E_APPLY', `${path}: cannot write: ${reasonOf(cause)}`, {
      hint: `check the space and the mount of ${dirname(path)} with "df" and "findmnt"`,
      cause,
    });
  }
}

/** One by one: of a read-only disk, mkdir with `recursive` says ENOENT. */
async function makeFolders(folder: string): Promise<void> {
  for (const each of [dirname(folder), folder]) {
    await mkdir(each, 0o755).catch((cause) => {
      if (codeOf(cause) !== 'EEXIST') throw cause;
    });
  }
}

/** Only then does the new name survive a power failure. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** With what a killed write may have left beside it, and with its folder if that is empty then. */
async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    await rm(temporaryOf(path), { force: true });
    await removeIfEmpty(dirname(path));
  } catch (cause) {
    throw new IslandError('E_APPLY', `${path}: cannot remove: ${reasonOf(cause)}`, {
      hint: `check the mount of ${dirname(path)} with "findmnt", and run the command again`,
      cause,
    });
  }
}

function temporaryOf(path: string): string {
  return `${path}.new`;
}

function stampOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
}

function readText(path: string, terms: Omit<FileTerms, 'code'>): string | undefined {
  try {
    return readTrusted(path, { code: 'E_APPLY', ...terms });
  } catch (cause) {
    if (cause instanceof IslandError) throw cause;
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
    throw new IslandError('E_PERMISSION', `${path}: cannot read: ${reasonOf(cause)}`, {
      hint: 'run as root',
      cause,
    });
  }
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw new IslandError('E_PERMISSION', `${directory}: cannot read: ${reasonOf(cause)}`, { cause });
  }
}

/** Looks first: a read-only disk refuses to remove what is not there, or not empty, as well. */
async function removeIfEmpty(directory: string): Promise<void> {
  try {
    if ((await readdir(directory)).length === 0) await rmdir(directory);
  } catch (cause) {
    if (!['ENOTEMPTY', 'ENOENT', 'EEXIST'].includes(codeOf(cause))) throw cause;
  }
}
