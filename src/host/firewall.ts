import { readFileSync } from 'node:fs';
import { IslandError } from '../errors.ts';
import { type Firewall, isNftName } from '../plan/firewall.ts';
import { run } from './exec.ts';
import { hasFlags, parseFilterTables, parseFirewall, parseFlags, type TableName } from './firewall-json.ts';
import { parseLegacy } from './firewall-legacy.ts';
import { isInstalled } from './require.ts';

const LIST_CHAINS = ['-j', 'list', 'chains'] as const;

/** Every chain of nftables, as nft prints it; undefined where there is no nft. For root alone, who else may not read it. */
export function listChains(path: string): Promise<string | undefined> {
  return isInstalled('nft', path) ? outputOf('nft', LIST_CHAINS) : Promise.resolve(undefined);
}

/** The firewalls of this host that are not island's, by the chains there are. */
export async function observeFirewalls(path: string, chains: string | undefined): Promise<Firewall[]> {
  const [tables, legacy] = await Promise.all([observeTables(chains), observeLegacy(path)]);
  return [...tables, ...legacy];
}

/**
 * First which tables there are, then those that filter: a host with ten thousand services has a ruleset
 * that takes nft a second to list, nearly all of it in tables that translate. One process per table, since
 * nft 1.0.6 lists only the last of several.
 */
async function observeTables(chains: string | undefined): Promise<Firewall[]> {
  if (chains === undefined) return [];
  const firewalls = await Promise.all(parseFilterTables(chains).map(observeTable));
  return firewalls.filter((firewall) => firewall !== undefined);
}

/** None where it has gone since it was told of: a firewall that is being reloaded. */
async function observeTable(name: TableName): Promise<Firewall | undefined> {
  if (!isNftName(name.table)) return { tool: 'nft', ...name, access: 'unread', chains: [] };
  const words = ['-t', 'list', 'table', name.family, name.table];
  const args = ['-j', '-p', ...words];
  const result = await run('nft', args);
  if (result.exitCode === 0) {
    const flags = hasFlags(result.stdout) ? parseFlags((await run('nft', words)).stdout) : [];
    return parseFirewall(name, result.stdout, flags);
  }
  const left = parseFilterTables(await outputOf('nft', LIST_CHAINS));
  if (left.some(({ family, table }) => family === name.family && table === name.table)) {
    throw unread('nft', args, result.stderr);
  }
  return undefined;
}

/** Only where the table is loaded: asking for it would load it. */
async function observeLegacy(path: string): Promise<Firewall[]> {
  if (!loadedTables().includes('filter')) return [];
  if (!isInstalled('iptables-legacy-save', path)) {
    return [{ tool: 'iptables-legacy', family: 'ip', table: 'filter', access: 'unread', chains: [] }];
  }
  return [parseLegacy(await outputOf('iptables-legacy-save', ['-t', 'filter']))];
}

function loadedTables(): string[] {
  try {
    return readFileSync('/proc/net/ip_tables_names', 'utf8').split('\n');
  } catch {
    return [];
  }
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args);
  if (exitCode === 0) return stdout;
  throw unread(program, args, stderr);
}

function unread(program: string, args: readonly string[], stderr: string): IslandError {
  const [reason = ''] = stderr.split('\n');
  return new IslandError('E_RETRY', `${program} cannot tell the firewalls of this host: ${reason}`, {
    hint: `try "${program} ${args.join(' ')}"`,
  });
}
