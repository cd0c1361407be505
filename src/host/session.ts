import { readFileSync } from 'node:fs';
import { parseSession, type Session } from '../model/session.ts';

const VARIABLE = 'SSH_CONNECTION=';

/**
 * The SSH session of this process: `own` is its SSH_CONNECTION. sudo takes that out of the environment, so
 * without it the parents are asked, nearest first; theirs only root, or whoever owns them, may read.
 */
export function findSession(own: string | undefined, ppid = process.ppid): Session | undefined {
  if (own !== undefined) return parseSession(own);
  for (let pid = ppid; pid > 1; pid = parentOf(pid)) {
    const entry = readText(`/proc/${pid}/environ`)
      .split('\0')
      .find((each) => each.startsWith(VARIABLE));
    if (entry !== undefined) return parseSession(entry.slice(VARIABLE.length));
  }
  return undefined;
}

/** 0, which ends the walk, for a process that has just gone. */
function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
