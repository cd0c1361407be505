import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemdFiles } from './systemd-files.ts';

/** What is put on the disk of a guest, by its path there. */
export interface DiskPlan {
  readonly files?: Readonly<Record<string, string>>;
  /** The same, to be executed. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Symbolic links, by their path, to what they show. */
  readonly links?: Readonly<Record<string, string>>;
  /** Copies of this machine's folders, by their path on the disk. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Folders that this machine has, too, of whose content the guest is to see nothing. */
  readonly emptied?: readonly string[];
}

/** A disk that keeps what guests write, as one after the other boots from it. */
export interface DiskImage {
  readonly path: string;
  readonly remove: () => void;
}

const SIZE = '256M';
/** Node is found there by a unit, wherever this machine has it. */
const NODE = '/usr/local/bin/node';

/** Makes a disk for a guest that boots systemd with nothing but udev, D-Bus, a journal, and what the plan says. */
export function makeDiskImage(plan: DiskPlan): DiskImage {
  const folder = mkdtempSync(join(tmpdir(), `island-disk-${process.pid}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, 'disk');
  try {
    const system = systemdFiles();
    const emptied = [...(system.emptied ?? []), ...(plan.emptied ?? [])];
    const tree = join(folder, 'tree');
    for (const each of emptied) mkdirSync(join(tree, 'data', each), { recursive: true });
    for (const each of [system, plan]) plant(join(tree, 'data'), each);
    execFileSync('mkfs.ext4', ['-q', '-d', tree, path, SIZE]);
    // An overlay shows nothing of what lies under such a folder. No file system of this machine has to allow it.
    const marks = emptied.map((each) => `ea_set /data${each} trusted.overlay.opaque y\n`).join('');
    execFileSync('debugfs', ['-w', '-f', '-', path], { input: marks, stdio: ['pipe', 'ignore', 'ignore'] });
    rmSync(tree, { recursive: true });
    return { path, remove };
  } catch (cause) {
    remove();
    throw cause;
  }
}

function plant(root: string, { files = {}, programs = {}, links = {}, folders = {} }: DiskPlan): void {
  const at = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const [path, source] of Object.entries(folders)) cpSync(source, at(path), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(at(path), text);
  for (const [path, text] of Object.entries(programs)) writeFileSync(at(path), text, { mode: 0o755 });
  const node = process.execPath === NODE ? {} : { [NODE]: process.execPath };
  for (const [path, target] of Object.entries({ ...node, ...links })) {
    rmSync(at(path), { force: true });
    symlinkSync(target, at(path));
  }
}
