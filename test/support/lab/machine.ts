import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { firstLine, type Namespace, type NamespaceOptions, runIn } from './namespace.ts';

/** What a host that runs systemd keeps from one boot to the next; the rest of it is the machine's own files. */
export interface Disk {
  readonly path: string;
  remove(): Promise<void>;
}

/** A disk on which nothing was written yet. */
export async function newDisk(): Promise<Disk> {
  const path = await mkdtemp(join(tmpdir(), `island-disk-${process.pid}-`));
  for (const folder of ['upper', 'work', 'root']) await mkdir(join(path, folder));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Puts the built island where a host finds it, as `make install` would. Its clone is not seen by units with PrivateTmp. */
export async function installIsland({ path }: Disk): Promise<void> {
  const local = join(path, 'upper/usr/local');
  await cp(DIST, join(local, 'lib/island'), { recursive: true });
  await mkdir(join(local, 'bin'), { recursive: true });
  await symlink('../lib/island/main.cjs', join(local, 'bin/island'));
}

/** Writes a file that is there when the host boots. */
export async function writeToDisk({ path }: Disk, name: string, content: string): Promise<void> {
  const file = join(path, 'upper', name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** Namespaces in which systemd is process 1, or will be as soon as it is told. */
export interface Machine extends Namespace {
  /** Starts systemd and resolves when it has done what a boot does, whether or not all units came up. */
  boot(): Promise<void>;
  /** Resolves when the machine has ended by itself, after `systemctl reboot` or `poweroff`. */
  readonly ended: Promise<unknown>;
}

/**
 * Units that want hardware, or the machine's own clock and disks. The overlay's own folder of what is enabled is
 * emptied beside, so that nothing starts because it does on this machine.
 */
const MASKED = [
  ...['systemd-udevd', 'systemd-udev-trigger', 'systemd-modules-load', 'systemd-sysctl', 'systemd-binfmt'],
  ...[
    'systemd-logind',
    'systemd-hwdb-update',
    'systemd-pstore',
    'systemd-update-utmp',
    'ldconfig',
    'apparmor',
  ],
  ...[
    'systemd-update-utmp-runlevel',
    'systemd-firstboot',
    'systemd-random-seed',
    'systemd-machine-id-commit',
  ],
].map((name) => `${name}.service`);
const MASKED_OTHERS = [
  ...['getty.target', 'timers.target', 'remote-fs.target', 'cryptsetup.target', 'swap.target'],
  ...['systemd-udevd-control.socket', 'systemd-udevd-kernel.socket', 'systemd-initctl.socket'],
  ...['dev-hugepages.mount', 'dev-mqueue.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount'],
  ...['sys-kernel-config.mount', 'sys-fs-fuse-connections.mount', 'proc-sys-fs-binfmt_misc.automount'],
];

/**
 * Process 1 before it is systemd. It says its process number as the machine counts, and waits on descriptor 3 for
 * the word to boot, since the links come from outside. systemd wants cgroup2 at the usual place, whether
 * or not it is there on the machine, and `container` so that it leaves the hardware alone.
 */
const FIRST_PROCESS = `
set -e
read -r pid rest </proc/self/stat
disk=$1 project=$2 masked=$4
echo "$3" >/proc/sys/kernel/hostname
shift 4
for sysctl; do echo "\${sysctl#*=}" >"/proc/sys/\${sysctl%%=*}"; done
root=$disk/root
mount -t overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" overlay "$root"
units=$root/etc/systemd/system
if ! [ -e "$disk/booted" ]; then
  rm -rf "$units"/*.wants "$units"/*.requires "$root"/var/log/journal
  mkdir -p "$units"
  for unit in $masked; do ln -sfn /dev/null "$units/$unit"; done
  hostname >"$root/etc/hostname"
  rm -f "$root/.dockerenv"
  : >"$disk/booted"
fi
if ! [ "$root$project" -ef "$project" ]; then mkdir -p "$root$project" && mount --bind "$project" "$root$project"; fi
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sys "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty net/tun; do
  [ -e "/dev/$device" ] || continue
  mkdir -p "$(dirname "$root/dev/$device")"
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir -p "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for each in 0:stdin 1:stdout 2:stderr; do ln -s "fd/\${each%:*}" "$root/dev/\${each#*:}"; done
: >"$disk/console"
: >"$root/dev/console"
mount --bind "$disk/console" "$root/dev/console"
mount -t tmpfs -o mode=755 run "$root/run"
cd "$root"
mkdir -p .old
pivot_root . .old
echo "$pid"
read -r word <&3
exec 3<&- </dev/null >/dev/console 2>&1
exec chroot . /bin/sh -c 'umount -l /.old
exec env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no'
`;

/**
 * Who holds the namespaces: it ends them when its standard input ends, so also when the test is killed with -9, and
 * takes their cgroup away, which has to be outside of what systemd sees as its own.
 */
const HOLDER = `
cgroup=$1
first=$2
shift 2
mkdir "$cgroup"
exec 4<&0
sh -c 'echo $$ >"$0/cgroup.procs"; exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child --propagation private sh -c "$@"' \\
  "$cgroup" "$first" lab-machine "$@" <&3 4<&- &
owner=$!
exec 3<&- >/dev/null 2>&1
(cat <&4 >/dev/null; kill -9 "$owner" 2>/dev/null) &
guard=$!
wait "$owner"
status=$?
kill "$guard" 2>/dev/null
for try in 1 2 3 4 5 6 7 8 9 10; do
  find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
  sleep 0.1
done
exit "$status"
`;

let machines = 0;

/** Opens the namespaces of a host whose files are on `disk`. */
export async function openMachine(
  name: string,
  { disk, sysctls }: Pick<NamespaceOptions, 'sysctls'> & { readonly disk: Disk },
): Promise<Machine> {
  machines += 1;
  const { stdout } = await succeeded(['findmnt', '-n', '-t', 'cgroup2', '-o', 'TARGET']);
  const cgroup = join(stdout.split('\n')[0] ?? '', `island-lab-${process.pid}-${machines}`);
  const values = Object.entries(sysctls).map(([path, value]) => `${path}=${value}`);
  const masked = [...MASKED, ...MASKED_OTHERS].join(' ');
  const words = [disk.path, PROJECT.replace(/\/$/, ''), name, masked, ...values];
  const holder = spawn('sh', ['-c', HOLDER, 'lab-holder', cgroup, descriptorThree(FIRST_PROCESS), ...words], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const ended = once(holder, 'exit');
  const pid = Number(await firstLine(holder, name));
  const toFirst = holder.stdio[3];
  if (toFirst === null || toFirst === undefined || !('write' in toFirst)) throw new Error('no descriptor 3');
  for (const stream of [holder.stdin, toFirst]) stream.on('error', () => undefined);
  return {
    name,
    pid,
    ended,
    async boot() {
      toFirst.end('boot\n');
      await untilBooted(pid, disk);
    },
    async close() {
      if (holder.exitCode !== null || holder.signalCode !== null) return;
      holder.stdin.end();
      await ended;
    },
  };
}

/** The holder gives it the pipe as standard input. */
function descriptorThree(script: string): string {
  return `exec 3<&0 </dev/null\n${script}`;
}

const BOOT_DEADLINE_MS = 90_000;

async function untilBooted(pid: number, disk: Disk): Promise<void> {
  const deadline = performance.now() + BOOT_DEADLINE_MS;
  for (;;) {
    const { stdout } = await runIn(pid, ['systemctl', 'is-system-running', '--wait'], {
      timeoutMs: BOOT_DEADLINE_MS,
    });
    const state = stdout.trim();
    if (state === 'running' || state === 'degraded') return;
    if (performance.now() > deadline) throw new Error(`${disk.path}: systemd is ${state}`);
    await delay(50);
  }
}

async function succeeded(argv: readonly string[]) {
  const outcome = await runIn(process.pid, argv, { onlyNetwork: true });
  if (outcome.code !== 0) throw new Error(`${argv.join(' ')}: ${outcome.stderr}`);
  return outcome;
}
