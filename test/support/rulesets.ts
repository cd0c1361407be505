import type { Firewall, FirewallChain, FirewallRule, Match, Verdict } from '../../src/plan/firewall.ts';

/** A condition that one of the values meets. */
export function match(field: Match['field'], ...values: string[]): Match {
  return { field, values, negated: false };
}

export function rule(verdict: Verdict | undefined, ...matches: readonly Match[]): FirewallRule {
  return { matches, verdict, comment: '' };
}

export const ACCEPT = { kind: 'accept' } as const;
export const DROP = { kind: 'drop' } as const;

export function jump(target: string): Verdict {
  return { kind: 'jump', target };
}

/** The table of iptables with these rules; each policy is to drop unless given. */
export function filterTable({
  tool = 'nft',
  input = [],
  forward = [],
  policy = 'drop',
  chains = [],
}: {
  readonly tool?: Firewall['tool'];
  readonly input?: readonly FirewallRule[];
  readonly forward?: readonly FirewallRule[];
  readonly policy?: FirewallChain['policy'];
  readonly chains?: readonly FirewallChain[];
}): Firewall {
  return {
    ...{ tool, family: 'ip', table: 'filter', access: 'open' },
    chains: [
      { name: 'INPUT', hook: 'input', policy, rules: input },
      { name: 'FORWARD', hook: 'forward', policy, rules: forward },
      ...chains,
    ],
  };
}

/** A chain that others jump to. */
export function chain(name: string, rules: readonly FirewallRule[]): FirewallChain {
  return { name, hook: undefined, policy: 'accept', rules };
}

export function goto(target: string): Verdict {
  return { kind: 'goto', target };
}
