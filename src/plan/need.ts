import type { EndSetting } from './end.ts';
import type { Firewall, Packet } from './firewall.ts';
import { linkWith, type Observed } from './observed.ts';
import type { Link, Resource } from './resource.ts';

/** What of the island's traffic a firewall has to let through. */
export type Purpose = 'from the links' | 'to the links' | 'ipip' | 'vxlan' | 'api';

/** As they stand behind "drops". */
export const PURPOSE_WORDS: Readonly<Record<Purpose, string>> = {
  'from the links': 'what comes from the links',
  'to the links': 'what goes to the links',
  ipip: 'ipip packets of the peers',
  vxlan: 'vxlan packets of the peers',
  api: 'requests of workers to the control API',
};

/** A purpose at a hook, with the packets that stand for it: one for each way in or out. */
export interface Need {
  readonly hook: 'forward' | 'input';
  readonly purpose: Purpose;
  readonly packets: readonly Packet[];
  /** The link of our network that they come in by, where only these are ours to let through. */
  readonly from?: string;
}

export interface Traffic {
  readonly links: readonly Link[];
  /** Whether this host forwards for the island. */
  readonly forwards: boolean;
}

/** What passes through this host on the island's behalf; a plain peer forwards nothing. */
export function trafficOf({ role, lanLinks, lease }: EndSetting, resources: readonly Resource[]): Traffic {
  const links = resources.filter((resource): resource is Link => resource.kind === 'link');
  const hasRoutes = (lease?.worker.routes ?? []).length > 0;
  return { links, forwards: role === 'hub' || lanLinks.length > 0 || hasRoutes };
}

const UDP = '17';
const TCP = '6';
const IPIP = '4';

/** What this host receives and forwards for the island. One link stands for all: no firewall tells them apart. */
export function needsOf(end: EndSetting, { links, forwards }: Traffic): Need[] {
  const [link] = links;
  if (link === undefined) return [];
  const { observed, lanLinks } = end;
  const came = { nfproto: 'ipv4', state: 'new', iifname: link.name, iifgroup: String(link.group) } as const;
  const out = (name: string, group: number) => ({ oifname: name, oifgroup: String(group) });
  const lans = lanLinks.map((name) => ({ name, group: groupOf(observed, name) }));
  const ways = [...(end.role === 'hub' ? [link] : []), ...lans];
  const forwarded: Need[] = [
    {
      ...{ hook: 'forward', purpose: 'from the links' },
      packets: ways.map(({ name, group }) => ({ ...came, ...out(name, group) })),
    },
    ...lans.map(({ name, group }): Need => {
      const packet = { nfproto: 'ipv4', state: 'new', iifname: name, iifgroup: String(group) };
      const packets = [{ ...packet, ...out(link.name, link.group) }];
      return { hook: 'forward', purpose: 'to the links', packets, from: name };
    }),
  ];
  return [
    ...(forwards ? forwarded : []),
    ...outerNeeds(end),
    ...workerNeeds(end),
    { hook: 'input', purpose: 'from the links', packets: [came] },
  ];
}

/** The outer packets, by the links that they come in by. */
function outerNeeds({ remotes, underlay, island, observed, local }: EndSetting): Need[] {
  const port = String(island.port);
  const kinds = [
    { purpose: 'ipip', fields: { protocol: IPIP } },
    { purpose: 'vxlan', fields: { protocol: UDP, sport: port, dport: port } },
  ] as const;
  return kinds.flatMap(({ purpose, fields }): Need[] => {
    const ends = remotes.filter(({ link }) => link === purpose);
    if (ends.length === 0) return [];
    const uplinks = new Set(
      ends.map(({ end }) => underlay(end.outer)?.link ?? linkWith(observed, local)?.name),
    );
    const packets = [...uplinks].map((name) => ({
      ...{ nfproto: 'ipv4', state: 'new', ...fields },
      ...(name !== undefined && { iifname: name, iifgroup: String(groupOf(observed, name)) }),
    }));
    return [{ hook: 'input', purpose, packets }];
  });
}

/** What workers send to a hub, from wherever they are and whichever port their NAT gives them. */
function workerNeeds({ workers, island, observed, local }: EndSetting): Need[] {
  if (workers === undefined) return [];
  const port = String(island.port);
  const uplink = linkWith(observed, local)?.name;
  const packet = {
    ...{ nfproto: 'ipv4', state: 'new', dport: port },
    ...(uplink !== undefined && { iifname: uplink, iifgroup: String(groupOf(observed, uplink)) }),
  };
  return [
    { hook: 'input', purpose: 'vxlan', packets: [{ ...packet, protocol: UDP }] },
    { hook: 'input', purpose: 'api', packets: [{ ...packet, protocol: TCP }] },
  ];
}

function groupOf({ links }: Observed, name: string): number {
  return links.find((link) => link.name === name)?.group ?? 0;
}

/** Tables in which iptables has to print what it finds. */
const IPTABLES = new Set(['filter', 'mangle', 'raw', 'security', 'nat']);
/** Names that mean themselves to nft and iptables alike. */
const PLAIN_NAME = /^\w[\w.:@-]*$/;

/**
 * The words of a rule for the need. iptables has to print what is in its own tables, and of the two ways to
 * name all links at once it knows the name's beginning; elsewhere the group, which nobody else has.
 */
export function wordsOf({ purpose, from }: Need, port: number, firewall: Firewall): string {
  const isLegacy = firewall.tool === 'iptables-legacy';
  const byName = firewall.family === 'ip' && IPTABLES.has(firewall.table);
  const nftWords = byName ? NAME_WORDS : GROUP_WORDS;
  const words = (isLegacy ? LEGACY_WORDS : nftWords)[purpose];
  const only = from !== undefined && PLAIN_NAME.test(from) ? `${isLegacy ? '-i' : 'iifname'} ${from} ` : '';
  return `${only}${words.replace('PORT', String(port))}`;
}

const GROUP_WORDS: Readonly<Record<Purpose, string>> = {
  'from the links': 'iifgroup PORT',
  'to the links': 'oifgroup PORT',
  ipip: 'ip protocol 4',
  vxlan: 'udp dport PORT',
  api: 'tcp dport PORT',
};

const NAME_WORDS: Readonly<Record<Purpose, string>> = {
  ...GROUP_WORDS,
  'from the links': 'iifname isl-*',
  'to the links': 'oifname isl-*',
};

const LEGACY_WORDS: Readonly<Record<Purpose, string>> = {
  'from the links': '-i isl-+',
  'to the links': '-o isl-+',
  ipip: '-p 4',
  vxlan: '-p udp --dport PORT',
  api: '-p tcp --dport PORT',
};
