import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { CommanderError } from 'commander';
import type { ServeFlags, ServeNamesFlags } from './cli/options.ts';
import { terminalOutput } from './cli/output.ts';
import { createProgram } from './cli/program.ts';
import type { Names } from './daemon/names.ts';
import type { ServicesOf } from './daemon/service.ts';
import { EXIT, IslandError } from './errors.ts';
import type { Host } from './host/host.ts';
import type { Supervisor } from './host/notify.ts';
import type { Log } from './model/log.ts';
import { printable } from './model/text.ts';
import { version } from './version.ts';

let interrupted = false;
/** A daemon stops by this instead, and leaves nothing half done. */
const stopping = new AbortController();
let isDaemon = false;
const { stdout, stderr, env } = process;

process.on('SIGINT', stop);
process.on('SIGTERM', stop);
// A reader that closes early ("island plan | head") ends us without a word.
stdout.on('error', () => process.exit());

/** Settles when the command is done; its exit status is in `process.exitCode`. */
export const done = main();

async function main(): Promise<void> {
  try {
    // Merely to name process.stdin opens it.
    const stdin = isatty(0) ? () => process.stdin : undefined;
    const out = terminalOutput({ stdin, stdout, stderr, plain: env['NO_COLOR'] !== undefined });
    const deps = { out, host, answerNo, interrupted: () => interrupted, serve, serveNames };
    await createProgram(deps, version).parseAsync();
  } catch (error) {
    process.exitCode = statusOf(error);
  }
}

async function host(): Promise<Host> {
  const { localHost } = await import('./host/local-host.ts');
  // The system's own directories too: sudo and cron often leave sbin out.
  const path = `${env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;
  // What is looked for there must also be started from there.
  env['PATH'] = path;
  const [, file = ''] = process.argv;
  return localHost({
    ...{ path, isRoot: process.getuid?.() === 0, program: [process.execPath, file] },
    isService: env['NOTIFY_SOCKET'] !== undefined,
    sshConnection: env['SSH_CONNECTION'],
  });
}

async function serve({ everyMs, json, ...options }: ServeFlags): Promise<void> {
  const [daemon, { hubServices }, { dnsServices }] = await Promise.all([
    import('./daemon/serve.ts'),
    import('./daemon/hub-service.ts'),
    import('./daemon/dns-service.ts'),
  ]);
  await runDaemon(json === true, async ({ machine, names, ...watched }) => {
    const services = [dnsServices(names), hubServices(options)];
    const servicesOf: ServicesOf = (kept) => services.flatMap((each) => each(kept));
    try {
      await daemon.serve(machine, { ...options, ...watched, everyMs, servicesOf });
    } finally {
      await names.close();
    }
  });
}

async function serveNames({ json, ...options }: ServeNamesFlags): Promise<void> {
  const daemon = await import('./daemon/serve-names.ts');
  await runDaemon(json === true, ({ machine, ...watched }) =>
    daemon.serveNames(machine, { ...options, ...watched }),
  );
}

/** What a daemon works with. */
interface Daemon {
  readonly machine: Host;
  readonly log: Log;
  /** A responder that has nothing to answer for yet. */
  readonly names: Names;
  readonly supervisor: Supervisor | undefined;
  readonly onReload: (reload: () => void) => void;
  readonly signal: AbortSignal;
}

async function runDaemon(json: boolean, run: (daemon: Daemon) => Promise<void>): Promise<void> {
  const [{ newNames }, { passedSockets }, { openLog }, { supervisorOf }] = await Promise.all([
    import('./daemon/names.ts'),
    import('./dns/sockets.ts'),
    import('./log.ts'),
    import('./host/notify.ts'),
  ]);
  const isTerminal = stdout.isTTY === true;
  const log = openLog({ stdout, readable: isTerminal && !json, journal: !json && isJournal() });
  isDaemon = true;
  try {
    const machine = await host();
    const { LISTEN_PID: pid, LISTEN_FDS: fds, LISTEN_FDNAMES: fdNames } = env;
    const passed = passedSockets({ pid, fds, names: fdNames }, process.pid);
    const names = newNames({ host: machine, log, passed, signal: stopping.signal });
    const supervisor = supervisorOf({ env, pid: process.pid, path: env['PATH'] ?? '' });
    await run({ machine, log, names, supervisor, onReload, signal: stopping.signal });
    await supervisor?.close();
  } finally {
    log.close();
  }
}

/** systemd names the file that standard output was at the start; it may have been redirected since. */
function isJournal(): boolean {
  const { dev, ino } = fstatSync(1);
  return env['JOURNAL_STREAM'] === `${dev}:${ino}`;
}

/** On a terminal SIGHUP says that it is gone, and ends the daemon. */
function onReload(reload: () => void): void {
  if (stdout.isTTY !== true) process.on('SIGHUP', reload);
}

function answerNo(): void {
  process.exitCode = 1;
}

/** The command in hand ends first, then the work is undone. A second signal does not wait. */
function stop(): void {
  if (interrupted) process.exit(EXIT.E_RETRY);
  interrupted = true;
  stopping.abort();
  if (isDaemon) return;
  stderr.write('island: stopping; again to stop at once and leave the work half done\n');
}

function statusOf(error: unknown): number {
  // With exitOverride() commander throws even for --help, and has already printed.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.E_USAGE;
  if (!(error instanceof IslandError)) {
    stderr.write(
      `island: a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return EXIT.E_BUG;
  }
  stderr.write(`${readable(`island: ${error.message}`)}\n`);
  if (error.hint !== undefined) stderr.write(`${readable(`hint: ${error.hint}`)}\n`);
  return error.exitCode;
}

/** Names from files and from the kernel may hold what commands a terminal; several problems are several lines. */
function readable(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
