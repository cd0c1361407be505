import { access, constants, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { IslandError } from '../errors.ts';
import type { Effect } from '../plan/effect.ts';

const PACKAGES: Readonly<Record<string, string>> = { ip: 'iproute2', bridge: 'iproute2', nft: 'nftables' };

/** Rejects with E_HOST_UNSUPPORTED when a program or a kernel module that the effects need is missing. */
export async function requireFor(effects: readonly Effect[], path: string): Promise<void> {
  const tools = new Set(effects.map(({ tool }) => tool).filter((tool) => tool in PACKAGES));
  for (const tool of ['ip', ...tools]) await requireProgram(tool, path);
  const lines = effects.flatMap((effect) => (effect.tool === 'ip' ? effect.lines : []));
  for (const kind of ['ipip', 'vxlan']) {
    if (lines.some((line) => line.includes(` type ${kind} `))) await requireModule(kind);
  }
}

export async function requireProgram(name: string, path: string): Promise<void> {
  if (await isInstalled(name, path)) return;
  throw new IslandError('E_HOST_UNSUPPORTED', `the program ${name} is not installed`, {
    hint: `apt-get install ${PACKAGES[name] ?? name}`,
  });
}

export async function isInstalled(name: string, path: string): Promise<boolean> {
  for (const directory of path.split(':')) {
    if (await exists(join(directory, name), constants.X_OK)) return true;
  }
  return false;
}

/** A kernel that keeps no modules on disk (built in, or a guest's) is asked by making the link. */
async function requireModule(name: string): Promise<void> {
  const modules = `/lib/modules/${release()}`;
  if ((await exists(`/sys/module/${name}`)) || !(await exists(modules))) return;
  const lists = await Promise.all(
    ['modules.builtin', 'modules.dep'].map((file) => readList(join(modules, file))),
  );
  if (lists.some((text) => text.includes(`/${name}.ko`))) return;
  throw new IslandError('E_HOST_UNSUPPORTED', `the kernel ${release()} has no module ${name}`, {
    hint:
      name === 'ipip' ? 'write "link: vxlan" in the file, on every host' : `install a kernel with ${name}`,
  });
}

async function readList(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}

function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
