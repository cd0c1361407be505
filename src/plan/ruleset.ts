import { nftTableOf } from '../model/addressing.ts';
import { contains, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { maxSegmentOf } from '../model/links.ts';
import { destinationsOf } from '../model/reach.ts';
import type { EndSetting } from './end.ts';
import { guardOf } from './guard.ts';
import type { Link, NftChain, NftRule, NftSet, NftTable, Resource } from './resource.ts';
import { addressMap, dropRule, linkSet, nftRule, subnetSet } from './ruleset-parts.ts';

/** The island's nftables table on a hub or peer. Chains that others jump to come first. */
export function nftTable(end: EndSetting, resources: readonly Resource[]): NftTable {
  const links = resources.filter((resource): resource is Link => resource.kind === 'link');
  const mtus = [...new Set(links.map(({ mtu }) => mtu))].toSorted((a, b) => a - b);
  const translated = translatedHosts(end);
  const guard = guardOf(end, links);
  return {
    kind: 'nft',
    name: nftTableOf(end.island.name),
    sets: [
      linkSet('links', links),
      ...mtus.map((mtu) =>
        linkSet(
          setOfMtu(mtu),
          links.filter((link) => link.mtu === mtu),
        ),
      ),
      subnetSet('networks', rangesOf(end.island)),
      ...(translated.length === 0 ? [] : [addressMap('translated', translated)]),
      ...guard.sets,
    ].toSorted(byName),
    chains: [
      { name: 'clamp', rules: clampRules(mtus) },
      ...guard.chains,
      forwardChain(end.island),
      ...redirectsChain(end),
      sourcesChain(translated.length > 0),
    ],
  };
}

/** What the island's packets may come from and go to. */
function rangesOf(island: Island): readonly Subnet[] {
  return [island.subnet, ...destinationsOf(island).map(({ subnet }) => subnet)];
}

/** One chain for all that is forwarded, since each further one costs every packet. */
function forwardChain({ forwarding }: Island): NftChain {
  return {
    name: 'forward',
    hook: 'type filter hook forward priority -150',
    rules: [
      nftRule('tcp flags & (syn | rst) == syn jump clamp', 'size of segments'),
      nftRule('iifname @links goto arriving', 'what came out of a link'),
      ...(forwarding.networks ? [] : [nftRule('oifname @links goto leaving', 'what goes into a link')]),
    ],
  };
}

/**
 * MSS of TCP in both directions. `rt mtu` knows the way towards the link; the way back is another
 * host's, so that size is explicit. The kernel only ever lowers the option (nft_exthdr_tcp_set_eval).
 */
function clampRules(mtus: readonly number[]): NftRule[] {
  const size = 'tcp option maxseg size set';
  return mtus.flatMap((mtu) => [
    nftRule(`oifname @${setOfMtu(mtu)} ${size} rt mtu`, 'clamp towards the link'),
    nftRule(`iifname @${setOfMtu(mtu)} ${size} ${maxSegmentOf(mtu)}`, 'clamp from the link'),
  ]);
}

// A hub that turns a packet round on a link of several peers would tell its sender to go directly, where there
// is no way. Here and not by sysctl: send_redirects of a link does nothing while that of `all` is on. The type
// comes first, so that nearly every packet is asked no more than its protocol; where no link is shared the
// chain would still cost each packet 4 % of its throughput, so there is none.
function redirectsChain({ remotes, role, workers }: EndSetting): NftChain[] {
  const isShared = remotes.filter(({ link }) => link === 'vxlan').length > 1 || workers !== undefined;
  const shared = role === 'hub' && isShared;
  if (!shared) return [];
  const rules = [dropRule('icmp type redirect oifname @links', 'ICMP redirect')];
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

function setOfMtu(mtu: number): string {
  return `mtu-${mtu}`;
}

function byName(a: NftSet, b: NftSet): number {
  return a.name < b.name ? -1 : 1;
}
