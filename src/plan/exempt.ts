import { prioritiesOf, sideTableOf } from '../model/addressing.ts';
import { contains, formatSubnet, hostSubnet, type Ipv4, parseSubnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { finderOf } from '../model/overlaps.ts';
import { destinationsOf } from '../model/reach.ts';
import type { EndSetting, Remote } from './end.ts';
import { MAIN_TABLE } from './observed.ts';
import type { Resource, Route, Rule } from './resource.ts';

/** IPv4 in IPv4. By number: the name `ipip` is protocol 94 in /etc/protocols. */
const IPIP_PROTOCOL = 4;
const TCP_PROTOCOL = 6;
const UDP_PROTOCOL = 17;

/**
 * What keeps the outer packets out of the island, for any number of peers the same few rules. A rule, and
 * not a mark on the link: strict rp_filter looks the way back up with the rule's eyes, and knows no mark.
 */
export function exemptions(end: EndSetting, routes: readonly Route[]): Resource[] {
  const { island, local } = end;
  if (end.role === 'worker') return workerExemptions(island);
  const { exempt } = prioritiesOf(island.port);
  const find = finderOf(destinationsOf(island));
  const toMain = { kind: 'rule', table: MAIN_TABLE, from: local } as const;

  // An address of the underlay alone: all that it sends stays there, the operator's own session too.
  if (find(local) === undefined) return [{ ...toMain, priority: exempt }];

  // An address inside a network is also the island's: only the outer packets to the peers whose own
  // outer address our table would lead into a link must stay out.
  const intoLink = remotesIntoLink(end, routes);
  const udp = intoLink.some(({ link }) => link === 'vxlan');
  return [
    ...ipipExemption(end, { remotes: intoLink.filter(({ link }) => link === 'ipip'), routes }),
    ...(udp ? [{ ...toMain, priority: exempt, protocol: UDP_PROTOCOL, port: island.port }] : []),
  ];
}

/**
 * A worker has no address to tell its outer packets by: it may get another one any time. The hub's outer address may
 * be the island's as well, so only what the link and the control API send to it stays on the underlay; without the
 * latter a worker could not ask for a new lease just when its tunnel is dead.
 */
function workerExemptions({ hub, port }: Island): Rule[] {
  const { exempt, exemptMain } = prioritiesOf(port);
  const toMain = { kind: 'rule', table: MAIN_TABLE, to: hub.outer } as const;
  return [
    { ...toMain, priority: exempt, protocol: UDP_PROTOCOL, port },
    { ...toMain, priority: exemptMain, protocol: TCP_PROTOCOL, destinationPort: port },
  ];
}

interface IpipExemption {
  readonly remotes: readonly Remote[];
  readonly routes: readonly Route[];
}

/**
 * Not without the destination: a CNI's own ipip between nodes must still enter the island. For several
 * peers a rule each would cost every packet of the host, so a second table tells them apart: it holds the
 * island's routes, and throws the peers' outer addresses on to the rule behind it.
 */
function ipipExemption({ island, local }: EndSetting, { remotes, routes }: IpipExemption): Resource[] {
  const { exempt, exemptMain } = prioritiesOf(island.port);
  const outer = sideTableOf(island.port);
  const rule: Omit<Rule, 'priority' | 'table'> = { kind: 'rule', from: local, protocol: IPIP_PROTOCOL };
  const [first, ...more] = remotes;
  if (first === undefined) return [];
  if (more.length === 0) return [{ ...rule, to: first.end.outer, priority: exempt, table: MAIN_TABLE }];

  const thrown = remotes.map(({ end }): Route => {
    return { kind: 'route', table: outer, destination: formatSubnet(hostSubnet(end.outer)), type: 'throw' };
  });
  return [
    ...routes.map((route): Route => ({ ...route, table: outer })),
    ...thrown,
    { ...rule, priority: exempt, table: outer },
    { ...rule, priority: exemptMain, table: MAIN_TABLE },
  ];
}

/** The far ends whose outer address, asked of our own table, leads into a link. */
function remotesIntoLink({ self, remotes, island }: EndSetting, routes: readonly Route[]): readonly Remote[] {
  const find = finderOf(destinationsOf(island));
  const thrown = routes
    .filter(({ type }) => type === 'throw')
    .map(({ destination }) => parseSubnet(destination));
  const isThrown = (address: Ipv4) => thrown.some((subnet) => contains(subnet, address));
  return remotes.filter(({ end }) => {
    const destination = find(end.outer);
    return destination !== undefined && destination.end !== self && !isThrown(end.outer);
  });
}
