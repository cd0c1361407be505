import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Networkd } from '../plan/observed.ts';

/** Where it reads its settings, the foremost first (networkd.conf(5)). */
const FOLDERS = ['etc', 'run', 'usr/local/lib', 'usr/lib'].map((folder) => `${folder}/systemd`);
const SETTINGS = ['ManageForeignRoutes', 'ManageForeignRoutingPolicyRules'] as const;

/** What systemd-networkd may take away here; undefined where it has not run since the host started. */
export function readNetworkd(root = '/'): Networkd | undefined {
  if (!existsSync(join(root, 'run/systemd/netif/state'))) return undefined;
  const text = settingFiles(root).map(readText).join('\n');
  return { takes: SETTINGS.filter((setting) => !isOff(text, setting)) };
}

/** Of these links, those that systemd-networkd configures: what it says of their DNS is all that may be said. */
export function managedLinks(indexes: () => ReadonlyMap<string, number>, root = '/'): readonly string[] {
  const folder = join(root, 'run/systemd/netif/links');
  if (!existsSync(folder)) return [];
  return [...indexes()]
    .filter(([, index]) => {
      const state = /^ADMIN_STATE=(\S+)$/m.exec(readText(join(folder, String(index))))?.[1];
      return state !== undefined && !['pending', 'initialized', 'unmanaged'].includes(state);
    })
    .map(([link]) => link);
}

/** The main file, then the pieces by their names; of two with one name the foremost folder's counts. */
function settingFiles(root: string): string[] {
  const folders = FOLDERS.map((folder) => join(root, folder));
  const [main = []] = folders
    .map((folder) => join(folder, 'networkd.conf'))
    .filter((file) => existsSync(file))
    .map((file) => [file]);
  const pieces = folders
    .toReversed()
    .flatMap((folder) => filesIn(join(folder, 'networkd.conf.d')))
    .map(([name, path]): [string, string] => [name, path]);
  const byName = [...new Map(pieces)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [...main, ...byName.map(([, path]) => path)];
}

function filesIn(folder: string): [name: string, path: string][] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.conf'));
    return names.map((name) => [name, join(folder, name)]);
  } catch {
    return [];
  }
}

/** The last word counts. */
function isOff(text: string, setting: string): boolean {
  const said = [...text.matchAll(new RegExp(`^[ \\t]*${setting}[ \\t]*=[ \\t]*(\\S*)`, 'gm'))];
  return /^(?:no|n|false|f|off|0)$/i.test(said.at(-1)?.[1] ?? '');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
