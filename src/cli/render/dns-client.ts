import type { SplitDns } from '../../app/dns-client.ts';
import { contains, type Ipv4 } from '../../model/ip.ts';
import type { Island } from '../../model/island.ts';
import { formatNameServer, type ResolverKind } from '../../model/name-server.ts';
import { DNS_PORT } from '../../model/responder.ts';
import { nameCommands } from '../../plan/name-text.ts';
import { routedDomains } from '../../plan/names.ts';

/** A piece of the resolver's own configuration; where it belongs is a comment in its first line. */
export function renderClient(kind: ResolverKind, split: SplitDns): readonly string[] {
  switch (kind) {
    case 'dnsmasq':
      return dnsmasqLines(split);
    case 'resolved':
      return split.link === undefined ? dropInLines(split) : linkLines(split, split.link);
    case 'coredns':
      return corednsLines(split);
  }
}

function dnsmasqLines({ island, server, zones, ownAddresses }: SplitDns): readonly string[] {
  const at = server.port === DNS_PORT ? server.address : `${server.address}#${server.port}`;
  return [
    `# /etc/dnsmasq.d/island-${island.name}.conf: ${island.zone} is asked of ${server.address}; then "systemctl restart dnsmasq"`,
    ...zones.map((zone) => `server=/${zone}/${at}`),
    '# Its addresses are private ones, which stop-dns-rebind would drop.',
    `rebind-domain-ok=/${island.zone}/`,
    ...(ownAddresses.length === 0 ? [] : sharedPortLines(island, ownAddresses)),
  ];
}

/** It listens on every address at once unless it is told otherwise, and then nobody else does on any. */
function sharedPortLines({ subnet }: Island, ownAddresses: readonly Ipv4[]): readonly string[] {
  const others = ownAddresses.filter((address) => !contains(subnet, address));
  return [
    `# islandd answers on port ${DNS_PORT} of ${ownAddresses.join(', ')} here; for both to run on this host, uncomment`,
    `# these two lines${others.length === 0 ? '.' : `, and except the link of ${others.join(', ')} as well, which islandd then has to itself.`}`,
    '#bind-dynamic',
    '#except-interface=isl-*',
  ];
}

function linkLines({ island, server }: SplitDns, link: string): readonly string[] {
  const servers = [formatNameServer(server)];
  const settings = {
    kind: 'resolver',
    link,
    servers,
    domains: routedDomains(island),
    defaultRoute: false,
  } as const;
  return [
    `# systemd-resolved: "island join" and islandd tell it this, unless the file says "dns: { client: off }"; it goes with the link of ${island.name}`,
    ...nameCommands({ tool: 'resolvectl', link, settings }),
  ];
}

/**
 * Without a link that leads there. A server that is no link's is asked about everything that no other link has a
 * domain for, and what a link has leaves this host by it, or not at all.
 */
function dropInLines({ island, server }: SplitDns): readonly string[] {
  return [
    `# /etc/systemd/resolved.conf.d/island-${island.name}.conf: ${island.zone} is asked of ${server.address}; then "systemctl restart systemd-resolved"`,
    `# It is asked about all other names as well, and refuses these, until the link to your own name server has the`,
    '# domain "~.": resolvectl domain LINK \'~.\', and for good Domains=~. in its .network file.',
    `# From systemd 258 on, better /etc/systemd/dns-delegate.d/island-${island.name}.dns-delegate, with [Delegate] for [Resolve].`,
    '[Resolve]',
    `DNS=${formatNameServer(server)}`,
    `Domains=${routedDomains(island).join(' ')}`,
  ];
}

/** CoreDNS keeps all for 5 s at least unless it is told otherwise. */
const LEAST_SECONDS = 1;
/** As many as it keeps by itself. */
const CACHED = 9984;

function corednsLines({ island, server, zones }: SplitDns): readonly string[] {
  const { ttlSeconds, negativeTtlSeconds } = island.dns;
  return [
    `# The Corefile, beside its other blocks: ${island.zone} is asked of ${server.address}; in Kubernetes "kubectl -n kube-system edit configmap coredns"`,
    `${zones.map((zone) => `${zone}:${DNS_PORT}`).join(' ')} {`,
    '    errors',
    '    cache {',
    `        success ${CACHED} ${ttlSeconds} ${LEAST_SECONDS}`,
    `        denial ${CACHED} ${negativeTtlSeconds} ${LEAST_SECONDS}`,
    '    }',
    `    forward . ${formatNameServer(server)}`,
    '}',
  ];
}
