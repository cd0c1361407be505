import type { Firewall, FirewallChain, FirewallRule } from '../../src/plan/firewall.ts';

/** What `nft -f` or `iptables-legacy-restore --noflush` makes of rules of island's in the firewalls. Rejects others. */
export function changeFirewalls(
  firewalls: readonly Firewall[],
  { tool, input }: { readonly tool: string; readonly input: string },
): Firewall[] {
  const lines = input.trimEnd().split('\n');
  if (tool === 'nft') return lines.reduce(nftLine, [...firewalls]);
  if (lines[0] !== '*filter' || lines.at(-1) !== 'COMMIT')
    throw new Error(`unexpected input of ${tool}: ${input}`);
  return lines.slice(1, -1).reduce(legacyLine, [...firewalls]);
}

/** Whether the input is about single rules, and not about island's own table. */
export function isRuleInput(input: string): boolean {
  return /^(?:insert|delete) rule /.test(input);
}

function nftLine(firewalls: Firewall[], line: string): Firewall[] {
  const insert =
    /^insert rule (?<family>\S+) (?<table>\S+) (?<chain>\S+) (?<words>iifgroup \d+|(?:iifname "[^"]+" )?oifgroup \d+|iifname "isl-\*"|(?:iifname "[^"]+" )?oifname "isl-\*"|ip protocol 4|udp dport \d+) counter accept comment "(?<comment>island:[^"]{1,119})"$/.exec(
      line,
    )?.groups;
  const remove = /^delete rule (?<family>\S+) (?<table>\S+) (?<chain>\S+) handle (?<handle>\d+)$/.exec(
    line,
  )?.groups;
  const words = insert ?? remove;
  if (words === undefined) throw new Error(`unexpected nft line: ${line}`);
  const isPlace = (each: Firewall) =>
    each.tool === 'nft' && each.family === words['family'] && each.table === words['table'];
  return inChain(firewalls, { isPlace, chain: words['chain'] ?? '' }, (rules) => {
    if (insert === undefined) return without(rules, (rule) => rule.handle === Number(words['handle']));
    const handle = Math.max(0, ...rules.map((rule) => rule.handle ?? 0)) + 1000;
    return [{ ...accept(insert['comment'] ?? ''), handle }, ...rules];
  });
}

function legacyLine(firewalls: Firewall[], line: string): Firewall[] {
  const words =
    /^-(?<verb>[ID]) (?<chain>\S+) (?:-i isl-\+|(?:-i \S+ )?-o isl-\+|-p 4|-p udp --dport \d+) -m comment --comment "(?<comment>island:[^"]{1,240})" -j ACCEPT$/.exec(
      line,
    )?.groups;
  if (words === undefined) throw new Error(`unexpected iptables line: ${line}`);
  const { verb, chain = '', comment = '' } = words;
  const isPlace = ({ tool }: Firewall) => tool === 'iptables-legacy';
  return inChain(firewalls, { isPlace, chain }, (rules) =>
    verb === 'I' ? [accept(comment), ...rules] : without(rules, (rule) => rule.comment === comment),
  );
}

interface Place {
  readonly isPlace: (firewall: Firewall) => boolean;
  readonly chain: string;
}

function inChain(
  firewalls: readonly Firewall[],
  { isPlace, chain }: Place,
  change: (rules: FirewallChain['rules']) => FirewallChain['rules'],
): Firewall[] {
  if (!firewalls.some((each) => isPlace(each) && each.chains.some(({ name }) => name === chain)))
    throw new Error('No such file or directory');
  return firewalls.map((firewall) => {
    if (!isPlace(firewall)) return firewall;
    const chains = firewall.chains.map((each) =>
      each.name === chain ? { ...each, rules: change(each.rules) } : each,
    );
    return { ...firewall, chains };
  });
}

function without(
  rules: FirewallChain['rules'],
  matches: (rule: FirewallRule) => boolean,
): FirewallChain['rules'] {
  const index = rules.findIndex(matches);
  if (index < 0) throw new Error('No such file or directory');
  return rules.filter((_, at) => at !== index);
}

/** The fake keeps of a rule what island reads of its own. */
function accept(comment: string): FirewallRule {
  return {
    comment,
    matches: [{ field: 'unknown', values: [], negated: false }],
    verdict: { kind: 'accept' },
  };
}
