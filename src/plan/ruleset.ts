import { hashOf, nftTableOf } from '../model/addressing.ts';
import { contains, formatSubnet, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { maxSegmentOf } from '../model/links.ts';
import { destinationsOf } from '../model/reach.ts';
import type { EndSetting } from './end.ts';
import type { Link, NftChain, NftRule, NftSet, NftTable, Resource } from './resource.ts';

/** The island's nftables table on a hub or peer. */
export function nftTable(end: EndSetting, resources: readonly Resource[]): NftTable {
  const links = resources.filter((resource): resource is Link => resource.kind === 'link');
  const mtus = [...new Set(links.map(({ mtu }) => mtu))].toSorted((a, b) => a - b);
  const translated = translatedHosts(end);
  const redirects = redirectsChain(end);
  return {
    kind: 'nft',
    name: nftTableOf(end.island.name),
    sets: [
      ...(redirects.length === 0 ? [] : [linkSet('links', links)]),
      ...mtus.map((mtu) =>
        linkSet(
          setOfMtu(mtu),
          links.filter((link) => link.mtu === mtu),
        ),
      ),
      subnetSet('networks', rangesOf(end.island)),
      ...(translated.length === 0 ? [] : [addressMap('translated', translated)]),
    ].toSorted(byName),
    chains: [clampChain(mtus), ...redirects, sourcesChain(translated.length > 0)],
  };
}

/** What the island's packets may come from and go to. */
function rangesOf(island: Island): readonly Subnet[] {
  return [island.subnet, ...destinationsOf(island).map(({ subnet }) => subnet)];
}

/**
 * MSS of TCP in both directions. `rt mtu` knows the way towards the link; the way back is another
 * host's, so that size is explicit. The kernel only ever lowers the option (nft_exthdr_tcp_set_eval).
 */
function clampChain(mtus: readonly number[]): NftChain {
  const syn = 'tcp flags & (syn|rst) == syn tcp option maxseg size set';
  return {
    name: 'clamp',
    hook: 'type filter hook forward priority -150',
    rules: mtus.flatMap((mtu) => [
      nftRule(`oifname @${setOfMtu(mtu)} ${syn} rt mtu`, 'clamp towards the link'),
      nftRule(`iifname @${setOfMtu(mtu)} ${syn} ${maxSegmentOf(mtu)}`, 'clamp from the link'),
    ]),
  };
}

// A hub that turns a packet round on a link of several peers would tell its sender to go directly, where there
// is no way. Here and not by sysctl: send_redirects of a link does nothing while that of `all` is on. The type
// comes first, so that nearly every packet is asked no more than its protocol; where no link is shared the
// chain would still cost each packet 4 % of its throughput, so there is none.
function redirectsChain({ remotes, role }: EndSetting): NftChain[] {
  const shared = role === 'hub' && remotes.filter(({ link }) => link === 'vxlan').length > 1;
  if (!shared) return [];
  const rules = [nftRule('icmp type redirect oifname @links drop', 'no redirect leaves')];
  return [{ name: 'redirects', hook: 'type filter hook output priority 0', rules }];
}

/**
 * Inside the island sources stay as they are. A packet that has been given a translation, were it to its
 * own address, is not offered to any later nat chain, so a gateway's masquerade does not see it. In both
 * directions and without an interface, since masquerade rules often have none either. What came through a
 * DNAT (NodePort, docker) keeps its own way.
 */
function sourcesChain(translates: boolean): NftChain {
  const own = nftRule(
    'ip saddr @networks snat ip to ip daddr map @translated',
    'for hosts that take no routes',
  );
  return {
    name: 'sources',
    hook: 'type nat hook postrouting priority 90',
    rules: [
      nftRule('ct status dnat return', 'what was redirected keeps its way'),
      ...(translates ? [own] : []),
      nftRule('ip saddr @networks ip daddr @networks snat ip to ip saddr', 'keep the source'),
    ],
  };
}

/** `host : address of its gateway on that network`, for the hosts that cannot route back. */
function translatedHosts({ island, self }: EndSetting): readonly string[] {
  return island.hosts
    .filter(({ translate }) => translate)
    .flatMap(({ address }) => {
      const network = self.networks.find(({ subnet }) => contains(subnet, address));
      return network === undefined ? [] : [`${address} : ${network.gateway}`];
    });
}

function nftRule(words: string, meaning: string): NftRule {
  return { words, mark: `${meaning} [${hashOf(words).toString(16).padStart(8, '0')}]` };
}

function linkSet(name: string, links: readonly Link[]): NftSet {
  return { name, type: 'ifname', interval: false, elements: links.map((link) => link.name).toSorted() };
}

/** nft lists a single address without its prefix. */
function subnetSet(name: string, subnets: readonly Subnet[]): NftSet {
  const elements = subnets.map((subnet) => (subnet.prefix === 32 ? subnet.network : formatSubnet(subnet)));
  return { name, type: 'ipv4_addr', interval: true, elements: elements.toSorted() };
}

function addressMap(name: string, elements: readonly string[]): NftSet {
  return { name, type: 'ipv4_addr : ipv4_addr', interval: false, elements: elements.toSorted() };
}

function setOfMtu(mtu: number): string {
  return `mtu-${mtu}`;
}

function byName(a: NftSet, b: NftSet): number {
  return a.name < b.name ? -1 : 1;
}
