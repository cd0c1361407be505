import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** E_PERMISSION for a command that changes the kernel and is not run by root. */
export function requireRoot(host: Host, command: string): void {
  if (host.isRoot) return;
  throw new IslandError(
    'E_PERMISSION',
    `island ${command} changes links, routes and nftables, which only root may`,
    {
      hint: `sudo island ${command}`,
    },
  );
}
