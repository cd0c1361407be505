import type { Lab } from './lab.ts';

/**
 * Joins the model network with `ip` and `nft` by hand, without island: what the lab's own tests stand on, and
 * a picture of what island has to come up with. The hub is `sopnode-l1`, its one peer `faraday`.
 */
export async function joinByHand(lab: Lab, kind: 'ipip' | 'vxlan'): Promise<void> {
  const hub = lab.host('sopnode-l1');
  const peer = lab.host('faraday');
  await Promise.all([
    hub.ip([
      ...linkLines(kind, { local: HUB, remote: PEER }),
      'rule add pref 10310 lookup 10310',
      ...TESTBED.map((net) => `route add ${net} ${hopTo(kind, PEER)} src ${HUB.outer} table 10310`),
      `route add ${PEER.inner} dev isl src ${HUB.outer} table 10310`,
    ]),
    peer.ip([
      ...linkLines(kind, { local: PEER, remote: HUB }),
      `rule add pref 10309 from ${PEER.outer} lookup main`,
      'rule add pref 10310 lookup 10310',
      `route add ${CLUSTER} ${hopTo(kind, HUB)} src 192.168.3.100 table 10310`,
      `route add ${HUB.inner} dev isl src 192.168.3.100 table 10310`,
    ]),
    hub.run(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']),
    peer.run(['nft', '-f', '-'], { input: UNTRANSLATED }),
    ...lab.hosts().map(async (host) => {
      if (host.name.startsWith('fit')) await host.ip(MEMBER_LINES);
      if (host.name.startsWith('sopnode-w')) await host.ip(routeLines([...TESTBED, INNER], HUB.outer));
    }),
  ]);
}

interface End {
  readonly outer: string;
  readonly inner: string;
  readonly mac: string;
}

const HUB: End = { outer: '138.96.245.50', inner: '10.3.1.2', mac: '02:00:00:00:00:02' };
const PEER: End = { outer: '138.96.16.97', inner: '10.3.1.3', mac: '02:00:00:00:00:03' };
const INNER = '10.3.1.0/24';
const CLUSTER = '138.96.245.0/24';
const TESTBED = ['192.168.3.0/24', '192.168.2.0/24'];

/**
 * What comes for a node's second address comes in by its second link. Strict rp_filter wants the way back to
 * leave there too, hence a table for what has that address as its source.
 */
const MEMBER_LINES = [
  ...routeLines([CLUSTER, INNER], '192.168.3.100'),
  'rule add pref 10310 from 192.168.2.0/24 lookup 10310',
  ...routeLines([CLUSTER, INNER], '192.168.2.100 table 10310'),
];

/** An identity translation, after which no masquerade rule is consulted. */
const UNTRANSLATED = `table inet by-hand {
  chain postrouting {
    type nat hook postrouting priority srcnat - 10; policy accept;
    ip saddr { ${[...TESTBED, CLUSTER, INNER].join(', ')} } ip daddr { ${[...TESTBED, CLUSTER, INNER].join(', ')} } snat ip to ip saddr
  }
}`;

function linkLines(kind: 'ipip' | 'vxlan', { local, remote }: { local: End; remote: End }): string[] {
  const ends = `local ${local.outer} remote ${remote.outer}`;
  const add =
    kind === 'ipip'
      ? `link add isl mtu 1480 type ipip ${ends}`
      : `link add isl mtu 1450 address ${local.mac} type vxlan id 10310 ${ends} dstport 10310 nolearning noudpcsum`;
  const neighbour = `neigh add ${remote.inner} lladdr ${remote.mac} dev isl nud permanent`;
  return [
    add,
    `address add ${local.inner}/32 dev isl`,
    'link set isl up',
    ...(kind === 'vxlan' ? [neighbour] : []),
  ];
}

function hopTo(kind: 'ipip' | 'vxlan', end: End): string {
  return kind === 'ipip' ? 'dev isl' : `via ${end.inner} dev isl onlink`;
}

function routeLines(subnets: readonly string[], via: string): string[] {
  return subnets.map((subnet) => `route add ${subnet} via ${via}`);
}
