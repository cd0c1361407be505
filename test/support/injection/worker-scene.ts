import { loadIsland } from '../../../src/config/load.ts';
import { macOf, vniOf } from '../../../src/model/addressing.ts';
import { workersVniOf } from '../../../src/model/worker.ts';
import type { LabHost } from '../lab/host.ts';
import { WORKERS_FILE } from '../plan-workers.ts';
import { endpoints, leaseOf, type Site } from '../workers/site.ts';

/** One end of the way between a worker and the hub, and all that there is to know of both. */
export interface WorkerScene {
  readonly role: 'hub' | 'worker';
  readonly victim: LabHost;
  /** Where its packets are counted, beside the victim. */
  readonly around: readonly LabHost[];
  /** The link of `internet` that the attacks start from, and the MAC of who is next there. */
  readonly wire: string;
  readonly wireMac: string;
  /** The endpoints of the packets that the other end sends. */
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The victim's secret MAC, which the attacker is given; and that of the other end, which he is not. */
  readonly victimMac: string;
  readonly peerMac: string;
  readonly vni: number;
  /** An inner source of the other end, and what of the victim and of those behind it it may ask. */
  readonly inner: string;
  /** What ARP may say of the other end. */
  readonly peerInner: string;
  readonly victimInner: string;
  readonly behind: string | undefined;
  /** What everybody can derive of the static links. */
  readonly static: { readonly vni: number; readonly mac: string; readonly peer: string };
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const ISLAND = loadIsland(WORKERS_FILE, 'r2lab.yaml');
const PORT = ISLAND.port;
/** Behind the hub. */
const HOST = '138.96.245.51';
const [FARADAY] = ISLAND.peers;

/** The hub attacked in the name of a worker, and the worker in the name of the hub. */
export async function workerScenes(
  site: Site,
  worker: LabHost,
): Promise<readonly [WorkerScene, WorkerScene]> {
  const { lab, hub } = site;
  const { inner, mac, hubMac } = await leaseOf(worker);
  const seen = (await endpoints(site)).findLast((each) => each.mac === mac);
  const [address = '', port] = (seen?.endpoint ?? '').split(' ');
  if (FARADAY === undefined || port === undefined) throw new Error(`${worker.name}: nobody has seen it`);
  const mapped = { address, port: Number(port) };
  const atHub = { address: ISLAND.hub.outer, port: PORT };
  const vni = workersVniOf(ISLAND);
  const known = { mac: macOf(ISLAND.name, ISLAND.hub), vni: vniOf(ISLAND), peer: FARADAY.outer };
  return [
    {
      ...{
        role: 'hub',
        victim: hub,
        around: ['sopnode-w1', 'worker2', 'internet'].map(lab.host),
        vni,
        static: known,
      },
      ...{ wire: 'cluster', wireMac: await macOn(hub, 'eth0'), from: mapped, to: atHub },
      ...{ victimMac: hubMac, peerMac: mac, inner, victimInner: ISLAND.hub.inner, behind: HOST },
      peerInner: inner,
    },
    {
      ...{ role: 'worker', victim: worker, around: [], vni, static: known },
      ...{ wire: 'isp', wireMac: await macOn(lab.host('home-nat'), 'wan'), from: atHub, to: mapped },
      ...{ victimMac: mac, peerMac: hubMac, inner: HOST, victimInner: inner, behind: undefined },
      peerInner: ISLAND.hub.inner,
    },
  ];
}

async function macOn(host: LabHost, link: string): Promise<string> {
  const [shown] = JSON.parse(await host.run(['ip', '-j', 'link', 'show', 'dev', link]));
  return shown.address;
}
