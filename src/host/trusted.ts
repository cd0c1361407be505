import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { IslandError } from '../errors.ts';
import { shellWord } from '../model/text.ts';

/** As many symlinks as the kernel follows (MAXSYMLINKS). */
const MOST_LINKS = 40;
const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Throws E_CONFIG unless nobody but root and the caller can choose what `path` holds. `opened` is what was opened
 * by that name: the file must be theirs alone to write, and so must every folder on the way, from / on, through
 * each symlink as well, since who may write a folder may put another file in its place. False when somebody did so
 * after it was opened: it has to be opened again.
 */
export function isTrusted(path: string, opened: Stats): boolean {
  const owners = new Set([0, process.getuid?.() ?? 0, lstatSync('/').uid]);
  const mistrust = (at: string, stats: Stats) => {
    const fault = faultOf(at, stats, owners);
    if (fault === undefined) return;
    const subject = at === path ? path : `${path}: ${at}`;
    throw new IslandError('E_CONFIG', `${subject}: ${fault.message}`, { hint: fault.hint });
  };
  // Not resolved: the kernel goes through a symlink before it takes the ".." behind it.
  const found = walk(path.startsWith('/') ? path : `${process.cwd()}/${path}`, mistrust);
  return found.dev === opened.dev && found.ino === opened.ino;
}

/** Shows every folder, symlink and at last the file that the kernel meets on the way to `path`. */
function walk(path: string, visit: (path: string, stats: Stats) => void): Stats {
  const ahead = path.split('/');
  let here = '/';
  let links = 0;
  let stats = lstatSync(here);
  visit(here, stats);
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    const next = join(here, name);
    stats = lstatSync(next);
    // What a folder above this one is like has been seen; what stands beside it has not.
    if (next !== here) visit(next, stats);
    if (!stats.isSymbolicLink()) {
      here = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw new IslandError('E_CONFIG', `${path}: too many symlinks`);
    const target = readlinkSync(next);
    ahead.unshift(...target.split('/'));
    here = target.startsWith('/') ? '/' : dirname(next);
  }
  return stats;
}

/** In a sticky folder such as /tmp only the owner of a file may replace it. A symlink has no mode of its own. */
function faultOf(path: string, stats: Stats, owners: ReadonlySet<number>) {
  const word = shellWord(path);
  const isWritable = !stats.isSymbolicLink() && (stats.mode & GROUP_OR_OTHERS_WRITE) !== 0;
  if (isWritable && !(stats.isDirectory() && (stats.mode & STICKY) !== 0)) {
    const mode = (stats.mode & 0o7777).toString(8);
    return { message: `others may write it (mode ${mode})`, hint: `chmod go-w ${word}` };
  }
  if (owners.has(stats.uid)) return undefined;
  const hint = stats.isDirectory()
    ? "keep the file in /etc/island, or in another folder that is root's"
    : `chown ${stats.isSymbolicLink() ? '-h ' : ''}root ${word}`;
  return { message: `it belongs to somebody else (uid ${stats.uid})`, hint };
}
