import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { CommanderError } from 'commander';
import type { ServeFlags } from './cli/options.ts';
import { terminalOutput } from './cli/output.ts';
import { createProgram } from './cli/program.ts';
import { EXIT, IslandError } from './errors.ts';
import type { Host } from './host/host.ts';
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
    const deps = { out, host, answerNo, interrupted: () => interrupted, serve };
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
  const [daemon, { hubServices }, { openLog }, { supervisorOf }] = await Promise.all([
    import('./daemon/serve.ts'),
    import('./daemon/hub-service.ts'),
    import('./log.ts'),
    import('./host/notify.ts'),
  ]);
  const isTerminal = stdout.isTTY === true;
  const log = openLog({
    stdout,
    readable: isTerminal && json !== true,
    journal: json !== true && isJournal(),
  });
  isDaemon = true;
  try {
    const servicesOf = hubServices(options);
    const machine = await host();
    const supervisor = supervisorOf({ env, pid: process.pid, path: env['PATH'] ?? '' });
    const watched = { supervisor, onReload, signal: stopping.signal };
    await daemon.serve(machine, { ...options, ...watched, everyMs, log, servicesOf });
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
