import type { HostPlan, Network } from './network.ts';

/** Which parts of the model network to build, and what is wrong with them. */
export interface ModelOptions {
  /** Testbed nodes by number; [1, 2, 7] unless given. The first has a default route, the second none. */
  readonly nodes?: readonly number[];
  /** Cluster hosts beside the hub, 0 to 3; 2 unless given. */
  readonly clusterHosts?: number;
  /** The appliance that takes no routes. */
  readonly pdu?: boolean;
  /** MTU of a hop in the middle whose "too big" messages are lost. */
  readonly blackHoleMtu?: number;
  /** A gateway `cloud1` (10.66.0.5) behind a 1:1 NAT (203.0.113.7), with a member `vm1` (10.77.0.11). */
  readonly cloud?: boolean;
  /** A peer with a public address of its own and no network. */
  readonly laptop?: boolean;
  /** Workers `worker1`, … (192.168.77.11, …) behind a masquerading NAT that is not ours (198.51.100.66). */
  readonly workers?: number;
  /** Whether that NAT gives every flow a random port. */
  readonly randomPorts?: boolean;
  readonly rpFilter?: 0 | 1 | 2;
}

/**
 * A cluster with public addresses, a testbed behind `faraday`, and between them a router that behaves as the
 * internet does: it forwards nothing that comes from or goes to a private address or has a forged source.
 */
export function modelNetwork(options: ModelOptions = {}): Network {
  const { nodes = [1, 2, 7], clusterHosts = 2, pdu = true, workers = 0 } = options;
  const hosts: Record<string, HostPlan> = {
    internet: internet(options),
    'sopnode-l1': clusterHost(50),
    ...Object.fromEntries(range(clusterHosts).map((n) => [`sopnode-w${n}`, clusterHost(50 + n)])),
    ...(pdu ? { pdu: clusterHost(30) } : {}),
    faraday: FARADAY,
    ...Object.fromEntries(nodes.map((n, index) => [nodeName(n), testbedNode(n, index !== 1)])),
    ...(options.cloud ? CLOUD : {}),
    ...(options.laptop ? { laptop: LAPTOP } : {}),
    ...(workers > 0 ? home(workers, options.randomPorts ?? false) : {}),
  };
  const { rpFilter } = options;
  if (rpFilter === undefined) return { hosts };
  return {
    hosts: Object.fromEntries(Object.entries(hosts).map(([name, plan]) => [name, { ...plan, rpFilter }])),
  };
}

/** The name of testbed node N: fit01 to fit37. */
export function nodeName(n: number): string {
  return `fit${String(n).padStart(2, '0')}`;
}

function clusterHost(n: number): HostPlan {
  return {
    links: { eth0: { segment: 'sopnode-lan', addresses: [`138.96.245.${n}/24`] } },
    routes: ['default via 138.96.245.250'],
  };
}

function testbedNode(n: number, hasDefaultRoute: boolean): HostPlan {
  return {
    links: {
      control: { segment: 'fit-control', addresses: [`192.168.3.${n}/24`] },
      data: { segment: 'fit-data', addresses: [`192.168.2.${n}/24`] },
    },
    routes: hasDefaultRoute ? ['default via 192.168.3.100'] : [],
  };
}

/** Masquerades as most gateways do: whatever comes from its LANs, wherever it goes. */
const FARADAY: HostPlan = {
  links: {
    internet: { segment: 'campus', addresses: ['138.96.16.97/28'] },
    control: { segment: 'fit-control', addresses: ['192.168.3.100/24'] },
    data: { segment: 'fit-data', addresses: ['192.168.2.100/24'] },
  },
  routes: ['default via 138.96.16.110'],
  forwards: true,
  nft: `table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr { 192.168.3.0/24, 192.168.2.0/24 } masquerade
  }
}`,
};

const CLOUD: Readonly<Record<string, HostPlan>> = {
  'cloud-nat': {
    links: {
      wan: { segment: 'cloud-wan', addresses: ['203.0.113.7/24'] },
      lan: { segment: 'cloud-lan', addresses: ['10.66.0.1/24'] },
    },
    routes: ['default via 203.0.113.1'],
    forwards: true,
    nft: `table ip nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "wan" ip daddr 203.0.113.7 dnat to 10.66.0.5
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" ip saddr 10.66.0.5 snat to 203.0.113.7
  }
}`,
  },
  cloud1: {
    links: {
      eth0: { segment: 'cloud-lan', addresses: ['10.66.0.5/24'] },
      lan: { segment: 'cloud-vms', addresses: ['10.77.0.1/24'] },
    },
    routes: ['default via 10.66.0.1'],
    forwards: true,
  },
  vm1: {
    links: { eth0: { segment: 'cloud-vms', addresses: ['10.77.0.11/24'] } },
    routes: ['default via 10.77.0.1'],
  },
};

const LAPTOP: HostPlan = {
  links: { wlan0: { segment: 'isp', addresses: ['198.51.100.9/24'] } },
  routes: ['default via 198.51.100.1'],
};

function home(workers: number, randomPorts: boolean): Record<string, HostPlan> {
  const worker = (n: number): HostPlan => ({
    links: { eth0: { segment: 'home-lan', addresses: [`192.168.77.${10 + n}/24`] } },
    routes: ['default via 192.168.77.1'],
  });
  const nat: HostPlan = {
    links: {
      wan: { segment: 'isp', addresses: ['198.51.100.66/24'] },
      lan: { segment: 'home-lan', addresses: ['192.168.77.1/24'] },
    },
    routes: ['default via 198.51.100.1'],
    forwards: true,
    nft: `table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "wan" masquerade ${randomPorts ? 'fully-random' : ''}
  }
}`,
  };
  return { 'home-nat': nat, ...Object.fromEntries(range(workers).map((n) => [`worker${n}`, worker(n)])) };
}

function internet({ blackHoleMtu }: ModelOptions): HostPlan {
  return {
    links: {
      cluster: { segment: 'sopnode-lan', addresses: ['138.96.245.250/24'] },
      campus: { segment: 'campus', addresses: ['138.96.16.110/28'] },
      cloud: { segment: 'cloud-wan', addresses: ['203.0.113.1/24'] },
      isp: { segment: 'isp', addresses: ['198.51.100.1/24'] },
    },
    // A smaller MTU on the way to the cluster and, since every answer goes the other way, on the way to all others.
    ip: blackHoleMtu === undefined ? [] : SIDES.map((side) => `route replace ${side} mtu ${blackHoleMtu}`),
    forwards: true,
    nft: `table inet internet {
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } counter drop
    ip daddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } counter drop
    fib saddr . iif oif missing counter drop
  }
  chain output {
    type filter hook output priority filter; policy accept;
    ${blackHoleMtu === undefined ? '' : 'icmp type destination-unreachable counter drop'}
  }
}`,
  };
}

const SIDES = [
  '138.96.245.0/24 dev cluster src 138.96.245.250',
  '138.96.16.96/28 dev campus src 138.96.16.110',
  '203.0.113.0/24 dev cloud src 203.0.113.1',
  '198.51.100.0/24 dev isp src 198.51.100.1',
];

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
