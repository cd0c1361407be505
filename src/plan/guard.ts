import { macOf, vniOf } from '../model/addressing.ts';
import { formatSubnet, hostSubnet, type Subnet, toNumber } from '../model/ip.ts';
import { endsOf, type Island, type LinkEnd, type LinkKind } from '../model/island.ts';
import { destinationsOf } from '../model/reach.ts';
import type { EndSetting } from './end.ts';
import { hubRules, toWorkersChain, vniWord, workerChains, workerSets } from './guard-workers.ts';
import type { Count, Link, NftChain, NftRule, NftSet, NftTable } from './resource.ts';
import {
  addressSet,
  dropRule,
  formatNumber,
  meaningOf,
  nftRule,
  type PairSet,
  type Pairs,
  pairSets,
  subnetSet,
  widthOf,
} from './ruleset-parts.ts';
import { type ForeignTunnels, foreignTunnels } from './tunnels.ts';

/** Sets and chains of the guard, the chains that others jump to first. */
export interface Guard {
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

/**
 * Where the inner source stands, in bits behind the outer transport header: in an ipip packet, whose payload is
 * the inner IPv4 header itself, at 12 bytes; in a vxlan one behind UDP 8, VXLAN 8 and Ethernet 14 bytes as well.
 * The kernel finds the transport header itself, so IP options do not move it, and in a fragment there is none, so
 * that no rule which accepts is for one.
 */
const INNER_SOURCE = { ipip: 96, vxlan: 336 } as const;

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
      ...workerSets(end),
      ...(kinds.includes('ipip') ? [unreachableSet(end)] : []),
      ...(kinds.includes('ipip') && foreign.ipip !== 'anybody' && foreign.ipip.length > 0
        ? [addressSet('others', foreign.ipip)]
        : []),
      ...policySets(end.island),
    ],
    chains: [
      { name: 'arriving', rules: arrivingRules(end) },
      ...(end.island.forwarding.networks ? [] : [{ name: 'leaving', rules: betweenNetworks(end.island) }]),
      ...(kinds.includes('ipip') ? [{ name: 'ipip-in', rules: ipipRules(end, foreign) }] : []),
      ...workerChains(end),
      ...(kinds.includes('vxlan') ? [{ name: 'vxlan-in', rules: vxlanRules(end) }] : []),
      { name: 'icmp-in', rules: icmpRules(kinds) },
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

/**
 * An ipip link answers the next packet into it with "host unreachable", for each error about an earlier one within
 * 30 s, though that packet passes (ipip_err, IPTUNNEL_ERR_TIMEO): connections end that a hub which joins again could
 * carry, and anybody may send such errors, from any address. What asks for smaller packets stays.
 */
function icmpRules(kinds: readonly LinkKind[]): NftRule[] {
  // Of the packet in the error, behind 8 bytes of ICMP: protocol and destination.
  const about = `@th,136,8 4 @th,192,32 @${UNREACHABLE}`;
  const error = dropRule(
    `icmp type destination-unreachable icmp code != frag-needed ${about}`,
    'ICMP error about a tunnel packet',
  );
  return [
    dropRule('iifname @links icmp type redirect', 'ICMP redirect'),
    ...(kinds.includes('ipip') ? [error] : []),
  ];
}

const UNREACHABLE = 'ipip-unreachable';

/** The far ends of ipip links as what is read at an offset: nft compares no address with that. */
function unreachableSet({ remotes }: EndSetting): NftSet {
  const outer = remotes.filter(({ link }) => link === 'ipip').map(({ end }) => end.outer);
  const elements = [...new Set(outer)].map((address) => formatNumber(toNumber(address)));
  return {
    ...{ name: UNREACHABLE, type: 'integer', typeOf: '@th,192,32', interval: false },
    elements: elements.toSorted(),
  };
}

/** Asked of a packet that came out of a link, whether it is for this host or to be forwarded. */
function arrivingRules({ island }: EndSetting): NftRule[] {
  return [
    ...(island.forwarding.networks ? [] : betweenNetworks(island)),
    ...betweenWorkers(island),
    // Nearly all packets, and the answers to a container of this host that asked somebody of the island. Found
    // without a search, which among the networks of 10 000 peers takes longer than all else.
    nftRule('ct state established,related accept', 'of a flow that was let in'),
    nftRule('ip daddr @networks accept', 'to the island'),
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
  const ranges = `{ ${[workers.pool, ...workers.routes].map(formatSubnet).join(', ')} }`;
  return [dropRule(`ip saddr ${ranges} ip daddr ${ranges}`, 'between workers')];
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
function ipipRules(end: EndSetting, { ipip }: ForeignTunnels): NftRule[] {
  return [
    ...fromPeers(end, 'ipip'),
    dropRule('ip saddr @ipip-outer', 'inner source not behind that peer'),
    nftRule('iifname @links goto arriving', 'a tunnel of others inside the island'),
    ...(ipip === 'anybody' ? [nftRule('accept', 'another tunnel takes the rest')] : []),
    ...(ipip !== 'anybody' && ipip.length > 0 ? [nftRule('ip saddr @others accept', 'other tunnels')] : []),
    ...(ipip === 'anybody' ? [] : [dropRule('', 'stranger')]),
  ];
}

/** Compared in pieces that the kernel reads without a detour: nft_payload_fast takes 1, 2 or 4 bytes. */
function vxlanRules(end: EndSetting): NftRule[] {
  const { island, self, lease, workers } = end;
  if (lease !== undefined) return hubRules(end, lease, (words) => fromPeers(end, 'vxlan', words));
  const mac = macOf(island.name, self).replaceAll(':', '');
  const vni = { at: '@th,96,32', is: vniWord(vniOf(island)) };
  const high = { at: '@th,128,32', is: `0x${mac.slice(0, 8)}` };
  const low = { at: '@th,160,16', is: `0x${mac.slice(8)}` };
  const type = { at: '@th,224,16', is: '0x0800' };
  const header = [vni, high, low, type].map(({ at, is }) => `${at} ${is} `).join('');
  const wrong = ({ at, is }: typeof vni, reason: string) => dropRule(`${at} != ${is}`, reason);
  return [
    nftRule(`udp dport != ${island.port} return`, 'not a tunnel packet'),
    ...fromPeers(end, 'vxlan', header),
    ...(workers === undefined ? [] : [toWorkersChain(end)]),
    dropRule('ip saddr != @vxlan-outer', 'stranger'),
    wrong(vni, 'wrong VNI'),
    wrong(high, 'not to our MAC'),
    wrong(low, 'not to our MAC'),
    wrong(type, 'not IPv4'),
    dropRule('', 'inner source not behind that peer'),
  ];
}

/** A rule for each width of what is compared; nothing comes from this host's own inner address. */
function fromPeers(end: EndSetting, kind: LinkKind, header = ''): NftRule[] {
  const { island, role, self } = end;
  const source = `@th,${INNER_SOURCE[kind]}`;
  const own = `${source},32 != ${formatNumber(toNumber(self.inner))} `;
  return pairsOf(end, kind).map(({ name, typeOf, width }) => {
    const isOwn = role !== 'hub' && width === widthOf(island.subnet);
    return nftRule(`${header}${isOwn ? own : ''}${typeOf} @${name} accept`, 'from a peer');
  });
}

function peerSets(end: EndSetting, kind: LinkKind): NftSet[] {
  const outer = end.remotes.filter(({ link }) => link === kind).map(({ end: far }) => far.outer);
  return [addressSet(`${kind}-outer`, outer), ...pairsOf(end, kind)];
}

/** What may come from each far end: from a peer its own, from the hub all that is not this host's. */
function pairsOf(end: EndSetting, kind: LinkKind): PairSet[] {
  const { island, role, self } = end;
  const destinations = destinationsOf(island);
  const behind = new Map<LinkEnd, Subnet[]>(endsOf(island).map((far) => [far, [hostSubnet(far.inner)]]));
  for (const { end: far, subnet } of destinations) behind.get(far)?.push(subnet);
  const others = destinations.filter(({ end: far }) => far !== self).map(({ subnet }) => subnet);
  const pairs = end.remotes
    .filter(({ link }) => link === kind)
    .map(({ end: far }): Pairs => {
      const subnets = role === 'hub' ? (behind.get(far) ?? []) : [island.subnet, ...others];
      return { sender: far.outer, subnets };
    });
  return pairSets(`${kind}-pairs`, { by: ['ip saddr', 'ipv4_addr'], at: INNER_SOURCE[kind], pairs });
}
