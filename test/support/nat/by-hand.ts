import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { joinByHand } from '../lab/plain-island.ts';
import { learn } from './learner-by-hand.ts';

/** What brings workers into an island and out of it: by hand here, or island itself. */
export interface Joiner {
  /** Returns the inner address once packets went both ways. */
  raiseWorker(host: LabHost): Promise<string>;
  leaveWorker(host: LabHost): Promise<void>;
  /** Ends what runs beside the kernel. */
  close(): Promise<void>;
}

/** What is special about the tunnels of a measurement; everything is as island does it unless given. */
export interface ByHandOptions {
  /** `cni`: source ports as the kernel picks them, and the hub only learns addresses, as for flannel or Calico. */
  readonly carrier?: 'island' | 'cni';
}

export const HUB = { name: 'sopnode-l1', outer: '138.96.245.50', inner: '10.3.1.2' } as const;
export const PORT = 10310;
export const LINK = 'isl-w';

const HUB_MAC = '02:9f:3a:77:10:42';
const VNI = 75_846;
const RANGES = ['10.3.1.0/24', '138.96.245.0/24', '192.168.3.0/24', '192.168.2.0/24'];

/**
 * Joins the model network with `ip`, `bridge` and `nft` alone, with room for workers: what island has to come
 * up with, and the measure for what a NAT lets through.
 */
export async function joinWorkersByHand(lab: Lab, options: ByHandOptions = {}): Promise<Joiner> {
  const hub = lab.host(HUB.name);
  await joinByHand(lab, 'vxlan');
  // Whoever is behind the peer finds the workers too.
  await lab.host('faraday').ip([`route add 10.3.1.0/24 via ${HUB.inner} dev isl onlink table ${PORT}`]);
  await hub.ip([
    `link add ${LINK} mtu 1450 address ${HUB_MAC} type vxlan local ${HUB.outer} ${linkWords(options)}`,
    `address add ${HUB.inner}/32 dev ${LINK}`,
    `link set ${LINK} up addrgenmode none`,
  ]);
  await hub.run(['nft', '-f', '-'], { input: LEARNED });
  const learner = learn(hub, { link: LINK, isPortLearned: options.carrier !== 'cni' });
  let last = 63;
  return {
    async raiseWorker(host) {
      last += 1;
      const worker = { inner: `10.3.1.${last}`, mac: `02:51:c7:00:00:${last.toString(16)}` };
      await admit(hub, worker);
      await Promise.all([connect(host, worker, options), learner.expect(worker.mac)]);
      return worker.inner;
    },
    async leaveWorker(host) {
      await host.ip([`link delete ${LINK}`, ...rulesOf(options).map((rule) => `rule delete ${rule}`)]);
    },
    async close() {
      await learner.close();
    },
  };
}

interface End {
  readonly inner: string;
  readonly mac: string;
}

async function admit(hub: LabHost, { inner, mac }: End): Promise<void> {
  await hub.ip([
    `neighbour add ${inner} lladdr ${mac} dev ${LINK} nud permanent`,
    `route add ${inner} dev ${LINK} src ${HUB.outer} table ${PORT}`,
  ]);
  await hub.run(['nft', 'add', 'element', 'inet', 'workers', 'macs', `{ 0x${mac.replaceAll(':', '')} }`]);
}

async function connect(host: LabHost, { inner, mac }: End, options: ByHandOptions): Promise<void> {
  await host.ip([
    `link add ${LINK} mtu 1450 address ${mac} type vxlan ${linkWords(options)}`,
    `link set ${LINK} addrgenmode none`,
    `address add ${inner}/32 dev ${LINK}`,
    ...rulesOf(options).map((rule) => `rule add ${rule}`),
  ]);
  const sysctls = Object.entries(KEPT).map(([name, value]) => `net.ipv4.neigh.${LINK}.${name}=${value}`);
  await host.run(['sysctl', '-qw', ...sysctls]);
  await host.run(['bridge', '-batch', '-'], {
    input: ['00:00:00:00:00:00', HUB_MAC]
      .map((to) => `fdb append ${to} dev ${LINK} dst ${HUB.outer}\n`)
      .join(''),
  });
  await host.ip([
    `link set ${LINK} up`,
    `neighbour replace ${HUB.inner} dev ${LINK} managed`,
    `route add ${HUB.inner} dev ${LINK} src ${inner} table ${PORT}`,
    ...RANGES.map(
      (range) => `route add ${range} via ${HUB.inner} dev ${LINK} onlink src ${inner} table ${PORT}`,
    ),
  ]);
}

/** Makes a worker's hub a neighbour that nobody looks after: nothing keeps the mapping open from now on. */
export async function neglectMapping(host: LabHost): Promise<void> {
  await host.ip([`neighbour replace ${HUB.inner} lladdr ${HUB_MAC} dev ${LINK} nud permanent`]);
}

/** Makes it one that the kernel resolves anew for ever, which keeps the mapping open. */
export async function keepMapping(host: LabHost): Promise<void> {
  await host.ip([`neighbour replace ${HUB.inner} dev ${LINK} managed`]);
}

/**
 * A first answer that is lost is asked for again after a tenth of a second, twenty times. The kernel looks every
 * 5 s, or a little later when the machine is idle, whether the neighbour is still certain, and asks at once when
 * it is not: about 6 s are quiet.
 */
const KEPT = {
  retrans_time_ms: 100,
  mcast_solicit: 20,
  base_reachable_time_ms: 500,
  delay_first_probe_time: 0,
};

/** More than that: what a NAT has to remember in these tests. */
export const KEPT_SECONDS = 10;

function rulesOf({ carrier = 'island' }: ByHandOptions): string[] {
  const ports = carrier === 'cni' ? '' : `sport ${PORT} dport ${PORT} `;
  return [
    `pref ${PORT - 1} to ${HUB.outer} ipproto udp ${ports}lookup main`,
    `pref ${PORT - 1} to ${HUB.outer} ipproto tcp dport ${PORT} lookup main`,
    `pref ${PORT} lookup ${PORT}`,
  ];
}

function linkWords({ carrier = 'island' }: ByHandOptions): string {
  const sourcePorts = carrier === 'cni' ? '' : `srcport ${PORT} ${PORT + 1} `;
  return `id ${VNI} dstport ${PORT} ${sourcePorts}nolearning noudpcsum df unset`;
}

/** Behind the UDP header, 8 bytes, and that of VXLAN, 8: the inner destination and source MAC, 6 each. */
const LEARNED = `table inet workers {
  set macs {
    typeof @th,176,48
  }
  set seen {
    typeof @th,176,48 . ip saddr . udp sport
    size 65535
    flags dynamic,timeout
    timeout 60s
  }
  chain input {
    type filter hook input priority filter - 10; policy accept;
    udp dport ${PORT} @th,96,24 ${VNI} @th,176,48 @macs update @seen { @th,176,48 . ip saddr . udp sport }
    udp dport ${PORT} @th,96,24 ${VNI} @th,176,48 != @macs counter drop
  }
}
`;
