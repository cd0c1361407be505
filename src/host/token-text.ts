import { IslandError } from '../errors.ts';
import { reasonOf } from './errno.ts';
import { readTrusted } from './read.ts';

const FILE = 'file:';
/** A token is one short line. */
const MOST_BYTES = 4096;

/** The token that `source` names: itself, `-` for standard input, or `file:PATH`, with which `ps` does not show it. */
export async function tokenText(source: string): Promise<string> {
  if (source === '-') return firstLine(await readInput());
  if (!source.startsWith(FILE)) return source;
  const path = source.slice(FILE.length);
  const hint = 'write the token that "island token create" printed into it';
  try {
    return firstLine(readTrusted(path, { code: 'E_USAGE', hint, mostBytes: MOST_BYTES }));
  } catch (cause) {
    if (cause instanceof IslandError) throw cause;
    throw new IslandError('E_USAGE', `${path}: cannot read: ${reasonOf(cause)}`, { hint, cause });
  }
}

async function readInput(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MOST_BYTES) break;
  }
  return text;
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.trim() ?? '';
}
