import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IslandError } from '../errors.ts';
import type { ConfigFile, Store, StoredFile } from './host.ts';

const CONFIG_DIR = '/etc/island';
const STATE_DIR = '/var/lib/island';
const RUN_DIR = '/run/island';

/** The file at `path`, or every `*.yaml` of /etc/island. */
export async function readConfigFiles(path?: string): Promise<readonly ConfigFile[]> {
  if (path !== undefined) return [{ path, text: await readConfig(path) }];
  const names = (await list(CONFIG_DIR)).filter((name) => name.endsWith('.yaml')).toSorted();
  const paths = names.map((name) => join(CONFIG_DIR, name));
  return Promise.all(paths.map(async (file) => ({ path: file, text: await readConfig(file) })));
}

export async function joinedIslands(): Promise<readonly string[]> {
  const names = await list(STATE_DIR);
  const joined = await Promise.all(names.map((name) => storeOf(name).read('joined')));
  return names.filter((_, index) => joined[index] !== undefined).toSorted();
}

/** What `island` keeps on disk on this host. */
export function storeOf(island: string): Store {
  const pathOf = (name: StoredFile) => join(name === 'sysctls' ? RUN_DIR : STATE_DIR, island, `${name}.json`);
  return {
    read: (name) => readText(pathOf(name)),
    write: (name, text) => replaceFile(pathOf(name), text),
    remove: async (name) => {
      await rm(pathOf(name), { force: true });
      await removeIfEmpty(dirname(pathOf(name)));
    },
  };
}

/** Old or new, never half: a temporary file in the same folder, synced, then renamed over it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    // For everybody to read: status and plan are not only root's, and there is no secret in these.
    const file = await open(temporary, 'w', 0o644);
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
    throw new IslandError('E_APPLY', `${path}: cannot write: ${reasonOf(cause)}`, {
      hint: `check the space and the mount of ${dirname(path)} with "df" and "findmnt"`,
      cause,
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

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new IslandError('E_CONFIG', `${path}: cannot read: ${reasonOf(cause)}`, {
      hint: 'name the file with -c, or write one with "island init"',
      cause,
    });
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
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

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (cause) {
    if (!['ENOTEMPTY', 'ENOENT', 'EEXIST'].includes(codeOf(cause))) throw cause;
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** `ENOSPC`, `EROFS`, …: what an operator searches for. */
function reasonOf(cause: unknown): string {
  return codeOf(cause) || String(cause);
}
