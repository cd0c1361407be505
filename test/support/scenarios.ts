import { equal } from './assert.ts';
import { codes, dumpAll, ownSource, pduIsReached, reachable, tunnelPasses } from './checks.ts';
import { fallbackLink } from './fallback-link.ts';
import { ADDRESSES, joinAll, joiningHosts, modelFile, onAll } from './island.ts';
import { AGENT_PORT } from './lab/agent-protocol.ts';
import { uplinkFlap } from './lab/flap.ts';
import type { LabHost } from './lab/host.ts';
import type { Lab } from './lab/lab.ts';
import { formatFailures, type MatrixOptions, matrix } from './lab/matrix.ts';
import { modelNetwork } from './lab/model-network.ts';
import type { HostPlan, Network } from './lab/network.ts';

/** Of a link in the model network, whose underlay carries 1500 bytes. */
const LINK_MTU = { ipip: 1480, vxlan: 1450 } as const;

type Kind = keyof typeof LINK_MTU;

/**
 * What is true of the model network with either kind of link. Run where the kernel has that kind: here with
 * vxlan, in the guest with ipip. Each takes the network as the operator has it, and gives it back so.
 */
export interface Scenario {
  readonly name: string;
  readonly run: (lab: Lab, kind: Kind) => Promise<void>;
  /** The network that it needs; the model network with a cloud and a laptop unless given. */
  readonly network?: Network;
  /** Where it is about ipip alone. */
  readonly only?: Kind;
  /** With that kind it takes too long for every day, since an emulated processor runs it. */
  readonly isLongWith?: 'ipip';
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'every host of both sites reaches every other one at its own address, also after a flap and a second join',
    run: everyPair,
    only: 'vxlan',
  },
  {
    name: 'ipip and vxlan peers on one hub, a cloud behind a 1:1 NAT among them, reach each other, also after a flap and a second join',
    run: mixedPeers,
  },
  { name: 'ranges behind a host are routed to it by everyone else', run: podRanges, only: 'vxlan' },
  {
    name: 'gateways whose own addresses lie inside the networks they serve are reached through the island',
    run: publicSites,
    network: publicNetwork(),
    isLongWith: 'ipip',
  },
  {
    name: 'a hop of 1400 bytes that loses "too big" is survived with mtu: 1400',
    run: smallHop,
    network: modelNetwork({ blackHoleMtu: 1400, nodes: [1], clusterHosts: 1 }),
    // MTU and clamp are set alike for both kinds, and an emulated processor takes long for it.
    only: 'vxlan',
  },
  {
    name: 'tunl0 is down while nobody else uses it, and left as it was otherwise and afterwards',
    run: fallbackLink,
    only: 'ipip',
    network: modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }),
  },
];

const ONE_OF_EACH = ['sopnode-l1', 'faraday', 'fit02'];

async function everyPair(lab: Lab, kind: Kind): Promise<void> {
  await comesAndGoes(lab, {
    hosts: joiningHosts(lab),
    file: modelFile(kind),
    matrix: { mtu: LINK_MTU[kind] },
  });
}

async function mixedPeers(lab: Lab, kind: Kind): Promise<void> {
  const extra = `  - { name: cloud1, outer: 203.0.113.7, inner: 10.3.1.4, networks: [{ subnet: 10.77.0.0/24, gateway: 10.77.0.1 }] }
  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.5, link: vxlan }
`;
  const names = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01', 'fit02', 'cloud1', 'vm1', 'laptop'];
  await comesAndGoes(lab, {
    hosts: names.map(lab.host),
    file: modelFile(kind, extra),
    matrix: {
      mtu: LINK_MTU.vxlan,
      addresses: { ...ADDRESSES, cloud1: ['10.77.0.1', '10.3.1.4'], laptop: ['10.3.1.5'] },
      sourceOf: ({ from }) => ({ laptop: '10.3.1.5', cloud1: '10.77.0.1' })[from],
    },
    whileJoined: async () => {
      if (kind !== 'ipip') return;
      // What a CNI puts between its nodes, the hub's own address among them, has to enter the island.
      await tunnelPasses(lab, ['sopnode-l1', '138.96.245.50'], ['fit02', '192.168.3.2']);
      await tunnelPasses(lab, ['sopnode-w1', '138.96.245.51'], ['fit01', '192.168.3.1']);
    },
  });
}

interface Life {
  readonly hosts: readonly LabHost[];
  readonly file: string;
  readonly matrix: MatrixOptions;
  readonly whileJoined?: () => Promise<void>;
}

/** The life of an island: joined, flapped, joined again, left without its file; and the hosts are as before. */
async function comesAndGoes(lab: Lab, { hosts, file, matrix: options, whileJoined }: Life): Promise<void> {
  const before = await dumpAll(hosts);
  await joinAll(hosts, file);
  await reachable(hosts, options);
  await pduIsReached(
    lab,
    hosts.filter(({ name }) => OF_BOTH_SITES.test(name)),
  );
  const some = ONE_OF_EACH.map(lab.host);
  equal('status on one host of each role', await codes(some, 'status'), [0, 0, 0]);

  await uplinkFlap(lab.host('faraday'), 'internet');
  await reachable(hosts, options);
  await whileJoined?.();

  const joined = await dumpAll(some);
  await onAll(some, 'join');
  equal('a second join changes nothing', await dumpAll(some), joined);
  await reachable(hosts, options);

  await Promise.all(hosts.map((host) => host.run(['rm', '/etc/island/r2lab.yaml'])));
  await onAll(hosts, 'leave');
  equal('leave gives the host back', await dumpAll(hosts), before);
}

const OF_BOTH_SITES = /^(?:sopnode|faraday|fit)/;

async function podRanges(lab: Lab, kind: Kind): Promise<void> {
  const hosts = ['sopnode-l1', 'sopnode-w1', 'sopnode-w2', 'faraday', 'fit02', 'fit07'].map(lab.host);
  const pods = { 'sopnode-w1': '10.244.1.0/24', fit07: '10.244.7.0/24' } as const;
  const file = modelFile(kind)
    .replace(
      'sopnode-w[1-3]", address: "138.96.245.[51-53]"',
      'sopnode-w[2-3]", address: "138.96.245.[52-53]"',
    )
    .replace('fit[01-37]", address: "192.168.3.[1-37]"', 'fit[01-06]", address: "192.168.3.[1-6]"')
    .concat(`  - { name: sopnode-w1, address: 138.96.245.51, routes: [${pods['sopnode-w1']}] }\n`)
    .concat(`  - { name: fit07, address: 192.168.3.7, routes: [${pods.fit07}] }\n`);
  const owners = ['sopnode-w1', 'fit07'].map(lab.host);
  const addresses = { 'sopnode-w1': ['10.244.1.1'], fit07: ['10.244.7.1'] };
  await Promise.all(
    owners.map((host) => host.ip(podLines(addresses[host.name as keyof typeof addresses][0] ?? ''))),
  );
  await joinAll(hosts, file);

  const passes = await matrix(hosts, {
    addresses: { ...onlyTo(hosts, addresses) },
    mtu: LINK_MTU[kind],
    sourceOf: ownSource,
  });
  equal('pods are reached', formatFailures(passes), []);
  await onAll(hosts, 'leave');
  await Promise.all(owners.map((host) => host.ip(['link delete dev cni0'])));
}

/** Two sites like the hub's: public addresses, with the gateway as one host among others. */
function publicNetwork(): Network {
  const { hosts } = modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false, laptop: true });
  const site = (segment: string, net: string, n: number): HostPlan => ({
    links: { eth0: { segment, addresses: [`${net}.${n}/24`] } },
    routes: [`default via ${net}.1`],
  });
  return {
    hosts: {
      ...hosts,
      gate1: site('isp', '198.51.100', 20),
      gate2: site('cloud-wan', '203.0.113', 20),
      vm2: site('cloud-wan', '203.0.113', 21),
    },
  };
}

async function publicSites(lab: Lab, kind: Kind): Promise<void> {
  const names = ['sopnode-l1', 'sopnode-w1', 'gate1', 'laptop', 'gate2', 'vm2'];
  const hosts = names.map(lab.host);
  const before = await dumpAll(hosts);
  // The underlay carries the tunnels and nothing else, so that what passes has passed inside.
  const members = '{ 198.51.100.9, 203.0.113.21, 138.96.245.51 }';
  await lab.host('internet').run(['nft', '-f', '-'], {
    input: `add rule inet internet forward meta l4proto { tcp, icmp } drop
add rule inet internet forward ip protocol { ipencap, udp } ip daddr ${members} drop
`,
  });
  const extra = `  - { name: gate1, outer: 198.51.100.20, inner: 10.3.1.6, networks: [{ subnet: 198.51.100.0/24 }] }
  - { name: gate2, outer: 203.0.113.20, inner: 10.3.1.7, networks: [{ subnet: 203.0.113.0/24 }] }
`;
  const file = modelFile(kind, extra).concat(
    '  - { name: laptop, address: 198.51.100.9 }\n  - { name: vm2, address: 203.0.113.21 }\n',
  );
  await joinAll(hosts, file);
  await reachable(hosts, { mtu: LINK_MTU[kind] });
  if (kind === 'ipip') await tunnelPasses(lab, ['sopnode-l1', '138.96.245.50'], ['vm2', '203.0.113.21']);
  await onAll(hosts, 'leave');
  equal('leave gives the host back', await dumpAll(hosts), before);
}

async function smallHop(lab: Lab, kind: Kind): Promise<void> {
  const hosts = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01'].map(lab.host);
  await joinAll(hosts, `mtu: 1400\n${modelFile(kind)}`);
  await Promise.all(hosts.map((host) => host.agent()));
  const bytes = 10_000_000;
  for (const [from, address] of [
    ['fit01', '138.96.245.51'],
    ['sopnode-w1', '192.168.3.1'],
  ] as const) {
    const order = { address, port: AGENT_PORT, upload: bytes, download: bytes, deadlineMs: 60_000 };
    const moved = await (await lab.host(from).agent()).ask({ op: 'transfer', ...order });
    equal(`ten megabytes each way from ${from}`, [moved.uploaded, moved.downloaded], [bytes, bytes]);
  }
  await onAll(hosts, 'leave');
}

/** As a CNI makes it: a bridge of the host's own, with the first address of its range. */
function podLines(address: string): string[] {
  return [
    'link add cni0 type bridge',
    `address add ${address}/24 dev cni0`,
    'link set cni0 up addrgenmode none',
  ];
}

/** No address for hosts that are only asked from. */
function onlyTo(
  hosts: readonly LabHost[],
  addresses: Readonly<Record<string, readonly string[]>>,
): Record<string, readonly string[]> {
  return Object.fromEntries(hosts.map(({ name }) => [name, addresses[name] ?? []]));
}
