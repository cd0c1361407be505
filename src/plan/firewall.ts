/** What island knows of the packets that it sends; a rule that asks for anything else is not understood. */
export type Field =
  | 'iifname'
  | 'oifname'
  | 'iifgroup'
  | 'oifgroup'
  | 'protocol'
  | 'sport'
  | 'dport'
  | 'state'
  | 'nfproto';

/** A condition of a rule. `unknown` is one that island cannot judge. */
export interface Match {
  readonly field: Field | 'unknown';
  /** One of these is enough. A name may end in `*`, a number may be a range `100-200`. */
  readonly values: readonly string[];
  readonly negated: boolean;
}

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly target: string };

export interface FirewallRule {
  readonly matches: readonly Match[];
  /** Undefined where the rule only counts, logs or marks. */
  readonly verdict: Verdict | undefined;
  readonly comment: string;
  /** By which nft deletes it. */
  readonly handle?: number;
}

export interface FirewallChain {
  readonly name: string;
  /** Where packets enter it by themselves. */
  readonly hook: 'forward' | 'input' | undefined;
  readonly policy: 'accept' | 'drop';
  readonly rules: readonly FirewallRule[];
}

/** One table of a firewall that is not island's. */
export interface Firewall {
  readonly tool: 'nft' | 'iptables-legacy';
  readonly family: 'ip' | 'inet';
  readonly table: string;
  /** `owned`: the kernel lets nobody but its owner change it. `unread`: nobody can tell what is in it. */
  readonly access: 'open' | 'owned' | 'unread';
  readonly chains: readonly FirewallChain[];
}

/** Whether nft reads it as one name. The kernel takes any text, and nft reads its arguments as a script. */
export function isNftName(name: string): boolean {
  return /^[A-Za-z][\w./-]*$/.test(name);
}

/** A packet as far as it is known. */
export type Packet = Readonly<Partial<Record<Field, string>>>;

/** What becomes of a packet in a chain, and in which chain that was decided. */
export interface Fate {
  readonly kind: 'accept' | 'drop' | 'continue';
  readonly chain: string;
  /** The place of the rule in that chain, from 1; undefined for the policy. */
  readonly rule?: number | undefined;
}

export interface WalkOptions {
  /** Rules that are passed over. */
  readonly without?: (rule: FirewallRule) => boolean;
}

/** The kernel refuses jumps deeper than this (NFT_JUMP_STACK_SIZE). */
const DEEPEST = 16;

/**
 * Follows the packet through a base chain. A rule of which a condition is not understood is taken for one
 * that is about other packets: what is left is what the firewall does with everything that nobody named.
 */
export function fateOf(
  packet: Packet,
  base: FirewallChain,
  { chains, without = () => false }: WalkOptions & { readonly chains: readonly FirewallChain[] },
): Fate {
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const fate = walk({ packet, byName, without }, base, 0);
  return fate.kind === 'continue' ? { kind: base.policy, chain: base.name } : fate;
}

interface Walk extends Required<WalkOptions> {
  readonly packet: Packet;
  readonly byName: ReadonlyMap<string, FirewallChain>;
}

function walk(way: Walk, { name, rules }: FirewallChain, depth: number): Fate {
  for (const [index, rule] of rules.entries()) {
    if (way.without(rule) || !holds(rule, way.packet)) continue;
    const fate = fateAt(way, rule.verdict, { name, depth, rule: index + 1 });
    if (fate !== undefined) return fate;
  }
  return { kind: 'continue', chain: name };
}

/** Undefined where the packet goes on to the next rule. */
function fateAt(
  way: Walk,
  verdict: Verdict | undefined,
  { name, depth, rule }: { readonly name: string; readonly depth: number; readonly rule: number },
): Fate | undefined {
  if (verdict === undefined) return undefined;
  if (!('target' in verdict)) {
    return { kind: verdict.kind === 'return' ? 'continue' : verdict.kind, chain: name, rule };
  }
  const target = way.byName.get(verdict.target);
  if (target === undefined || depth >= DEEPEST) return undefined;
  const fate = walk(way, target, depth + 1);
  return fate.kind === 'continue' && verdict.kind === 'jump' ? undefined : fate;
}

function holds({ matches }: FirewallRule, packet: Packet): boolean {
  return matches.every((match) => isMet(match, packet));
}

function isMet({ field, values, negated }: Match, packet: Packet): boolean {
  const value = field === 'unknown' ? undefined : packet[field];
  return value !== undefined && values.some((pattern) => covers(pattern, value)) !== negated;
}

function covers(pattern: string, value: string): boolean {
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  const range = /^(?<first>\d+)-(?<last>\d+)$/.exec(pattern)?.groups;
  if (range === undefined) return pattern === value;
  return Number(value) >= Number(range['first']) && Number(value) <= Number(range['last']);
}
