import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Namespaces of one host, alive as long as somebody holds the standard input of their first process. */
export interface Namespace {
  readonly name: string;
  /** The first process of the namespaces, as the caller numbers processes. */
  readonly pid: number;
  /** Ends every process inside and with them the namespaces; does nothing the second time. */
  close(): Promise<void>;
}

/** What a namespace is born with. */
export interface NamespaceOptions {
  /** Values by path below /proc/sys, written before there is any link but lo. */
  readonly sysctls: Readonly<Record<string, string | number>>;
  /** Whether /etc, /var/lib, /run and /sys are the host's own; a switch does without. */
  readonly ownFiles: boolean;
}

/**
 * The first process of a host. It needs nothing that outlives it: the upper layers are in a tmpfs, nobody
 * gave the namespaces a name, and the end of its standard input (also when its owner is killed) ends it and,
 * since it is process 1 of a pid namespace, everything inside. The shell waits so that orphans are reaped.
 */
const FIRST_PROCESS = `
set -e
read -r pid rest </proc/self/stat
exec 3<&0
echo "$1" >/proc/sys/kernel/hostname
own_files=$2
shift 2
for sysctl; do echo "\${sysctl#*=}" >"/proc/sys/\${sysctl%%=*}"; done
if [ "$own_files" = true ]; then
  mount -t tmpfs -o mode=755 lab-run /run
  mkdir -p /run/.lab/etc /run/.lab/etc.work /run/.lab/lib /run/.lab/lib.work
  printf '%s\\n' \\
    'lab-proc /proc proc defaults 0 0' \\
    'lab-sys /sys sysfs defaults 0 0' \\
    'lab-etc /etc overlay lowerdir=/etc,upperdir=/run/.lab/etc,workdir=/run/.lab/etc.work 0 0' \\
    'lab-lib /var/lib overlay lowerdir=/var/lib,upperdir=/run/.lab/lib,workdir=/run/.lab/lib.work 0 0' \\
    >/run/.lab/fstab
  mount -a -T /run/.lab/fstab
fi
echo "$pid"
cat <&3 >/dev/null &
wait
`;

/** Opens net, mount, uts and pid namespaces and returns once they are ready. */
export async function openNamespace(name: string, options: NamespaceOptions): Promise<Namespace> {
  const sysctls = Object.entries(options.sysctls).map(([path, value]) => `${path}=${value}`);
  const isolate = [
    '--net',
    '--mount',
    '--uts',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  const script = ['sh', '-c', FIRST_PROCESS, 'lab-host', name, String(options.ownFiles), ...sysctls];
  const owner = spawn('unshare', [...isolate, ...script], { stdio: 'pipe' });
  const pid = await firstLine(owner, name);
  owner.stdin.on('error', () => undefined);
  return {
    name,
    pid: Number(pid),
    async close() {
      if (owner.exitCode !== null || owner.signalCode !== null) return;
      const ended = once(owner, 'exit');
      owner.stdin.end();
      await ended;
    },
  };
}

/** The first line that a program prints; rejects with its complaint when it ends before. */
export async function firstLine(owner: Speaker, name: string): Promise<string> {
  let complaint = '';
  owner.stderr.on('data', (text) => {
    complaint += text;
  });
  for await (const line of createInterface(owner.stdout)) return line;
  throw new Error(`namespace of ${name} did not open: ${complaint.trim()}`);
}

interface Speaker {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** What a program left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** How a program is run; its environment is that of the test unless `env` adds to it. */
export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** When it is killed with everything it started; 30 s unless given. */
  readonly timeoutMs?: number;
  /** Enter only the network namespace and keep the machine's files and processes. */
  readonly onlyNetwork?: boolean;
}

/** Starts a program inside; it ends with the namespaces at the latest. */
export function startIn(pid: number, argv: readonly string[], options: RunOptions = {}) {
  const all = ['--net', '--mount', '--uts', '--pid', '--root', '--wd'];
  const spaces = options.onlyNetwork ? ['--net'] : all;
  // `env` rather than spawn's own option: adding to the environment must not mean reading it here.
  const env = Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`);
  const program = env.length > 0 ? ['env', ...env, ...argv] : argv;
  return spawn('nsenter', ['--target', String(pid), ...spaces, '--', ...program], { stdio: 'pipe' });
}

/** Runs a program inside to its end. Rejects only when it could not be started or took too long. */
export async function runIn(
  pid: number,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const started = performance.now();
  const child = startIn(pid, argv, options);
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk) => {
      text[stream] += chunk;
    });
  }
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  let late = false;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const timer = setTimeout(() => {
    late = true;
    signalInside(child, 'SIGKILL');
  }, timeoutMs);
  const [code, signal] = await once(child, 'close').finally(() => clearTimeout(timer));
  if (late) throw new Error(`${argv.join(' ')}: no end after ${timeoutMs} ms\n${text.stdout}${text.stderr}`);
  return { code: code ?? (signal ? 128 : 1), ...text, ms: performance.now() - started };
}

/** Signals the program itself: nsenter forks to enter a pid namespace and passes nothing on. */
export function signalInside(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of [...childrenOf(child.pid), child.pid]) {
    if (pid === child.pid && signal !== 'SIGKILL') continue;
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
