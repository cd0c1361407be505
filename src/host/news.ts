import { MOVED } from '../plan/guard-workers.ts';
import type { WatchScope } from './host.ts';

/** What `ip -o monitor label` and `nft monitor` are asked to tell. */
export const IP_MONITOR = [
  ...['ip', '-o', 'monitor', 'label'],
  ...['link', 'address', 'route', 'rule', 'neigh', 'netconf'],
] as const;
/** All of it: nft tells apart kinds of changes, not tables, and saves nothing by telling fewer kinds. */
export const NFT_MONITOR = ['nft', 'monitor'] as const;

/**
 * What a line of `ip monitor` is about; undefined for what no plan depends on. Neighbours and forwarding entries
 * count on islands' links, where they are permanent or deleted: the rest is what the kernel does all day. IPv6 is
 * not ours; its routes and addresses come and go with every link.
 */
export function ipNews(line: string, { learned }: Pick<WatchScope, 'learned'>): string | undefined {
  const [, label = '', text = ''] = /^\[([A-Z]+)\](.*)$/.exec(line) ?? [];
  switch (label) {
    case 'LINK':
      return 'link';
    case 'ADDR':
      return text.includes(' inet ') ? 'address' : undefined;
    case 'ROUTE':
      return / table local | dev lo |^[^ ]*:|^Deleted [^ ]*:/.test(text) ? undefined : 'route';
    case 'RULE':
      return 'rule';
    case 'NETCONF':
      return text.includes('inet ') ? 'sysctl' : undefined;
    case 'NEIGH':
      if (isForgotten(text, learned())) return MOVED;
      return isOwnNeighbour(text, learned()) ? 'neighbour' : undefined;
    default:
      return undefined;
  }
}

/** Of the entries that the learner writes, what somebody else may have done to one. */
function isForgotten(text: string, learned: string | undefined): boolean {
  return text.startsWith('Deleted ') && text.includes(` dev ${learned} `) && text.includes(' NOARP');
}

function isOwnNeighbour(text: string, learned: string | undefined): boolean {
  if (
    !/ dev isl-\S+ .*(?:PERMANENT|NOARP)|^Deleted .* dev isl-/.test(text) ||
    /^(?:Deleted )?\S*:\S* dev/.test(text)
  ) {
    return false;
  }
  // NOARP is a forwarding entry.
  return learned === undefined || !(text.includes(` dev ${learned} `) && text.includes(' NOARP'));
}

/**
 * What a line of `nft monitor` is about. All of our own table; of others', chains where packets come in or are
 * forwarded, and rules in such chains that there are: kube-proxy changes thousands of others. And MOVED.
 */
export function nftNews(line: string, scope: Pick<WatchScope, 'nftTable' | 'chains'>): string | undefined {
  if (!line.startsWith('trace id ')) return rulesetNews(line, scope);
  // Others may trace packets as well.
  return line.includes(` inet ${scope.nftTable} ${MOVED} packet: `) ? MOVED : undefined;
}

function rulesetNews(
  line: string,
  { nftTable, chains }: Pick<WatchScope, 'nftTable' | 'chains'>,
): string | undefined {
  // "# ERROR: We lost some netlink events!"
  if (line.startsWith('# ERROR')) return 'nftables';
  const [, verb, kind, family, table, chain] = /^(\w+) (\w+) (\w+) (\S+) ?(\S*)/.exec(line) ?? [];
  if (verb === undefined || kind === undefined) return undefined;
  if (family === 'inet' && table === nftTable) return 'nftables';
  const isBase = kind === 'chain' && / hook (?:forward|input) /.test(line);
  const isNear = kind === 'rule' && chains().has(`${family} ${table} ${chain}`);
  return isBase || isNear ? 'firewall' : undefined;
}
