import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type ErrorCode, IslandError } from '../errors.ts';
import { isTrusted } from './trusted.ts';

export interface FileTerms {
  /** The code of the error for what is no file, or too long. */
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hint: string;
  readonly mostBytes: number;
}

/** A hub's register is replaced a hundred times a second while workers join. */
const MOST_TRIES = 20;

/**
 * The text of a file that only root and the caller can have written. What is looked at is what is read, whatever
 * happens to the name meanwhile. Throws the error of the system when it cannot be opened.
 */
export function readTrusted(path: string, terms: FileTerms): string {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const text = readOnce(path, terms);
    if (text !== undefined) return text;
  }
  throw new IslandError(terms.code, `${path}: it was replaced while it was read`, { hint: 'try again' });
}

/** Undefined when it was replaced after it had been opened. */
function readOnce(path: string, { code, hint, mostBytes }: FileTerms): string | undefined {
  // A FIFO that nobody writes to would else be waited for without end.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) {
      throw new IslandError(code, `${path}: not a file: a folder, a pipe or a device`, { hint });
    }
    if (!isTrusted(path, stats)) return undefined;
    if (stats.size > mostBytes) {
      throw new IslandError(code, `${path}: too long: ${stats.size} bytes`, { hint });
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
