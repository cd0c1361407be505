import { type Ipv4, isIpv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Observed, ObservedLink } from './observed.ts';
import type { Fallback } from './resource.ts';
import type { SysctlRecord } from './sysctl.ts';

/** The link that takes the ipip packets no other link does; loading the module makes it in every namespace. */
export const FALLBACK = 'tunl0';

/** Tunnels of others on this host, whose packets the guard must not take for an attack. */
export interface ForeignTunnels {
  /** Whose ipip packets are theirs: these ends alone, or those of anybody. */
  readonly ipip: readonly Ipv4[] | 'anybody';
  readonly gre: boolean;
  readonly sit: boolean;
}

/** What other tunnels this host has, other islands' among them. */
export function foreignTunnels({ links }: Observed, island: Island): ForeignTunnels {
  const others = links.filter(
    ({ alias, group }) => group !== island.port && !alias.startsWith(`island:${island.name}/`),
  );
  const ipip = others.filter(({ kind, name }) => kind === 'ipip' && name !== FALLBACK);
  const remotes = ipip.flatMap(({ tunnel }) => remoteOf(tunnel?.remote) ?? []);
  const fallback = others.find(({ name }) => name === FALLBACK);
  const open = remotes.length < ipip.length || (fallback !== undefined && isFallbackUsed(fallback));
  return {
    ipip: open ? 'anybody' : [...new Set(remotes)],
    gre: others.some(({ kind, up }) => up && /^(?:gre|gretap|erspan)$/.test(kind ?? '')),
    sit: others.some(({ kind, up }) => up && kind === 'sit'),
  };
}

export function isFallback({ name, kind }: ObservedLink): boolean {
  return name === FALLBACK && kind === 'ipip';
}

/**
 * The fallback link, down: while it is up, the ipip packets of strangers come out of it whenever the guard is
 * not there. None where it is somebody's, or is not there; loading the module makes it, down.
 */
export function fallbackDown({ links }: Observed): Fallback[] {
  return links
    .filter((link) => isFallback(link) && !isFallbackUsed(link))
    .map(({ name }) => ({ kind: 'fallback', link: name, up: false }));
}

/** The fallback link as it was before the first join. */
export function restoredFallback({ links }: Observed, { fallbackWasUp }: SysctlRecord): Fallback[] {
  if (fallbackWasUp !== true) return [];
  return links.filter(isFallback).map(({ name }) => ({ kind: 'fallback', link: name, up: true }));
}

/** Whether somebody gave the fallback link an address, as Calico does; up alone is nobody's use of it. */
export function isFallbackUsed({ up, addresses }: ObservedLink): boolean {
  return up && addresses.length > 0;
}

/** None for a link that takes the packets of every host. */
function remoteOf(text: string | undefined): Ipv4 | undefined {
  return text !== undefined && isIpv4(text) && text !== '0.0.0.0' ? text : undefined;
}
