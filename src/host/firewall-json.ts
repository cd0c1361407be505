import { array, looseObject, number, optional, string, unknown, type z } from 'zod/mini';
import type { Firewall, FirewallChain } from '../plan/firewall.ts';
import { chainsWith, type PlacedRule } from './firewall-chains.ts';
import { toRules } from './firewall-rule.ts';
import { readJson } from './json.ts';

const chainShape = looseObject({
  family: string(),
  table: string(),
  name: string(),
  type: optional(string()),
  hook: optional(string()),
  policy: optional(string()),
});
const listingShape = looseObject({
  nftables: array(
    looseObject({
      table: optional(looseObject({ flags: optional(unknown()) })),
      chain: optional(chainShape),
      rule: optional(
        looseObject({
          chain: string(),
          handle: number(),
          comment: optional(string()),
          expr: optional(array(unknown())),
        }),
      ),
    }),
  ),
});

/** A table by its family and name. */
export interface TableName {
  readonly family: 'ip' | 'inet';
  readonly table: string;
}

/** The tables, of those that `nft -j list chains` tells of, that filter IPv4 packets coming in or forwarded. */
export function parseFilterTables(listing: string): TableName[] {
  const { nftables } = readJson(listing, listingShape, 'nft');
  const tables = nftables.flatMap(({ chain }): [string, TableName][] => {
    if (chain === undefined || hookOf(chain) === undefined) return [];
    const { family, table } = chain;
    if ((family !== 'ip' && family !== 'inet') || table.startsWith('island-')) return [];
    return [[`${family} ${table}`, { family, table }]];
  });
  return [...new Map(tables).values()];
}

/** The table that `nft -j -p -t list table` printed, with its flags, if it has any. */
export function parseFirewall(name: TableName, listing: string, flags: readonly string[] = []): Firewall {
  const { nftables } = readJson(listing, listingShape, 'nft');
  const heads = nftables.flatMap(({ chain }) => (chain === undefined ? [] : [toHead(chain)]));
  const written = nftables.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  const lasts = new Map(written.map(({ chain, handle }) => [chain, handle]));
  const rules = written.flatMap((rule) =>
    toRules(rule, lasts.get(rule.chain) === rule.handle).map((each): PlacedRule => [rule.chain, each]),
  );
  return {
    ...{ tool: 'nft', ...name, access: flags.includes('owner') ? 'owned' : 'open' },
    // A dormant table is there and does nothing.
    chains: flags.includes('dormant') ? [] : chainsWith(heads, rules),
  };
}

/** Whether the table has flags. Which they are nft 1.0.6 does not tell in JSON, where it prints something else. */
export function hasFlags(listing: string): boolean {
  const { nftables } = readJson(listing, listingShape, 'nft');
  return nftables.some(({ table }) => table?.flags !== undefined);
}

/** The flags of the table that `nft list table` printed: the first line inside. */
export function parseFlags(printed: string): string[] {
  const words = /^table [^\n]*\{[^\n]*\n\tflags (?<flags>[^\n]*)/.exec(printed)?.groups?.['flags'] ?? '';
  return words.split(/[\s,]+/).filter(Boolean);
}

function toHead(chain: z.output<typeof chainShape>): Omit<FirewallChain, 'rules'> {
  return { name: chain.name, hook: hookOf(chain), policy: chain.policy === 'drop' ? 'drop' : 'accept' };
}

function hookOf({ type, hook }: z.output<typeof chainShape>): FirewallChain['hook'] {
  return type === 'filter' && (hook === 'forward' || hook === 'input') ? hook : undefined;
}
