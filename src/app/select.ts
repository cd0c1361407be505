import { loadIsland } from '../config/load.ts';
import { IslandError } from '../errors.ts';
import type { ConfigFile, Host } from '../host/host.ts';
import { portsClash } from '../model/addressing.ts';
import { formatSubnet, overlaps } from '../model/ip.ts';
import type { Island } from '../model/island.ts';

/** Which island a command is about: `-c FILE`, `-i NAME`, or the only one of /etc/island. */
export interface Selection {
  readonly island?: string | undefined;
  readonly config?: string | undefined;
}

/** The island that is meant, checked against the others of this host. Throws E_CONFIG and E_USAGE. */
export async function selectIsland(host: Host, selection: Selection): Promise<Island> {
  const files = await host.configFiles(selection.config);
  const file = selection.config === undefined ? chosen(files, selection.island) : files[0];
  if (file === undefined) throw new IslandError('E_CONFIG', `${selection.config}: cannot read`);
  const island = loadIsland(file.text, file.path);
  if (selection.island !== undefined && selection.island !== island.name) {
    throw new IslandError(
      'E_CONFIG',
      `${file.path}: the island in this file is "${island.name}", not "${selection.island}"`,
      {
        hint: `rename the file to ${island.name}.yaml, or correct "island:" in it`,
      },
    );
  }
  refuseNeighbours(
    island,
    files.filter((other) => other !== file),
  );
  return island;
}

function chosen(files: readonly ConfigFile[], name: string | undefined): ConfigFile {
  const names = files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1, -'.yaml'.length));
  const listed = names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`;
  if (name !== undefined) {
    const file = files[names.indexOf(name)];
    if (file !== undefined) return file;
    throw new IslandError('E_CONFIG', `/etc/island/${name}.yaml: no such file; ${listed}`, {
      hint: 'copy it from another host of the island, or write one with "island init"',
    });
  }
  const [file, ...more] = files;
  if (file === undefined) {
    throw new IslandError('E_CONFIG', 'no island is configured: /etc/island has no .yaml file', {
      hint: 'copy the file from another host of the island, write one with "island init", or name it with -c',
    });
  }
  if (more.length > 0) {
    throw new IslandError('E_USAGE', `several islands are configured here: ${names.join(', ')}`, {
      hint: `say which with -i, such as "-i ${names[0]}"`,
    });
  }
  return file;
}

/** Two islands on one host need numbers of their own. A broken file of the other does not stop this one. */
function refuseNeighbours(island: Island, others: readonly ConfigFile[]): void {
  for (const { path, text } of others) {
    const other = loadedOrNone(text, path);
    if (other === undefined) continue;
    if (overlaps(other.subnet, island.subnet)) throw sameSubnet(island, path);
    if (!portsClash(other.port, island.port)) continue;
    throw new IslandError(
      'E_CONFIG',
      `port: ${island.port} of ${island.name} clashes with port ${other.port} of ${path}`,
      {
        hint: `give one of them another port, such as ${freePort(island.port)}, in its file on every host`,
      },
    );
  }
}

function sameSubnet({ name, subnet }: Island, path: string): IslandError {
  return new IslandError('E_CONFIG', `subnet: ${formatSubnet(subnet)} of ${name} overlaps that of ${path}`, {
    hint: 'give one of them another "subnet:", and inner addresses in it, in its file on every host',
  });
}

function loadedOrNone(text: string, path: string): Island | undefined {
  try {
    return loadIsland(text, path);
  } catch (error) {
    if (error instanceof IslandError) return undefined;
    throw error;
  }
}

function freePort(port: number): number {
  return port < 65_535 ? port + 1 : port - 1;
}
