import { loadIsland } from '../config/load.ts';
import type { Host } from '../host/host.ts';
import { readRegister } from '../hub/register-store.ts';
import { endsOf } from '../model/island.ts';
import type { Selection } from './select.ts';

/** Names of the configured islands, of the hosts of one, or of what its hub has handed out; none where something is wrong. */
export async function completions(
  host: Host,
  what: string,
  selection: Selection,
): Promise<readonly string[]> {
  try {
    const files = await host.configFiles(selection.config);
    const islands = files.map(({ text, path }) => loadIsland(text, path));
    if (what === 'islands') return islands.map(({ name }) => name);
    const meant = islands.filter(({ name }) => selection.island === undefined || name === selection.island);
    const listed = meant.flatMap((island) => [...endsOf(island), ...island.hosts].map(({ name }) => name));
    if (what === 'hosts' && !host.isRoot) return listed;
    const registers = await Promise.all(meant.map(({ name }) => readRegister(host, name)));
    if (what === 'hosts') {
      return [...listed, ...registers.flatMap((register) => register?.leases ?? []).map(({ name }) => name)];
    }
    return registers.flatMap((register) => {
      if (register === undefined) return [];
      return what === 'tokens'
        ? register.tokens.map(({ id }) => id)
        : register.leases.map(({ name }) => name);
    });
  } catch {
    return [];
  }
}
