import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** E_PERMISSION for a command that changes the kernel and is not run by root. */
export function requireRoot(host: Host, command: string, does = 'changes'): void {
  if (host.isRoot) return;
  throw new IslandError(
    'E_PERMISSION',
    `island ${command} ${does} links, routes and nftables, which only root may`,
    {
      hint: `sudo island ${command}`,
    },
  );
}
