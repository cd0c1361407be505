import { array, looseObject, number, optional, string, unknown, type z } from 'zod/mini';
import type { NftChain, NftSet, NftTable } from '../plan/resource.ts';
import { readJson } from './json.ts';

const chainShape = looseObject({
  name: string(),
  type: optional(string()),
  hook: optional(string()),
  prio: optional(number()),
  policy: optional(string()),
});
const setShape = looseObject({
  name: string(),
  type: unknown(),
  map: optional(unknown()),
  flags: optional(unknown()),
  elem: optional(array(unknown())),
});
const ruleShape = looseObject({ chain: string(), comment: optional(string()) });
const listingShape = looseObject({
  nftables: array(
    looseObject({
      chain: optional(chainShape),
      set: optional(setShape),
      map: optional(setShape),
      rule: optional(ruleShape),
    }),
  ),
});

/** The table that `nft -j list table` printed, in the form in which plan/ruleset.ts writes it. */
export function parseTable(name: string, listing: string): NftTable {
  const { nftables } = readJson(listing, listingShape, 'nft');
  const rules = nftables.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return {
    ...{ kind: 'nft', name },
    sets: nftables
      .flatMap(({ set, map }) => [set, map])
      .flatMap((set) => (set === undefined ? [] : [toSet(set)]))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    chains: nftables.flatMap(({ chain }) => (chain === undefined ? [] : [toChain(chain, rules)])),
  };
}

function toChain(chain: z.output<typeof chainShape>, rules: readonly z.output<typeof ruleShape>[]): NftChain {
  const { name, type, hook, prio, policy } = chain;
  return {
    name,
    hook: `type ${type} hook ${hook} priority ${prio}${policy === 'drop' ? ' policy drop' : ''}`,
    rules: rules.filter((rule) => rule.chain === name).map(({ comment }) => ({ mark: comment ?? '' })),
  };
}

function toSet({ name, type, map, flags, elem = [] }: z.output<typeof setShape>): NftSet {
  return {
    name,
    type: map === undefined ? String(type) : `${String(type)} : ${String(map)}`,
    interval: Array.isArray(flags) && flags.includes('interval'),
    elements: elem.map(formatElement).toSorted(),
  };
}

const prefixShape = looseObject({ prefix: looseObject({ addr: string(), len: number() }) });

/** `"isl-a"`, `{ prefix: { addr, len } }`, or a map's `[key, value]`. */
function formatElement(element: unknown): string {
  if (Array.isArray(element)) return element.map(formatElement).join(' : ');
  const prefix = prefixShape.safeParse(element);
  if (prefix.success) return `${prefix.data.prefix.addr}/${prefix.data.prefix.len}`;
  return typeof element === 'string' ? element : JSON.stringify(element);
}
