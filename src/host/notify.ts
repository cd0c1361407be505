import { run } from './exec.ts';
import { isInstalled } from './require.ts';

/** Who has started this process and waits for word of it: systemd, where the unit is of Type=notify. */
export interface Supervisor {
  /** How long it takes this process for alive after a word of it; undefined where it does not ask. */
  readonly patienceMs: number | undefined;
  /** Says it after all that was to be said before, such as `READY=1` and `STATUS=…` (sd_notify(3)). */
  tell(...words: readonly string[]): void;
  /** Resolves when all is said. */
  close(): Promise<void>;
}

export interface SupervisorOptions {
  /** Of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Where programs are looked for: the PATH. */
  readonly path: string;
}

/** Undefined where nobody waits for word, or there is nobody to carry it: Node has no datagram sockets of unix. */
export function supervisorOf({ env, pid, path }: SupervisorOptions): Supervisor | undefined {
  if (!env['NOTIFY_SOCKET'] || !isInstalled('systemd-notify', path)) return undefined;
  let said = Promise.resolve();
  return {
    patienceMs: patienceOf(env, pid),
    tell: (...words) => {
      // One after the other, for the last word counts; and who does not listen is not worth an error.
      said = said.then(() => run('systemd-notify', words)).then(nothing, nothing);
    },
    close: () => said,
  };
}

function patienceOf(env: SupervisorOptions['env'], pid: number): number | undefined {
  const usec = Number(env['WATCHDOG_USEC']);
  const isForUs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
  return isForUs && usec > 0 ? usec / 1000 : undefined;
}

function nothing(): void {}
