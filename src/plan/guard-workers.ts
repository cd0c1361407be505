import { hostSubnet, toNumber } from '../model/ip.ts';
import { workerRanges } from '../model/reach.ts';
import { macNumber } from '../model/secret.ts';
import { type Lease, workersVniOf } from '../model/worker.ts';
import type { EndSetting } from './end.ts';
import type { NftChain, NftRule, NftSet } from './resource.ts';
import { dropRule, formatNumber, nftRule, type PairSet, pairSets, widthOf } from './ruleset-parts.ts';

/** The set that packets of workers write where they came from; what reads it is hub/learner.ts. */
export const SEEN = 'seen';
const SEEN_WORDS = '@th,176,48 . ip saddr . udp sport';
const SEEN_SECONDS = 60;
/** What comes through here from a worker was sent from where it was not yet; "nft monitor" tells of each such packet. */
export const MOVED = 'workers-moved';
/** The kernel tells nobody when a packet changes a set, but whoever listens of a packet that is traced. */
const TOLD = 'limit rate 5/second meta nftrace set 1 ';

/**
 * Bits behind the outer UDP header, in front of which stand UDP 8 and VXLAN 8 bytes: VNI, the inner destination and
 * source MAC, the type of the frame; then, of IPv4, the source; of ARP, the sender's address.
 */
const AT = { vni: 96, destination: 128, source: 176, type: 224, ipSource: 336, arpSender: 352 } as const;
const IPV4 = '0x0800';
const ARP = '0x0806';

/** A VNI as it stands in the header, with a reserved byte behind it. */
export function vniWord(vni: number): string {
  return `0x${(vni * 256).toString(16)}`;
}

/**
 * Where a worker is says nothing, so who it is must: its MAC is a secret, and only frames with a known one and an
 * inner source that is behind that worker are let in. Only these are remembered as where the worker is, so who
 * does not know the MAC neither gets anything in nor moves anybody.
 */
export function workerChains(end: EndSetting): NftChain[] {
  const { workers } = end;
  if (workers === undefined) return [];
  const update = `update @${SEEN} { ${SEEN_WORDS} }`;
  const known = '@th,176,48';
  const toHub = `@th,${AT.type},16 ${IPV4} @th,${AT.destination},48 ${macNumber(workers.mac)}`;
  const [hosts] = pairsOf(end).filter(({ width }) => width === 32);
  const admitted = (also: string) => [
    ...pairsOf(end).map(({ name, typeOf }) =>
      nftRule(`${toHub} ${typeOf} @${name} ${also}${update} accept`, 'from a worker'),
    ),
    ...(hosts === undefined
      ? []
      : [
          nftRule(
            `@th,${AT.type},16 ${ARP} ${known} . @th,${AT.arpSender},32 @${hosts.name} ${also}${update} accept`,
            'a worker asks for the hub',
          ),
        ]),
  ];
  return [
    { name: MOVED, rules: admitted(TOLD) },
    {
      name: 'workers-in',
      rules: [
        nftRule(`${SEEN_WORDS} != @${SEEN} jump ${MOVED}`, 'perhaps a worker that is somewhere else'),
        ...admitted(''),
        dropRule('', 'not from a worker'),
      ],
    },
  ];
}

/** In the chain of static peers, whose VNI is another. */
export function toWorkersChain({ island }: EndSetting): NftRule {
  return nftRule(
    `@th,${AT.vni},32 ${vniWord(workersVniOf(island))} goto workers-in`,
    'the link of the workers',
  );
}

export function workerSets(end: EndSetting): NftSet[] {
  if (end.workers === undefined) return [];
  const seen: NftSet = {
    ...{ name: SEEN, type: 'integer . ipv4_addr . inet_service', typeOf: SEEN_WORDS, interval: false },
    ...{ timeoutSeconds: SEEN_SECONDS, elements: [] },
  };
  return [...pairsOf(end), seen];
}

/**
 * There is a set for every width that a worker of the file can have, even before there is a worker: so whoever comes
 * or goes only changes elements, and the counters and where the others are stay (nft-text.ts).
 */
function pairsOf({ workers, island }: EndSetting): PairSet[] {
  const pairs = (workers?.workers ?? []).map(({ mac, inner, routes }) => ({
    sender: macNumber(mac),
    subnets: [hostSubnet(inner), ...routes],
  }));
  const widest = Math.min(...workerRanges(island).map(widthOf));
  const always = ([32, 24, 16, 8] as const).filter((width) => width === 32 || width >= widest);
  return pairSets('worker-pairs', { by: ['@th,176,48', 'integer'], at: AT.ipSource, pairs, always });
}

/** On a worker: what comes from the hub's address, with both secret MACs, and nothing else. */
export function hubRules(
  { island, remotes }: EndSetting,
  { worker, hubMac }: Lease,
  fromHub: (header: string) => readonly NftRule[],
): NftRule[] {
  const [hub] = remotes;
  const header = `@th,${AT.vni},32 ${vniWord(workersVniOf(island))} @th,${AT.destination},48 ${macNumber(worker.mac)} @th,${AT.source},48 ${macNumber(hubMac)}`;
  const inner = formatNumber(toNumber(hub?.end.inner ?? island.hub.inner));
  return [
    nftRule(`udp dport != ${island.port} return`, 'not a tunnel packet'),
    ...fromHub(`${header} @th,${AT.type},16 ${IPV4} `),
    nftRule(
      `ip saddr @vxlan-outer ${header} @th,${AT.type},16 ${ARP} @th,${AT.arpSender},32 ${inner} accept`,
      'the hub answers',
    ),
    dropRule('ip saddr != @vxlan-outer', 'stranger'),
    dropRule('', 'not from the hub'),
  ];
}
