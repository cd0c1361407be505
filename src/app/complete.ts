import { loadIsland } from '../config/load.ts';
import type { Host } from '../host/host.ts';
import { endsOf } from '../model/island.ts';
import type { Selection } from './select.ts';

/** Names of the configured islands, or of the hosts of one; none where something is wrong. */
export async function completions(
  host: Host,
  what: string,
  selection: Selection,
): Promise<readonly string[]> {
  try {
    const files = await host.configFiles(selection.config);
    const islands = files.map(({ text, path }) => loadIsland(text, path));
    if (what === 'islands') return islands.map(({ name }) => name);
    return islands
      .filter(({ name }) => selection.island === undefined || name === selection.island)
      .flatMap((island) => [...endsOf(island), ...island.hosts].map(({ name }) => name));
  } catch {
    return [];
  }
}
