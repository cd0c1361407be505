import { readlinkSync } from 'node:fs';

/** A namespace of a process, such as `net`; undefined for who may not look. */
export function spaceOf(process: string, space: string): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/${space}`);
  } catch {
    return undefined;
  }
}

/** Whether the services of the machine, as far as can be seen, are in the network that this process is in. */
export function isNetworkOfFirst(): boolean {
  const first = spaceOf('1', 'net');
  return first === undefined || first === spaceOf('self', 'net');
}
