import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IslandError } from '../errors.ts';
import { codeOf, reasonOf } from './errno.ts';
import { islandsByToken, storedConfigPath } from './files.ts';
import type { ConfigFile } from './host.ts';
import { readTrusted } from './read.ts';

/** Where the operator's files are. */
export const CONFIG_DIR = '/etc/island';

/** Four for each of the characters that the parser takes. */
const MOST_BYTES = 16_000_000;

/**
 * The file at `path`, or every `*.yaml` of /etc/island. E_CONFIG for what is no file, and for what somebody other
 * than root and the caller could have written: it says where this host's packets go. That holds for the commands
 * that only read as well, or `plan` would show what `join` then refuses.
 */
export function readConfigFiles(path?: string): readonly ConfigFile[] {
  const paths = path === undefined ? [...configPaths(), ...storedPaths()] : [path];
  return paths.map((file) => ({ path: file, text: readConfig(file) }));
}

function configPaths(): readonly string[] {
  try {
    const names = readdirSync(CONFIG_DIR).filter((name) => name.endsWith('.yaml'));
    return names.toSorted().map((name) => join(CONFIG_DIR, name));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw new IslandError('E_PERMISSION', `${CONFIG_DIR}: cannot read: ${reasonOf(cause)}`, { cause });
  }
}

/** The islands that this host joined with a token, as the hub has their files; one of the operator's own goes first. */
function storedPaths(): readonly string[] {
  return islandsByToken()
    .filter((name) => !existsSync(join(CONFIG_DIR, `${name}.yaml`)))
    .map(storedConfigPath);
}

function readConfig(path: string): string {
  try {
    const hint = 'name a file of YAML with -c, or write one with "island init"';
    return readTrusted(path, { code: 'E_CONFIG', hint, mostBytes: MOST_BYTES });
  } catch (cause) {
    if (cause instanceof IslandError) throw cause;
    throw new IslandError('E_CONFIG', `${path}: cannot read: ${reasonOf(cause)}`, {
      hint: 'name the file with -c, or write one with "island init"',
      cause,
    });
  }
}
