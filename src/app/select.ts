import { IslandError } from '../errors.ts';
import type { ConfigFile, Host } from '../host/host.ts';
import { portsClash } from '../model/addressing.ts';
import { formatSubnet, overlaps } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { isIslandName } from '../model/names.ts';

/** Which island a command is about: `-c FILE`, `-i NAME`, or the only one of /etc/island. */
export interface Selection {
  readonly island?: string | undefined;
  readonly config?: string | undefined;
}

/** The file of the island that is meant, and those of the other islands of this host. */
export interface Chosen {
  readonly file: ConfigFile;
  readonly others: readonly ConfigFile[];
}

/** The island that is meant, checked against the others of this host. Throws E_CONFIG and E_USAGE. */
export async function selectIsland(host: Host, selection: Selection): Promise<Island> {
  return loadChosen(await chooseFile(host, selection), selection);
}

export async function chooseFile(host: Host, { config, island }: Selection): Promise<Chosen> {
  const files = await host.configFiles(config);
  const file = config === undefined ? fileOf(files, island) : files[0];
  if (file === undefined) throw new IslandError('E_CONFIG', `${config}: cannot read`);
  return { file, others: files.filter((other) => other !== file) };
}

export async function loadChosen({ file, others }: Chosen, selection: Selection): Promise<Island> {
  // Only now, so that a command which reads the kernel has started to.
  const { loadIsland } = await import('../config/load.ts');
  const island = loadIsland(file.text, file.path);
  if (selection.island !== undefined && selection.island !== island.name) {
    throw new IslandError(
      'E_CONFIG',
      `${file.path}: the island in this file is "${island.name}", not "${selection.island}"`,
      { hint: `rename the file to ${island.name}.yaml, or correct "island:" in it` },
    );
  }
  await refuseNeighbours(island, others);
  return island;
}

/** Throws E_CONFIG when the island cannot live on one host with one of the others. */
export async function refuseNeighbours(island: Island, others: readonly ConfigFile[]): Promise<void> {
  const { loadIsland } = await import('../config/load.ts');
  for (const other of others.map((each) => loadedOrNone(loadIsland, each))) {
    if (other !== undefined) refuseNeighbour(island, other);
  }
}

/** The name, where no file vouches for it, and it becomes a path and an nft table. Throws E_USAGE. */
export function requireIslandName(island: string): string {
  if (isIslandName(island)) return island;
  throw new IslandError('E_USAGE', `not the name of an island: ${JSON.stringify(island)}`, {
    hint: 'write it as in the file, such as "-i r2lab"',
  });
}

/** The name of the island that a file should describe: `r2lab` for /etc/island/r2lab.yaml. */
export function nameOfFile({ path }: ConfigFile): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.yaml$/, '');
}

function fileOf(files: readonly ConfigFile[], name: string | undefined): ConfigFile {
  const names = files.map(nameOfFile);
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

interface Neighbour {
  readonly path: string;
  readonly island: Island;
}

/** Two islands on one host need numbers and inner addresses of their own. */
function refuseNeighbour({ name, port, subnet }: Island, { path, island: other }: Neighbour): void {
  if (overlaps(other.subnet, subnet)) {
    throw new IslandError('E_CONFIG', `subnet: ${formatSubnet(subnet)} of ${name} overlaps that of ${path}`, {
      hint: 'give one of them another "subnet:", and inner addresses in it, in its file on every host',
    });
  }
  if (portsClash(other.port, port)) {
    throw new IslandError('E_CONFIG', `port: ${port} of ${name} clashes with port ${other.port} of ${path}`, {
      hint: `give one of them another port, such as ${freePort(port)}, in its file on every host`,
    });
  }
}

type Load = (text: string, file: string) => Island;

/** A broken file of another island does not stop this one. */
function loadedOrNone(load: Load, { path, text }: ConfigFile): Neighbour | undefined {
  try {
    return { path, island: load(text, path) };
  } catch (error) {
    if (error instanceof IslandError) return undefined;
    throw error;
  }
}

function freePort(port: number): number {
  return port < 65_535 ? port + 1 : port - 1;
}
