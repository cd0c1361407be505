import type { Observed } from './observed.ts';
import type { Sysctl } from './resource.ts';

/**
 * What the sysctls of this host were before island wrote them. The one thing that the kernel cannot tell,
 * so it is kept under /run, where it dies with the kernel.
 */
export interface SysctlRecord {
  /** `forwarding` of `all` at the first join: if it differs at the last leave, somebody else switched it. */
  readonly forwardingOfAll: string | undefined;
  /** Earlier values by key. */
  readonly earlier: Readonly<Record<string, string>>;
  /** The fallback link for ipip was up though nobody used it (plan/tunnels.ts). */
  readonly fallbackWasUp?: boolean | undefined;
}

export const NO_RECORD: SysctlRecord = { forwardingOfAll: undefined, earlier: {} };

interface SysctlSetting {
  readonly observed: Observed;
  readonly record: SysctlRecord;
}

/**
 * `forwarding` on for each link, by interface and not by the global switch: that one also resets every
 * other interface of the host. Links that no longer forward for the island get their earlier value back.
 */
export function forwardingSysctls(setting: SysctlSetting, links: readonly string[]): Sysctl[] {
  const wanted = links.map((link) => forwardingSysctl(link, '1'));
  const kept = new Set(wanted.map(({ key }) => key));
  return [...wanted, ...restoredSysctls(setting).filter(({ key }) => !kept.has(key))];
}

/**
 * The earlier values, for those that still are as island left them. None when forwarding as a whole was
 * switched in between: Docker and Kubernetes do that and rely on it.
 */
export function restoredSysctls({ observed, record }: SysctlSetting): Sysctl[] {
  if (record.forwardingOfAll !== observed.forwarding.get('all')) return [];
  return Object.entries(record.earlier)
    .filter(([key]) => observed.forwarding.get(linkOfKey(key)) === '1')
    .map(([key, value]) => forwardingSysctl(linkOfKey(key), value));
}

/** The record with the present values of what `steps` are about to write; an older value always stays. */
export function recordBefore({ observed, record }: SysctlSetting, sysctls: readonly Sysctl[]): SysctlRecord {
  const present = sysctls.flatMap(({ key, link }) => {
    const value = observed.forwarding.get(link);
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    ...record,
    forwardingOfAll: record.forwardingOfAll ?? observed.forwarding.get('all'),
    earlier: { ...Object.fromEntries(present), ...record.earlier },
  };
}

export function forwardingSysctl(link: string, value: string): Sysctl {
  return { kind: 'sysctl', link, key: forwardingKey(link), value };
}

/** Dots inside an interface's name are written as slashes, as sysctl(8) does. */
function forwardingKey(link: string): string {
  return `net.ipv4.conf.${link.replaceAll('.', '/')}.forwarding`;
}

/** The link that a `forwarding` key is of. */
function linkOfKey(key: string): string {
  return key.slice('net.ipv4.conf.'.length, -'.forwarding'.length).replaceAll('/', '.');
}
