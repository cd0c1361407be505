import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type ErrorCode, IslandError } from '../errors.ts';
import { requireTrusted } from './trusted.ts';

export interface FileTerms {
  /** The code of the error for what is no file, or too long. */
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hint: string;
  readonly mostBytes: number;
}

/**
 * The text of a file that only root and the caller can have written. Opened once: what is looked at is what is
 * read, whatever happens to the name meanwhile. Throws the error of the system when it cannot be opened.
 */
export function readTrusted(path: string, { code, hint, mostBytes }: FileTerms): string {
  // A FIFO that nobody writes to would else be waited for without end.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) {
      throw new IslandError(code, `${path}: not a file: a folder, a pipe or a device`, { hint });
    }
    requireTrusted(path, stats);
    if (stats.size > mostBytes) {
      throw new IslandError(code, `${path}: too long: ${stats.size} bytes`, { hint });
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
