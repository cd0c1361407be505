import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BOOT_MODULES, INIT } from './init.ts';

/** What qemu boots. */
export interface Kernel {
  readonly version: string;
  readonly image: string;
  readonly initramfs: string;
}

const MODULES = '/lib/modules';

/** The newest stock kernel of this machine and an initramfs for it, kept for the next time. */
export function findKernel(): Kernel {
  const version = readdirSync(MODULES)
    .filter((name) => existsSync(imageOf(name)) && !/-(rt|cloud)-/.test(name))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (version === undefined)
    throw new Error('no kernel in /boot with modules: apt-get install linux-image-amd64');
  return { version, image: imageOf(version), initramfs: initramfsFor(version) };
}

function imageOf(version: string): string {
  return `/boot/vmlinuz-${version}`;
}

function initramfsFor(version: string): string {
  const hash = createHash('sha256').update(INIT).digest('hex').slice(0, 12);
  const file = join(tmpdir(), `island-guest-${version}-${hash}.gz`);
  if (existsSync(file)) return file;
  const tree = mkdtempSync(join(tmpdir(), 'island-initramfs-'));
  try {
    plant(tree, version);
    const pack = 'find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 >"$1"';
    const packed = `${tree}.gz`;
    execFileSync('sh', ['-c', pack, 'pack', packed], { cwd: tree });
    renameSync(packed, file);
  } finally {
    rmSync(tree, { recursive: true });
  }
  return file;
}

function plant(tree: string, version: string): void {
  for (const folder of ['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'upper', 'root']) {
    mkdirSync(join(tree, folder));
  }
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  copyFileSync(busybox, join(tree, 'bin/busybox'));
  for (const applet of ['sh', 'mount', 'insmod', 'mkdir', 'switch_root', 'reboot']) {
    symlinkSync('busybox', join(tree, 'bin', applet));
  }
  const wanted = new Set(BOOT_MODULES.map((name) => `${name}.ko`));
  const all = readdirSync(join(MODULES, version, 'kernel'), { recursive: true, encoding: 'utf8' });
  for (const path of all.filter((each) => wanted.has(basename(each)))) {
    copyFileSync(join(MODULES, version, 'kernel', path), join(tree, 'modules', basename(path)));
  }
  writeFileSync(join(tree, 'init'), INIT, { mode: 0o755 });
}
