import { accessSync, constants, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { IslandError } from '../errors.ts';
import type { Effect } from '../plan/effect.ts';

const PACKAGES: Readonly<Record<string, string>> = {
  ...{ ip: 'iproute2', bridge: 'iproute2', nft: 'nftables' },
  'iptables-legacy-restore': 'iptables',
};

/** Throws E_HOST_UNSUPPORTED when a program or a kernel module that the effects need is missing. */
export function requireFor(effects: readonly Effect[], path: string): void {
  const tools = new Set(effects.map(({ tool }) => tool).filter((tool) => tool in PACKAGES));
  for (const tool of ['ip', ...tools]) requireProgram(tool, path);
  const lines = effects.flatMap((effect) => (effect.tool === 'ip' ? effect.lines : []));
  if (lines.some((line) => / managed\b/.test(line))) requireManaged();
  for (const kind of ['ipip', 'vxlan']) {
    if (lines.some((line) => line.includes(` type ${kind} `))) requireModule(kind);
  }
}

/**
 * Managed neighbours are there since 5.16, the timer that a NAT with a short memory needs since 6.0; what was measured
 * is 6.1 (docs/decisions/0015).
 */
function requireManaged(): void {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major > 6 || (major === 6 && minor >= 1)) return;
  throw new IslandError(
    'E_HOST_UNSUPPORTED',
    `the kernel ${release()} is too old for a worker: before 6.1 it cannot keep the mapping of a NAT open by itself`,
    { hint: 'install a kernel from 6.1 on, such as that of Debian 12 or of Ubuntu 24.04' },
  );
}

export function requireProgram(name: string, path: string): void {
  if (isInstalled(name, path)) return;
  throw new IslandError('E_HOST_UNSUPPORTED', `the program ${name} is not installed`, {
    hint: `apt-get install ${PACKAGES[name] ?? name}`,
  });
}

/** Asked in place, before a program is started: the answer comes at once. */
export function isInstalled(name: string, path: string): boolean {
  return path.split(':').some((directory) => exists(join(directory, name), constants.X_OK));
}

/** A kernel that keeps no modules on disk (built in, or a guest's) is asked by making the link. */
function requireModule(name: string): void {
  const modules = `/lib/modules/${release()}`;
  if (exists(`/sys/module/${name}`) || !exists(modules)) return;
  const lists = ['modules.builtin', 'modules.dep'].map((file) => readList(join(modules, file)));
  if (lists.some((text) => text.includes(`/${name}.ko`))) return;
  throw new IslandError('E_HOST_UNSUPPORTED', `the kernel ${release()} has no module ${name}`, {
    hint:
      name === 'ipip' ? 'write "link: vxlan" in the file, on every host' : `install a kernel with ${name}`,
  });
}

function readList(path: string): string {
  return exists(path) ? readFileSync(path, 'utf8') : '';
}

function exists(path: string, mode = constants.F_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
