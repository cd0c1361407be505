import { array, looseObject, number, optional, string, unknown, type z } from 'zod/mini';
import type { NftChain, NftRule, NftSet, NftTable } from '../plan/resource.ts';
import { formatNumber } from '../plan/ruleset-parts.ts';
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
  timeout: optional(number()),
  elem: optional(array(unknown())),
});
const ruleShape = looseObject({
  chain: string(),
  comment: optional(string()),
  expr: optional(array(unknown())),
});
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

const chainsShape = looseObject({
  nftables: array(looseObject({ chain: optional(looseObject({ family: string(), table: string() })) })),
});

/** Whether the table is among those whose chains `nft -j list chains` printed. */
export function hasChains(name: string, listing: string): boolean {
  const { nftables } = readJson(listing, chainsShape, 'nft');
  return nftables.some(({ chain }) => chain?.family === 'inet' && chain.table === name);
}

function toChain(chain: z.output<typeof chainShape>, rules: readonly z.output<typeof ruleShape>[]): NftChain {
  const { name, type, hook, prio, policy } = chain;
  const words = `type ${type} hook ${hook} priority ${prio}${policy === 'drop' ? ' policy drop' : ''}`;
  return {
    name,
    ...(hook !== undefined && { hook: words }),
    rules: rules.filter((rule) => rule.chain === name).map(toRule),
  };
}

const counterShape = looseObject({ counter: looseObject({ packets: number(), bytes: number() }) });

function toRule({ comment, expr = [] }: z.output<typeof ruleShape>): NftRule {
  const count = expr.map((statement) => counterShape.safeParse(statement).data?.counter).find(Boolean);
  return {
    mark: comment ?? '',
    ...(count !== undefined && { count: { packets: count.packets, bytes: count.bytes } }),
  };
}

function toSet({ name, type, map, flags, timeout, elem = [] }: z.output<typeof setShape>): NftSet {
  return {
    name,
    type: map === undefined ? formatType(type) : `${formatType(type)} : ${formatType(map)}`,
    interval: Array.isArray(flags) && flags.includes('interval'),
    ...(timeout === undefined
      ? { elements: elem.map(formatElement).toSorted() }
      : { timeoutSeconds: timeout, elements: [] }),
  };
}

function formatType(type: unknown): string {
  return Array.isArray(type) ? type.join(' . ') : String(type);
}

const prefixShape = looseObject({ prefix: looseObject({ addr: string(), len: number() }) });
const concatShape = looseObject({ concat: array(unknown()) });
const rangeShape = looseObject({ range: array(unknown()) });

/** `"isl-a"`, a number, `{ prefix: { addr, len } }`, `{ range: [a, b] }`, `{ concat: [a, b] }`, or a map's `[key, value]`. */
function formatElement(element: unknown): string {
  if (typeof element === 'string') return element;
  if (typeof element === 'number') return formatNumber(element);
  if (Array.isArray(element)) return element.map(formatElement).join(' : ');
  const prefix = prefixShape.safeParse(element);
  if (prefix.success) return `${prefix.data.prefix.addr}/${prefix.data.prefix.len}`;
  const concat = concatShape.safeParse(element);
  if (concat.success) return concat.data.concat.map(formatElement).join(' . ');
  const range = rangeShape.safeParse(element);
  if (range.success) return range.data.range.map(formatElement).join('-');
  return JSON.stringify(element);
}
