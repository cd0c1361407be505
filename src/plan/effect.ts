import { ISLAND_PROTOCOL } from '../model/addressing.ts';
import { withoutSecrets } from '../model/secret.ts';
import { shellWord } from '../model/text.ts';
import { isAcceptStep, legacyAcceptLines, nftAcceptLines } from './accept.ts';
import type { Step } from './diff.ts';
import { type NameEffect, nameCommands, nameEffects } from './name-text.ts';
import { isNftStep, tableInput } from './nft-text.ts';
import { MAIN_TABLE } from './observed.ts';
import {
  keyOf,
  type Link,
  type Neighbour,
  type Resource,
  type Route,
  type Rule,
  type Timers,
  type VxlanLink,
} from './resource.ts';
import { selectorOf } from './words.ts';

/** One process, or one write to a file under /proc/sys. `lines` are commands without the tool's name. */
export type Effect =
  | { readonly tool: 'ip' | 'bridge'; readonly lines: readonly string[] }
  | { readonly tool: 'nft'; readonly input: string }
  | { readonly tool: 'iptables-legacy-restore'; readonly input: string }
  | { readonly tool: 'sysctl'; readonly key: string; readonly value: string }
  | NameEffect;

/**
 * The effects that perform the steps, in order: at most one `nft -f` in front and one behind, one
 * `ip -batch`, one `bridge -batch`. The nft table is there before the first link comes up, and goes after
 * the last is gone. Names are given when they lead somewhere.
 */
export function effectsOf(steps: readonly Step[]): Effect[] {
  const tables = steps.filter(isNftStep);
  // Each goes to the top of its chain: always in the same order, an undo puts them back as they stood.
  const accepts = steps
    .filter(isAcceptStep)
    .toSorted((a, b) => (keyOf(a.resource) < keyOf(b.resource) ? -1 : 1));
  const putFirst = tables.filter(({ action }) => action !== 'remove');
  const putLast = tables.filter(({ action }) => action === 'remove');
  return [
    ...nameEffects(steps, true),
    ...putFirst.map((step): Effect => ({ tool: 'nft', input: tableInput(step) })),
    ...acceptEffects(accepts.filter(({ action }) => action !== 'remove')),
    ...batch('ip', steps.flatMap(ipLines)),
    ...batch('bridge', steps.flatMap(bridgeLines)),
    ...steps.flatMap(sysctlEffects),
    ...nameEffects(steps, false),
    ...acceptEffects(accepts.filter(({ action }) => action === 'remove')),
    ...putLast.map((step): Effect => ({ tool: 'nft', input: tableInput(step) })),
  ];
}

/**
 * The commands that an effect is, as a person would type them; what `plan` prints is what `join` runs, but that
 * `(secret)` stands for the MACs of workers.
 */
export function commandsOf(effect: Effect): string[] {
  return typed(effect).map(withoutSecrets);
}

function typed(effect: Effect): string[] {
  switch (effect.tool) {
    case 'ip':
    case 'bridge':
      return effect.lines.map((line) => `${effect.tool} ${shellWords(line)}`);
    case 'nft':
      return [`nft -f - <<'EOF'\n${effect.input}EOF`];
    case 'iptables-legacy-restore':
      return [`${effect.tool} --noflush <<'EOF'\n${effect.input}EOF`];
    case 'sysctl':
      return [`sysctl -w ${shellWord(`${effect.key}=${effect.value}`)}`];
    case 'resolvectl':
    case 'hosts':
      return nameCommands(effect);
  }
}

/** Link names are the kernel's, which refuses white space in them and little else; `$(reboot)` is one. */
function shellWords(line: string): string {
  return line.split(' ').map(shellWord).join(' ');
}

/** After the guard is there and before it goes, so that nothing is let through unguarded. */
function acceptEffects(steps: Parameters<typeof nftAcceptLines>[0]): Effect[] {
  const inputs = [
    { tool: 'nft', lines: nftAcceptLines(steps) },
    { tool: 'iptables-legacy-restore', lines: legacyAcceptLines(steps) },
  ] as const;
  return inputs
    .filter(({ lines }) => lines.length > 0)
    .map(({ tool, lines }) => ({ tool, input: `${lines.join('\n')}\n` }));
}

function batch(tool: 'ip' | 'bridge', lines: readonly string[]): Effect[] {
  return lines.length === 0 ? [] : [{ tool, lines }];
}

function sysctlEffects({ resource }: Step): Effect[] {
  return resource.kind === 'sysctl' ? [{ tool: 'sysctl', key: resource.key, value: resource.value }] : [];
}

function bridgeLines({ action, resource }: Step): string[] {
  if (resource.kind !== 'fdb') return [];
  const { mac, link, outer, port } = resource;
  const verb = action === 'remove' ? 'delete' : 'replace';
  return [
    `fdb ${verb} ${mac} dev ${link} dst ${outer}${port === undefined ? '' : ` port ${port}`} self permanent`,
  ];
}

function ipLines({ action, resource, current }: Step): string[] {
  const remove = action === 'remove';
  switch (resource.kind) {
    case 'link':
      return linkLines({ action, resource, current });
    case 'address':
      return [`address ${remove ? 'delete' : 'replace'} ${resource.address}/32 dev ${resource.link}`];
    case 'neighbour':
      return [neighbourLine(resource, remove)];
    case 'timers':
      return [timersLine(resource)];
    case 'route':
      return [`route ${remove ? 'delete' : 'replace'} ${routeWords(resource)}`];
    case 'rule':
      return [`rule ${remove ? 'delete' : 'add'} ${ruleWords(resource)}`];
    case 'fallback':
      return [`link set dev ${resource.link} ${resource.up ? 'up' : 'down'}`];
    case 'fdb':
    case 'nft':
    case 'accept':
    case 'sysctl':
    case 'resolver':
    case 'hosts':
      return [];
  }
}

function neighbourLine({ address, link, mac, managed }: Neighbour, remove: boolean): string {
  if (remove) return `neighbour delete ${address} dev ${link}`;
  return managed === true
    ? // As if learned by somebody else: what has failed and is nobody's, the kernel throws away (neigh_forced_gc).
      `neighbour replace ${address} dev ${link} managed extern_learn`
    : `neighbour replace ${address} lladdr ${mac} dev ${link} nud permanent`;
}

/** In the batch and not as sysctls, which come behind it: the first question would be repeated after a second only. */
function timersLine({ link, reachableMs, delayMs, retransmitMs, questions }: Timers): string {
  return `ntable change name arp_cache dev ${link} base_reachable ${reachableMs} delay_probe ${delayMs} retrans ${retransmitMs} mcast_probes ${questions}`;
}

interface LinkStep {
  readonly action: Step['action'];
  readonly resource: Link;
  readonly current: Resource | undefined;
}

function linkLines({ action, resource: link, current }: LinkStep): string[] {
  const gone = `link delete dev ${link.name}`;
  // addrgenmode in a command of its own: in one with `up` the kernel still makes an IPv6 address [6.18].
  const marks = [
    `link set dev ${link.name} alias ${link.alias} addrgenmode none`,
    `link set dev ${link.name} up`,
  ];
  const made = `link add dev ${link.name} mtu ${link.mtu} group ${link.group} ${typeWords(link)}`;
  switch (action) {
    case 'remove':
      return [gone];
    case 'recreate':
      return [gone, made, ...marks];
    case 'add':
      return [made, ...marks];
    case 'change':
      return changeLines(link, current, marks);
  }
}

function changeLines(link: Link, current: Resource | undefined, marks: readonly string[]): string[] {
  if (current?.kind !== 'link') return [...marks];
  const words = [
    ...(current.mtu === link.mtu ? [] : [`mtu ${link.mtu}`]),
    ...(current.group === link.group ? [] : [`group ${link.group}`]),
  ];
  return [
    ...(words.length === 0 ? [] : [`link set dev ${link.name} ${words.join(' ')}`]),
    ...(current.alias === link.alias && current.up ? [] : marks),
  ];
}

function typeWords(link: Link): string {
  switch (link.encapsulation) {
    case 'ipip':
      // A fixed TTL: an inherited one lets packets with few hops left die unseen inside the underlay.
      return `type ipip local ${link.local} remote ${link.remote} ttl 64`;
    case 'vxlan':
      // One source port, so that NATs and firewalls see one flow; no UDP checksum, since the inner one
      // protects the data and an inner DNAT through a NAT spoils the outer one; fragments rather than loss.
      return [
        `address ${link.mac} type vxlan id ${link.id}${endsWords(link)} dstport ${link.port}`,
        `srcport ${link.port} ${link.port + 1} nolearning noudpcsum df unset`,
      ].join(' ');
  }
}

function endsWords({ local, remote }: VxlanLink): string {
  return `${local === undefined ? '' : ` local ${local}`}${remote === undefined ? '' : ` remote ${remote}`}`;
}

function routeWords({ type, destination, nextHop, link, onlink, source, table }: Route): string {
  return [
    ...(type === 'unicast' ? [] : [type]),
    destination,
    ...(nextHop === undefined ? [] : ['via', nextHop]),
    ...(link === undefined ? [] : ['dev', link]),
    ...(onlink === true ? ['onlink'] : []),
    ...(source === undefined ? [] : ['src', source]),
    ...['table', String(table), 'proto', String(ISLAND_PROTOCOL)],
  ].join(' ');
}

function ruleWords(rule: Rule): string {
  const table = rule.table === MAIN_TABLE ? 'main' : String(rule.table);
  return `pref ${rule.priority} ${selectorOf(rule)} lookup ${table} protocol ${ISLAND_PROTOCOL}`;
}
