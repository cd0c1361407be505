import type { Step } from './diff.ts';
import type { EndSetting } from './end.ts';
import {
  type Fate,
  type Firewall,
  type FirewallChain,
  type FirewallRule,
  fateOf,
  isNftName,
  type Packet,
} from './firewall.ts';
import { type Need, needsOf, type Traffic, wordsOf } from './need.ts';
import { type Accept, keyOf } from './resource.ts';

/** Docker goes through this chain before its own rules, and never changes what is in it. */
const DOCKER_USER = 'DOCKER-USER';

/** A base chain of somebody else's that drops what the island sends, and what should be put where. */
export interface Obstacle {
  readonly firewall: Firewall;
  readonly need: Need;
  readonly fate: Fate;
  readonly accept: Accept;
}

/** The rules of ours that other people's firewalls need: one in front of each drop, and none where nothing drops. */
export function acceptResources(end: EndSetting, traffic: Traffic): Accept[] {
  return obstacles(end, traffic)
    .filter(isOpen)
    .map(({ accept }) => accept);
}

/** Whether a rule can be put there at all. */
export function isOpen({ firewall, accept }: Obstacle): boolean {
  return firewall.access === 'open' && isNftName(accept.chain);
}

/** Whether there still is a chain for the rule, of a firewall that may have gone since. */
export function hasPlace({ tool, family, table, chain }: Accept, firewalls: readonly Firewall[]): boolean {
  const own = firewalls.find((each) => each.tool === tool && each.family === family && each.table === table);
  return own?.chains.some(({ name }) => name === chain) === true;
}

/** An accept ends only the base chain that it is in, so every one that drops is an obstacle of its own. */
function obstacles(end: EndSetting, traffic: Traffic): Obstacle[] {
  const needs = needsOf(end, traffic);
  const found = end.observed.firewalls.flatMap((firewall) =>
    (isCalicos(firewall) ? [] : firewall.chains).flatMap((base) =>
      needs
        .filter(({ hook }) => hook === base.hook)
        .flatMap((need): Obstacle[] => {
          const dropped = firstDropped(need, firewall, base);
          if (dropped === undefined) return [];
          const { family, table, tool } = firewall;
          const chain = placeIn(firewall, base, dropped.packet);
          const words = wordsOf(need, end.island.port, firewall);
          const accept: Accept = {
            ...{ kind: 'accept', tool, family, table, chain, words },
            island: end.island.name,
          };
          return [{ firewall, need, fate: dropped.fate, accept }];
        }),
    ),
  );
  // Packets of workers and of peers may need the very same rule.
  return [...new Map(found.map((obstacle) => [keyOf(obstacle.accept), obstacle])).values()];
}

/** Those in front of which there is no rule of ours yet, or none that is reached. */
export function unmetObstacles(end: EndSetting, traffic: Traffic): Obstacle[] {
  const { observed, island } = end;
  const present = new Set(
    ownAccepts(observed.firewalls, island.name)
      .filter(({ behind }) => behind !== true)
      .map(keyOf),
  );
  return obstacles(end, traffic).filter(({ accept }) => !present.has(keyOf(accept)));
}

function firstDropped(need: Need, { chains }: Firewall, base: FirewallChain) {
  return need.packets
    .map((packet) => ({ packet, fate: fateOf(packet, base, { chains, without: isOursOrCalicos }) }))
    .find(({ fate }) => fate.kind === 'drop');
}

/** Calico keeps its chains in front of everything: an accept would be overtaken, so there is none against it. */
function isOursOrCalicos(rule: FirewallRule): boolean {
  return isOurs(rule) || leadsToCalico(rule);
}

/** Whether a rule is any island's. */
export function isOurs({ comment }: FirewallRule): boolean {
  return comment.startsWith('island:');
}

export function leadsToCalico({ verdict }: FirewallRule): boolean {
  return verdict !== undefined && 'target' in verdict && verdict.target.startsWith('cali-');
}

/** Calico's own table, where it runs with nftables; in those of iptables it has chains. */
export function isCalicos({ tool, table }: Firewall): boolean {
  return tool === 'nft' && table === 'calico';
}

/** `DOCKER-USER` where it is asked before the drop, else the base chain itself. */
function placeIn({ chains }: Firewall, base: FirewallChain, packet: Packet): string {
  if (!chains.some(({ name }) => name === DOCKER_USER)) return base.name;
  const index = base.rules.findIndex(
    ({ verdict, matches }) =>
      verdict !== undefined && 'target' in verdict && verdict.target === DOCKER_USER && matches.length === 0,
  );
  if (index < 0 || dropsWithin(packet, { chains, base, end: index })) return base.name;
  return DOCKER_USER;
}

interface Stretch {
  readonly chains: readonly FirewallChain[];
  readonly base: FirewallChain;
  /** The first `end` rules of the chain. */
  readonly end: number;
}

function dropsWithin(packet: Packet, { chains, base, end }: Stretch): boolean {
  const stretch: FirewallChain = { ...base, policy: 'accept', rules: base.rules.slice(0, end) };
  return fateOf(packet, stretch, { chains, without: isOursOrCalicos }).kind === 'drop';
}

/** The rules with this island's mark. A rule that is behind a drop for everything does nothing, and says so. */
export function ownAccepts(firewalls: readonly Firewall[], island: string): Accept[] {
  const mark = markOf(island);
  return firewalls.flatMap((firewall) =>
    firewall.chains.flatMap((chain) =>
      chain.rules.flatMap(({ comment, handle }, index): Accept[] => {
        if (!comment.startsWith(mark)) return [];
        const { tool, family, table, chains } = firewall;
        const behind = dropsWithin({ nfproto: 'ipv4', state: 'new' }, { chains, base: chain, end: index });
        return [
          {
            ...{
              kind: 'accept',
              tool,
              family,
              table,
              chain: chain.name,
              words: comment.slice(mark.length),
              island,
            },
            ...(handle !== undefined && { handle }),
            ...(behind && { behind }),
          },
        ];
      }),
    ),
  );
}

/** The beginning of the comment of each rule; the rest are its words, so that it can be put back as it was. */
function markOf(island: string): string {
  return `island:${island} `;
}

interface AcceptStep extends Step {
  readonly resource: Accept;
}

export function isAcceptStep(step: Step): step is AcceptStep {
  return step.resource.kind === 'accept';
}

/** The lines of `nft -f` for the steps; at the top of the chain, since whatever drops there stands behind. */
export function nftAcceptLines(steps: readonly AcceptStep[]): string[] {
  return steps
    .filter(({ resource }) => resource.tool === 'nft')
    .flatMap(({ action, resource, current }) => {
      const { family, table, chain, words, island } = resource;
      const place = `${family} ${table} ${chain}`;
      const handle = current?.kind === 'accept' ? current.handle : undefined;
      const text = words.replace(/([io]ifname) (\S+)/g, '$1 "$2"');
      return [
        ...(action === 'add' ? [] : [`delete rule ${place} handle ${handle}`]),
        ...(action === 'remove'
          ? []
          : [`insert rule ${place} ${text} counter accept comment "${markOf(island)}${words}"`]),
      ];
    });
}

/** The lines of `iptables-legacy-restore --noflush` for the steps. */
export function legacyAcceptLines(steps: readonly AcceptStep[]): string[] {
  const lines = steps
    .filter(({ resource }) => resource.tool === 'iptables-legacy')
    .flatMap(({ action, resource: { chain, words, island } }) => {
      const rule = `${chain} ${words} -m comment --comment "${markOf(island)}${words}" -j ACCEPT`;
      return [...(action === 'add' ? [] : [`-D ${rule}`]), ...(action === 'remove' ? [] : [`-I ${rule}`])];
    });
  return lines.length === 0 ? [] : ['*filter', ...lines, 'COMMIT'];
}
