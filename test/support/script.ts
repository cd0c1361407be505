import { equal } from './assert.ts';
import { install, island, type Kinds, modelFile } from './island.ts';
import type { LabHost } from './lab/host.ts';
import type { Outcome } from './lab/namespace.ts';

const SCRIPT = '/run/island-r2lab';
const PATH = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin';

/** The model network with names, which are lines in /etc/hosts where there is no systemd-resolved. */
const fileOf = (kind: Exclude<Kinds, 'mixed'>) => `dns: { client: hosts }\n${modelFile(kind)}`;

/** Writes the script that island exports there, and the file that it is from, to the host. */
export async function exportTo(
  host: LabHost,
  kind: Exclude<Kinds, 'mixed'> = 'vxlan',
  file = fileOf(kind),
): Promise<void> {
  await install([host], file);
  const { code, stdout, stderr } = await island(host, 'export', 'script');
  equal(`${host.name} exports`, [code, stderr.replaceAll(/^note: .*\n/gm, '')], [0, '']);
  await host.writeFile(SCRIPT, stdout, 0o755);
}

/** Where there is no Node, and nothing of the environment; `stubs` is a folder with programs that behave otherwise. */
export function script(host: LabHost, verb: string, stubs?: string): Promise<Outcome> {
  const path = stubs === undefined ? PATH : PATH.replace('=', `=${stubs}:`);
  const away = 'mount --bind /dev/null "$0"; exec env -i "$1" sh "$2" "$3"';
  return host.exec(['unshare', '-m', 'sh', '-ec', away, process.execPath, path, SCRIPT, verb]);
}

/** The same, for what has to succeed and to say just that. */
export async function mustScript(host: LabHost, verb: string, says: string): Promise<void> {
  const { code, stdout, stderr } = await script(host, verb);
  equal(`${host.name} ${verb}`, [code, stdout, stderr], [0, `island-r2lab: ${says}\n`, '']);
}
