import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What qemu boots. */
export interface Kernel {
  readonly version: string;
  readonly image: string;
  readonly initramfs: string;
}

/** What the initramfs does, and the modules that it takes, in the order in which they have to be loaded. */
export interface Boot {
  readonly init: string;
  readonly modules: readonly string[];
}

const MODULES = '/lib/modules';

/** The newest stock kernel of this machine and an initramfs for it, kept for the next time. */
export function findKernel(boot: Boot): Kernel {
  const version = readdirSync(MODULES)
    .filter((name) => existsSync(packedImageOf(name)) && !/-(rt|cloud)-/.test(name))
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (version === undefined)
    throw new Error('no kernel in /boot with modules: apt-get install linux-image-amd64');
  return { version, image: imageOf(version), initramfs: initramfsFor(version, boot) };
}

function packedImageOf(version: string): string {
  return `/boot/vmlinuz-${version}`;
}

const XZ = Buffer.from('fd377a585a00', 'hex');

/** The kernel as Debian packs it is unpacked here, in a second: an emulated processor takes five, at every boot. */
function imageOf(version: string): string {
  const packed = readFileSync(packedImageOf(version));
  const payload = payloadOf(packed);
  if (!payload.subarray(0, XZ.length).equals(XZ)) return packedImageOf(version);
  const hash = createHash('sha256').update(packed).digest('hex').slice(0, 12);
  const file = join(tmpdir(), `island-guest-${version}-${hash}.vmlinux`);
  if (existsSync(file)) return file;
  // Behind what is packed stands how long it is when it is not.
  const xz = { input: payload.subarray(0, -4), maxBuffer: payload.readUInt32LE(payload.length - 4) };
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, execFileSync('xz', ['-dc'], xz));
  renameSync(unfinished, file);
  return file;
}

/** Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length. */
function payloadOf(image: Buffer): Buffer {
  const start = (image.readUInt8(0x1f1) + 1) * 512 + image.readUInt32LE(0x248);
  return image.subarray(start, start + image.readUInt32LE(0x24c));
}

function initramfsFor(version: string, boot: Boot): string {
  const hash = createHash('sha256').update(boot.init).digest('hex').slice(0, 12);
  const file = join(tmpdir(), `island-guest-${version}-${hash}.gz`);
  if (existsSync(file)) return file;
  const tree = mkdtempSync(join(tmpdir(), 'island-initramfs-'));
  try {
    plant(tree, version, boot);
    const pack = 'find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 >"$1"';
    const packed = `${tree}.gz`;
    execFileSync('sh', ['-c', pack, 'pack', packed], { cwd: tree });
    renameSync(packed, file);
  } finally {
    rmSync(tree, { recursive: true });
  }
  return file;
}

function plant(tree: string, version: string, { init, modules }: Boot): void {
  for (const folder of ['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'upper', 'root']) {
    mkdirSync(join(tree, folder));
  }
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  copyFileSync(busybox, join(tree, 'bin/busybox'));
  for (const applet of ['sh', 'mount', 'insmod', 'mkdir', 'switch_root', 'reboot', 'rm', 'cat']) {
    symlinkSync('busybox', join(tree, 'bin', applet));
  }
  const wanted = new Set(modules.map((name) => `${name}.ko`));
  const all = readdirSync(join(MODULES, version, 'kernel'), { recursive: true, encoding: 'utf8' });
  for (const path of all.filter((each) => wanted.has(basename(each)))) {
    copyFileSync(join(MODULES, version, 'kernel', path), join(tree, 'modules', basename(path)));
  }
  writeFileSync(join(tree, 'init'), init, { mode: 0o755 });
}
