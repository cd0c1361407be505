import { macOf, vniOf } from '../model/addressing.ts';
import { formatSubnet, hostSubnet, toNumber } from '../model/ip.ts';
import { endsOf, type Island, type LinkEnd, type LinkKind } from '../model/island.ts';
import { destinationsOf } from '../model/reach.ts';
import type { EndSetting } from './end.ts';
import type { Count, Link, NftChain, NftRule, NftSet, NftTable } from './resource.ts';
import {
  addressSet,
  dropRule,
  meaningOf,
  nftRule,
  type Pairs,
  pairSet,
  type Range,
  rangeOf,
  subnetSet,
} from './ruleset-parts.ts';
import { type ForeignTunnels, foreignTunnels } from './tunnels.ts';

/** Sets and chains of the guard, the chains that others jump to first. */
export interface Guard {
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

/**
 * Where the inner source stands, in bits behind the outer transport header: behind nothing else in an ipip
 * packet; behind UDP 8, VXLAN 8 and Ethernet 14 bytes in a vxlan one. The kernel finds the header itself, so
 * IP options do not move it, and in a fragment there is none, so that no rule which accepts is for one.
 */
const INNER_SOURCE = { ipip: '@th,96,32', vxlan: '@th,336,32' } as const;

/**
 * What keeps strangers out. In the hook `input`, where a packet is whole again (ip_local_deliver) and not yet
 * taken out of its tunnel: an outer packet is accepted when it comes from a peer and its inner source lies
 * behind that peer, and all else is dropped. So whatever then comes out of a link has a true source, and
 * is asked no more than where it wants to go.
 */
export function guardOf(end: EndSetting, links: readonly Link[]): Guard {
  const foreign = foreignTunnels(end.observed, end.island);
  const kinds = (['ipip', 'vxlan'] as const).filter((kind) =>
    links.some(({ encapsulation }) => encapsulation === kind),
  );
  return {
    sets: [
      ...kinds.flatMap((kind) => peerSets(end, kind)),
      ...(kinds.includes('ipip') && foreign.ipip !== 'anybody' && foreign.ipip.length > 0
        ? [addressSet('others', foreign.ipip)]
        : []),
      ...policySets(end.island),
    ],
    chains: [
      { name: 'arriving', rules: arrivingRules(end) },
      ...(end.island.forwarding.networks ? [] : [{ name: 'leaving', rules: betweenNetworks(end.island) }]),
      ...(kinds.includes('ipip') ? [{ name: 'ipip-in', rules: ipipRules(foreign) }] : []),
      ...(kinds.includes('vxlan') ? [{ name: 'vxlan-in', rules: vxlanRules(end) }] : []),
      { name: 'icmp-in', rules: [dropRule('iifname @links icmp type redirect', 'ICMP redirect')] },
      ...(foreign.gre && foreign.sit
        ? []
        : [{ name: 'refused', rules: [dropRule('', 'GRE or IPv6-in-IP')] }]),
      inputChain(kinds, foreign),
    ],
  };
}

/** What the guard has dropped since the table was loaded, by reason. */
export interface Dropped extends Count {
  readonly reason: string;
}

/** The counters of the guard, those of one reason added up, the most first. */
export function droppedBy({ chains }: NftTable): Dropped[] {
  const sums = new Map<string, Dropped>();
  for (const rule of chains.flatMap(({ rules }) => rules)) {
    if (rule.count === undefined) continue;
    const reason = meaningOf(rule);
    const { packets = 0, bytes = 0 } = sums.get(reason) ?? {};
    sums.set(reason, { reason, packets: packets + rule.count.packets, bytes: bytes + rule.count.bytes });
  }
  return [...sums.values()].toSorted((a, b) => b.packets - a.packets);
}

/** One look at the protocol number sends everything that is not a tunnel's on its way. */
function inputChain(kinds: readonly LinkKind[], { gre, sit }: ForeignTunnels): NftChain {
  const ways = [
    '1 : jump icmp-in',
    ...(kinds.includes('ipip') ? ['4 : goto ipip-in'] : []),
    ...(kinds.includes('vxlan') ? ['17 : jump vxlan-in'] : []),
    ...(sit ? [] : ['41 : goto refused']),
    ...(gre ? [] : ['47 : goto refused']),
  ];
  return {
    name: 'input',
    hook: 'type filter hook input priority -150',
    rules: [
      nftRule(`meta nfproto ipv4 meta l4proto vmap { ${ways.join(', ')} }`, 'tunnel packets'),
      nftRule('iifname @links goto arriving', 'what came out of a link'),
    ],
  };
}

/** Asked of a packet that came out of a link, whether it is for this host or to be forwarded. */
function arrivingRules({ island }: EndSetting): NftRule[] {
  return [
    ...(island.forwarding.networks ? [] : betweenNetworks(island)),
    ...betweenWorkers(island),
    nftRule('ip daddr @networks accept', 'to the island'),
    // A container of this host that asked somebody of the island is answered, translated back by now.
    nftRule('ct direction reply accept', 'answers'),
    // A published port: asked for at an address of the island, sent on to a container by now.
    nftRule('ct status dnat ct original ip daddr @networks accept', 'redirected by this host'),
    dropRule('', 'not to the island'),
  ];
}

/** The gateways' own addresses are ends of the island, though they lie inside networks. */
function betweenNetworks({ forwarding }: Island): NftRule[] {
  if (forwarding.networks) return [];
  const match = 'ip saddr @lans ip daddr @lans ip saddr != @ends ip daddr != @ends';
  return [dropRule(match, 'between networks')];
}

function betweenWorkers({ forwarding, workers }: Island): NftRule[] {
  if (forwarding.workers || workers === undefined) return [];
  const pool = formatSubnet(workers.pool);
  return [dropRule(`ip saddr ${pool} ip daddr ${pool}`, 'between workers')];
}

function policySets(island: Island): NftSet[] {
  if (island.forwarding.networks) return [];
  const own = endsOf(island).flatMap((end) => [end.outer, ...end.networks.map(({ gateway }) => gateway)]);
  return [
    subnetSet(
      'lans',
      destinationsOf(island).map(({ subnet }) => subnet),
    ),
    addressSet('ends', own),
  ];
}

/** A packet that came out of a link is no outer one: it may be a tunnel of others, between two hosts of the island. */
function ipipRules({ ipip }: ForeignTunnels): NftRule[] {
  return [
    nftRule(`ip saddr . ${INNER_SOURCE.ipip} @ipip-pairs accept`, 'from a peer'),
    dropRule('ip saddr @ipip-outer', 'inner source not behind that peer'),
    nftRule('iifname @links goto arriving', 'a tunnel of others inside the island'),
    ...(ipip === 'anybody' ? [nftRule('accept', 'another tunnel takes the rest')] : []),
    ...(ipip !== 'anybody' && ipip.length > 0 ? [nftRule('ip saddr @others accept', 'other tunnels')] : []),
    ...(ipip === 'anybody' ? [] : [dropRule('', 'stranger')]),
  ];
}

function vxlanRules({ island, self }: EndSetting): NftRule[] {
  const vni = `@th,96,24 ${vniOf(island)}`;
  const mac = `@th,128,48 0x${macOf(island.name, self).replaceAll(':', '')}`;
  const type = '@th,224,16 0x0800';
  const not = (match: string) => match.replace(' ', ' != ');
  return [
    nftRule(`udp dport != ${island.port} return`, 'not a tunnel packet'),
    nftRule(`${vni} ${mac} ${type} ip saddr . ${INNER_SOURCE.vxlan} @vxlan-pairs accept`, 'from a peer'),
    dropRule('ip saddr != @vxlan-outer', 'stranger'),
    dropRule(not(vni), 'wrong VNI'),
    dropRule(not(mac), 'not to our MAC'),
    dropRule(not(type), 'not IPv4'),
    dropRule('', 'inner source not behind that peer'),
  ];
}

function peerSets(end: EndSetting, kind: LinkKind): NftSet[] {
  const remotes = end.remotes.filter(({ link }) => link === kind).map(({ end: far }) => far);
  const behind = rangesBehind(end);
  const pairs = remotes.map((far): Pairs => ({ outer: far.outer, ranges: behind(far) }));
  return [
    addressSet(
      `${kind}-outer`,
      remotes.map(({ outer }) => outer),
    ),
    pairSet(`${kind}-pairs`, { inner: INNER_SOURCE[kind], pairs }),
  ];
}

/** What may come from a far end: from a peer its own, from the hub all that is not this host's. */
function rangesBehind({ island, role, self }: EndSetting): (far: LinkEnd) => readonly Range[] {
  const destinations = destinationsOf(island);
  if (role === 'peer') {
    const others = destinations.filter(({ end }) => end !== self).map(({ subnet }) => rangeOf(subnet));
    return () => [...without(rangeOf(island.subnet), toNumber(self.inner)), ...others];
  }
  const ofEnd = new Map<LinkEnd, Range[]>();
  for (const { end, subnet } of destinations) {
    ofEnd.set(end, [...(ofEnd.get(end) ?? []), rangeOf(subnet)]);
  }
  return (far) => [rangeOf(hostSubnet(far.inner)), ...(ofEnd.get(far) ?? [])];
}

function without({ first, last }: Range, value: number): Range[] {
  return [
    { first, last: value - 1 },
    { first: value + 1, last },
  ].filter((range) => range.first <= range.last);
}
