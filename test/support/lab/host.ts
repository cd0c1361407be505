import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AgentLink, startAgent } from './agent-link.ts';
import { type Namespace, type Outcome, type RunOptions, runIn, signalInside, startIn } from './namespace.ts';
import type { HostPlan } from './network.ts';

/** A host of the lab. Whatever is started in it ends with the lab. */
export interface LabHost {
  readonly name: string;
  readonly plan: HostPlan;
  /** The first process of its namespaces, for `nsenter --target`. */
  readonly pid: number;
  /** Runs a program to its end and returns how it ended. */
  exec(argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Runs a program that has to succeed and returns its standard output. */
  run(argv: readonly string[], options?: RunOptions): Promise<string>;
  /** Runs lines of `ip -batch`. */
  ip(lines: readonly string[]): Promise<void>;
  /** Starts a program that goes on running, such as a daemon or tcpdump. */
  start(argv: readonly string[], options?: RunOptions): LabProcess;
  /** The host's own file; /proc/sys of another network namespace cannot be read this way, use `exec`. */
  readFile(path: string): Promise<string>;
  /** Writes a file of the host's own (below /etc, /var/lib or /run) and the folders to it. */
  writeFile(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** The host's agent, started when first asked for; it answers on AGENT_PORT from then on. */
  agent(): Promise<AgentLink>;
}

/** A program that runs on a host. */
export interface LabProcess {
  /** What it has printed so far, standard output and standard error as they came. */
  output(): string;
  readonly exited: Promise<number>;
  signal(name: NodeJS.Signals): void;
  /** Resolves once the output matches; rejects with the output when it ends or the deadline passes. */
  outputMatching(pattern: RegExp, deadlineMs?: number): Promise<string>;
}

/** A handle on the host that lives in the namespace. */
export function hostIn(namespace: Namespace, plan: HostPlan): LabHost {
  const { name, pid } = namespace;
  const exec = (argv: readonly string[], options?: RunOptions) => runIn(pid, argv, options);
  const run = async (argv: readonly string[], options?: RunOptions) => {
    const { code, stdout, stderr } = await exec(argv, options);
    if (code !== 0) throw new Error(`${name}: ${argv.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  const fileOf = (path: string) => `/proc/${pid}/root${path}`;
  let agent: Promise<AgentLink> | undefined;
  return {
    name,
    plan,
    pid,
    exec,
    run,
    async ip(lines) {
      await run(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    },
    start: (argv, options) => startProcess(pid, argv, options),
    readFile: (path) => readFile(fileOf(path), 'utf8'),
    async writeFile(path, content, mode = 0o644) {
      await mkdir(dirname(fileOf(path)), { recursive: true });
      await writeFile(fileOf(path), content, { mode });
    },
    agent() {
      agent ??= startAgent(pid, name);
      return agent;
    },
  };
}

function startProcess(pid: number, argv: readonly string[], options?: RunOptions): LabProcess {
  const child = startIn(pid, argv, options);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
  }
  child.stdin.on('error', () => undefined).end(options?.input ?? '');
  let ended = false;
  const exited = once(child, 'close').then(([code]) => {
    ended = true;
    return Number(code ?? 128);
  });
  return {
    output: () => text,
    exited,
    signal: (name) => signalInside(child, name),
    async outputMatching(pattern, deadlineMs = 10_000) {
      const deadline = performance.now() + deadlineMs;
      while (!pattern.test(text)) {
        const late = performance.now() > deadline;
        if (late || ended) {
          throw new Error(`${argv.join(' ')}: ${ended ? 'ended' : 'ran'} without ${pattern}:\n${text}`);
        }
        await delay(20);
      }
      return text;
    },
  };
}
