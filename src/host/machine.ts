import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Stands for this machine, as it is installed now, towards one island; undefined where it has no id. A hash, since
 * machine-id(5) asks not to show the id itself to a network.
 */
export function machineOf(island: string): string | undefined {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    // Empty or "uninitialized" in an image that has not booted yet.
    return /^[0-9a-f]{32}$/.test(id)
      ? createHmac('sha256', id).update(`island/${island}`).digest('hex')
      : undefined;
  } catch {
    return undefined;
  }
}
