import type { Finding, Site } from './finding.ts';
import type { IpipLink, Resource } from './resource.ts';
import { isFallback, isFallbackUsed } from './tunnels.ts';

/** Where the guard of an ipip link stands back for tunnels of others, and where theirs has to be told of it. */
export function otherTunnels(site: Site): Finding[] {
  const links = site.desired.filter(isIpipLink);
  if (links.length === 0) return [];
  return [...usedFallback(site), ...otherGuards(site, links)];
}

function usedFallback({ observed }: Site): Finding[] {
  const used = observed.links.filter((link) => isFallback(link) && isFallbackUsed(link));
  return used.map(({ name, addresses: [first] }) => ({
    weight: 'note',
    text: `${name} is up with ${first?.address}, as Calico makes it: ipip packets of hosts that are not peers are left to it`,
    hint: `if nobody needs it, "ip address flush dev ${name}" and "island join", and the guard drops them`,
  }));
}

/** Another island of this host that joined before takes our peers for strangers until it looks again. */
function otherGuards({ island, observed }: Site, links: readonly IpipLink[]): Finding[] {
  const present = new Set(observed.links.map(({ name }) => name));
  if (links.every(({ name }) => present.has(name))) return [];
  const others = observed.links
    .filter(({ kind }) => kind === 'ipip')
    .map(({ alias }) => /^island:([^/]+)\//.exec(alias)?.[1])
    .filter((name) => name !== undefined && name !== island.name);
  return [...new Set(others)].map((name) => ({
    weight: 'note',
    text: `the guard of ${name} does not know the ipip peers of ${island.name} yet, and drops their packets`,
    hint: `afterwards, island join -i ${name}`,
  }));
}

function isIpipLink(resource: Resource): resource is IpipLink {
  return resource.kind === 'link' && resource.encapsulation === 'ipip';
}
