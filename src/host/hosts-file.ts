import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { chown, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IslandError } from '../errors.ts';
import { blockFault, HOSTS_FILE, withBlock } from '../model/hosts-file.ts';
import type { NameEffect } from '../plan/name-text.ts';
import type { HostsFile } from '../plan/observed.ts';
import { codeOf, reasonOf } from './errno.ts';

/** The file as it is; undefined where there is none, or it cannot be read. */
export function observeHostsFile(path = HOSTS_FILE): HostsFile | undefined {
  try {
    const fixed = whyFixed(path, lstatSync(path));
    return { text: readFileSync(path, 'latin1'), ...(fixed !== undefined && { fixed }) };
  } catch {
    return undefined;
  }
}

/** Who keeps the file elsewhere would not find it there any more, and a container's is a mount. */
function whyFixed(path: string, stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return `a symlink to ${readlinkSync(path)}`;
  if (!stats.isFile()) return 'not a file';
  return isMountPoint(path) ? 'a mount of its own, as in a container' : undefined;
}

function isMountPoint(path: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  return mounts.some((line) => line.split(' ')[4] === path);
}

/**
 * Replaces the lines of one island: old or new, never half, with the file's owner and mode. It is read again, since
 * somebody may have written to it after it was looked at.
 */
export async function writeHostsBlock(
  { action, block }: NameEffect & { readonly tool: 'hosts' },
  path = HOSTS_FILE,
): Promise<void> {
  const { text, fixed } = observeHostsFile(path) ?? { text: '' };
  const fault = blockFault(text, block.island);
  if (fault !== undefined) throw refused(path, `line ${fault.line}: ${fault.message}`);
  if (fixed !== undefined) throw refused(path, `is ${fixed}`);
  const next = withBlock(text, block.island, action === 'remove' ? undefined : block.lines);
  if (next !== text) await replace(path, next);
}

function refused(path: string, reason: string): IslandError {
  return new IslandError('E_APPLY', `${path}: ${reason}`, {
    hint: 'run "island plan", which says what to do about it',
  });
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.island`;
  try {
    const old = lstatSync(path, { throwIfNoEntry: false });
    // What a killed run left there may be a symlink by now.
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text, 'latin1');
      const { uid, gid } = await file.stat();
      // In the sandbox of the units there is no chown.
      if (old !== undefined && (old.uid !== uid || old.gid !== gid)) await chown(temporary, old.uid, old.gid);
      await file.chmod(old === undefined ? 0o644 : old.mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const folder = dirname(path);
    throw new IslandError('E_APPLY', `${path}: cannot write: ${reasonOf(cause)}`, {
      hint:
        codeOf(cause) === 'EPERM'
          ? `see "lsattr ${path}"; or write "dns: { client: auto }" in the file`
          : `check the space and the mount of ${folder} with "df" and "findmnt"`,
      cause,
    });
  }
}
