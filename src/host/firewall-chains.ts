import type { FirewallChain, FirewallRule } from '../plan/firewall.ts';

/** A rule and the chain that it is in. */
export type PlacedRule = readonly [chain: string, rule: FirewallRule];

/** The chains with their rules, in the order in which these came. */
export function chainsWith(
  heads: readonly Omit<FirewallChain, 'rules'>[],
  placed: readonly PlacedRule[],
): FirewallChain[] {
  const rules = new Map<string, FirewallRule[]>(heads.map(({ name }) => [name, []]));
  for (const [chain, rule] of placed) rules.get(chain)?.push(rule);
  return heads.map((head) => ({ ...head, rules: rules.get(head.name) ?? [] }));
}
