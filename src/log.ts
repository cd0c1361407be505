import { pino } from 'pino';
import type { Log } from './model/log.ts';
import { printable } from './model/text.ts';

export interface LogOptions {
  readonly stdout: NodeJS.WriteStream;
  /** Lines for people rather than JSON. */
  readonly readable: boolean;
  /** Whether standard output is the journal. */
  readonly journal?: boolean;
}

/** A log, and what writes out what is left of it. */
export interface OpenLog extends Log {
  close(): void;
}

/** What waits to be written to a reader that has stopped to read; what is beyond it is lost rather than kept. */
const MOST_BYTES = 1 << 20;

/** Writes to standard output: JSON lines, or on a terminal such as "12:00:01 warn  blind tool=nft". */
export function openLog({ stdout, readable, journal = false }: LogOptions): OpenLog {
  const options = {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  if (readable) {
    const log = pino(options, { write: (line: string) => void stdout.write(`${readableLine(line)}\n`) });
    return Object.assign(logTo(log), { close: () => undefined });
  }
  // Standard output, and not synchronously: a reader that does not read must not stop the daemon.
  const file = pino.destination({ dest: 1, sync: false, maxLength: MOST_BYTES });
  // A full disk or a reader that has gone: the daemon goes on without a log.
  file.on('error', () => undefined);
  const lines = { write: (line: string) => void file.write(`${journalLine(line)}\n`) };
  return Object.assign(logTo(pino(options, journal ? lines : file)), { close: () => flush(file) });
}

function logTo(log: Log): Log {
  return {
    info: (fields, text) => log.info(fields, text),
    warn: (fields, text) => log.warn(fields, text),
    error: (fields, text) => log.error(fields, text),
  };
}

function flush(file: { readonly flushSync: () => void }): void {
  try {
    file.flushSync();
  } catch {
    // There is nowhere to say it.
  }
}

/** Of syslog, which the journal takes from the front of a line (sd-daemon(3)): so `journalctl -p warning` finds it. */
const PRIORITIES: Readonly<Record<string, number>> = { error: 3, warn: 4, info: 6 };

/** The same for the journal, which has the time and takes the level off. */
export function journalLine(line: string): string {
  const { level, time: _, msg, ...fields } = JSON.parse(line);
  return `<${PRIORITIES[level] ?? 6}>${printable([msg, ...wordsOf(fields)].join(' '))}`;
}

/** A line of JSON as pino writes it, for people: the time of day, what it is about, and the fields. */
export function readableLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line);
  return printable([String(time).slice(11, 19), String(level).padEnd(5), msg, ...wordsOf(fields)].join(' '));
}

function wordsOf(fields: object): readonly string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${wordOf(value)}`);
}

function wordOf(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/+-]+$/.test(value) ? value : JSON.stringify(value);
}
