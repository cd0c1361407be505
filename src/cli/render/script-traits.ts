import type { Exported } from '../../app/export.ts';
import { prioritiesOf, type RulePriorities, tablesOf } from '../../model/addressing.ts';
import { type Accept, linkOf, type Resource } from '../../plan/resource.ts';

/** What of a script depends on the host that it is for. */
export interface Traits {
  readonly island: string;
  /** The group of its links, and the first of its tables. */
  readonly number: number;
  readonly tables: readonly number[];
  readonly priorities: RulePriorities;
  readonly hasLinks: boolean;
  readonly hasIpip: boolean;
  /** Whether there is an nftables table of ours. */
  readonly hasGuard: boolean;
  readonly hasLegacyAccepts: boolean;
  readonly accepts: readonly Accept[];
  /** Keys of the sysctls that are of links of the host's own. */
  readonly hostSysctls: readonly string[];
  readonly sysctls: readonly string[];
  /** The link that systemd-resolved is told about. */
  readonly resolver: string | undefined;
  readonly hasHostsLines: boolean;
}

export function traitsOf({ island, steps }: Exported): Traits {
  const resources = steps.map(({ resource }) => resource);
  const links = new Set(resources.flatMap((each) => (each.kind === 'link' ? [each.name] : [])));
  const sysctls = resources.filter((each) => each.kind === 'sysctl');
  const accepts = resources.filter((each) => each.kind === 'accept');
  return {
    ...{ island: island.name, number: island.port, accepts },
    tables: tablesOf(island.port),
    priorities: prioritiesOf(island.port),
    hasLinks: links.size > 0,
    hasIpip: resources.some(isIpip),
    hasGuard: resources.some(({ kind }) => kind === 'nft'),
    hasLegacyAccepts: accepts.some(({ tool }) => tool === 'iptables-legacy'),
    hostSysctls: sysctls.filter((each) => !links.has(linkOf(each) ?? '')).map(({ key }) => key),
    sysctls: sysctls.map(({ key }) => key),
    resolver: resources.find((each) => each.kind === 'resolver')?.link,
    hasHostsLines: resources.some(({ kind }) => kind === 'hosts'),
  };
}

function isIpip(resource: Resource): boolean {
  return resource.kind === 'link' && resource.encapsulation === 'ipip';
}

/** Whether stop has anything to put back that the kernel does not remember. */
export function remembers({ hostSysctls, hasIpip }: Traits): boolean {
  return hostSysctls.length > 0 || hasIpip;
}
