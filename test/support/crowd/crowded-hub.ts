import { workersLinkOf } from '../../../src/model/worker.ts';
import { cpuMsOf, daemonsOn, startDaemon, stopDaemon } from '../daemon.ts';
import { install, modelFile, mustIsland } from '../island.ts';
import type { LabHost, LabProcess } from '../lab/host.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { modelNetwork } from '../lab/model-network.ts';
import { type NatSite, natSite } from '../nat/site.ts';
import { raiseSite, setMappingSeconds } from '../nat/site-lab.ts';
import { type Crowd, type Member, startCrowd } from './crowd.ts';

const HUB = { name: 'sopnode-l1', outer: '138.96.245.50', inner: '10.3.1.2', port: 10_310 } as const;
/** Room for a thousand, and more. */
export const CROWD_FILE = modelFile(
  'vxlan',
  'subnet: 10.3.0.0/16\nworkers: { pool: 10.3.64.0/20, keepalive: 20s }\n',
);

/** A hub that serves, and a crowd of workers behind one NAT that gives each flow a random port. */
export interface CrowdedHub {
  readonly host: LabHost;
  readonly crowd: Crowd;
  daemon(): LabProcess;
  /** Ends the daemon, or kills it, and starts another one; milliseconds until that is ready. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<number>;
  /** What a boot leaves: the files, and nothing in the kernel. Then the hub joins and serves; milliseconds until it is ready. */
  reboot(): Promise<number>;
  usage(): Promise<Usage>;
  kernel(): Promise<KernelState>;
  /** What the kernel of the hub must have of these workers, by the NAT's own account. */
  expected(members: readonly Member[]): Promise<KernelState>;
  close(): Promise<void>;
}

export interface Usage {
  /** Processor time of the daemon, its monitors and all that it ran. */
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakMb: number;
}

/** What a hub has of its workers, sorted; `seen` without what nobody knows beforehand. */
export interface KernelState {
  readonly fdb: readonly string[];
  readonly neighbours: readonly string[];
  readonly routes: readonly string[];
  readonly pairs: readonly string[];
  readonly seen: readonly string[];
}

export interface CrowdOptions {
  /** The bundle of program.ts. */
  readonly program: string;
  readonly atOnce?: number;
}

/** Builds the model network with the hub and the crowd in it; whoever asks for it closes it. */
export async function raiseCrowdedHub({ program, atOnce = 32 }: CrowdOptions): Promise<CrowdedHub> {
  const lab = await createLab();
  try {
    await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }));
    const site = natSite({ name: 'hall', shape: 'fully-random', number: 0, workers: 1 });
    await raiseSite(lab, site);
    // The crowd does not ask by itself, as the kernels of workers would.
    await setMappingSeconds(lab, site, 600);
    const host = lab.host(HUB.name);
    await install([host], CROWD_FILE);
    await mustIsland(host, 'join');
    const daemon = await startDaemon(host);
    const made = JSON.parse(await mustIsland(host, 'token', 'create', '--uses', 'unlimited', '--json'));
    const target = {
      ...{ hub: HUB.outer, port: HUB.port, hubInner: HUB.inner, token: String(made.token) },
      atOnce,
    };
    const crowd = startCrowd(lab.host(site.workers[0] ?? ''), program, target);
    return hubOf({ lab, site, host, crowd, daemon });
  } catch (error) {
    await lab.close();
    throw error;
  }
}

interface Parts {
  readonly lab: Lab;
  readonly site: NatSite;
  readonly host: LabHost;
  readonly crowd: Crowd;
  readonly daemon: LabProcess;
}

function hubOf({ lab, site, host, crowd, daemon: first }: Parts): CrowdedHub {
  let daemon = first;
  const start = async (before: () => Promise<unknown>) => {
    const started = performance.now();
    await before();
    daemon = await startDaemon(host);
    return performance.now() - started;
  };
  return {
    ...{ host, crowd, daemon: () => daemon, usage: () => usageOf(host) },
    async restart(signal) {
      if (signal === 'SIGTERM') await stopDaemon(daemon);
      else daemon.signal(signal);
      await daemon.exited;
      return start(async () => undefined);
    },
    async reboot() {
      daemon.signal('SIGKILL');
      await daemon.exited;
      await host.run(['sh', '-c', LOST_BY_A_BOOT]);
      return start(() => mustIsland(host, 'join'));
    },
    kernel: () => kernelOf(host),
    async expected(members) {
      const ports = await mappedPorts(lab.host(site.nats[0] ?? ''));
      return expectedOf(members, { outer: site.outer[0], ports });
    },
    close: () => lab.close(),
  };
}

const LOST_BY_A_BOOT = `
ip link delete group ${HUB.port}
ip rule flush protocol 110
ip route flush table ${HUB.port}
nft flush ruleset
rm -rf /run/island`;

async function usageOf(host: LabHost): Promise<Usage> {
  const daemon = (await daemonsOn(host)).find((line) => line.includes(' serve '))?.trim();
  const status = await host.run(['cat', `/proc/${daemon?.split(' ').at(-1)}/status`]);
  const megabytes = (key: string) =>
    Math.round(Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024);
  return { cpuMs: await cpuMsOf(host), rssMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
}

/** What the NAT has made of each source port. */
async function mappedPorts(nat: LabHost): Promise<ReadonlyMap<number, number>> {
  const listed = await nat.run(['conntrack', '-L', '-p', 'udp', '-d', HUB.outer]);
  const flows = listed.matchAll(/ sport=(\d+) .* dport=(\d+)/g);
  return new Map([...flows].map(([, sport, mapped]) => [Number(sport), Number(mapped)]));
}

interface Outside {
  readonly outer: string;
  readonly ports: ReadonlyMap<number, number>;
}

function expectedOf(members: readonly Member[], { outer, ports }: Outside): KernelState {
  const all = (line: (member: Member, mapped: number | undefined) => string) =>
    members.map((member) => line(member, ports.get(member.port))).toSorted();
  return {
    fdb: all(({ mac }, mapped) => `${mac} ${outer} ${mapped}`),
    neighbours: all(({ inner, mac }) => `${inner} ${mac}`),
    routes: all(({ inner }) => inner),
    pairs: all(({ mac, inner }) => `${numberOf(mac)} ${addressNumber(inner)}`),
    seen: all(({ mac }, mapped) => `${numberOf(mac)} ${outer} ${mapped}`),
  };
}

async function kernelOf(host: LabHost): Promise<KernelState> {
  const link = workersLinkOf('r2lab');
  const json = async (...argv: readonly string[]) => JSON.parse(await host.run(argv));
  const [fdb, neighbours, routes, pairs, seen] = await Promise.all([
    json('bridge', '-j', 'fdb', 'show', 'dev', link),
    json('ip', '-4', '-j', 'neigh', 'show', 'dev', link, 'nud', 'permanent'),
    json('ip', '-4', '-j', 'route', 'show', 'table', String(HUB.port), 'dev', link),
    json('nft', '-j', 'list', 'set', 'inet', 'island-r2lab', 'worker-pairs-32'),
    json('nft', '-j', 'list', 'set', 'inet', 'island-r2lab', 'seen'),
  ]);
  type Entry = Readonly<Record<string, string>>;
  return {
    fdb: fdb.map(({ mac, dst, port }: Entry) => `${mac} ${dst} ${port}`).toSorted(),
    neighbours: neighbours.map(({ dst, lladdr }: Entry) => `${dst} ${lladdr}`).toSorted(),
    routes: routes.map(({ dst }: Entry) => dst).toSorted(),
    ...{ pairs: elementsOf(pairs), seen: elementsOf(seen) },
  };
}

interface Listing {
  readonly nftables: readonly { readonly set?: { readonly elem?: readonly Element[] } }[];
}

interface Concat {
  readonly concat: readonly (string | number)[];
}

type Element = Concat | { readonly elem: { readonly val: Concat } };

function elementsOf({ nftables }: Listing): string[] {
  return nftables
    .flatMap(({ set }) => set?.elem ?? [])
    .map((element) => ('elem' in element ? element.elem.val : element).concat.join(' '))
    .toSorted();
}

/** As nft lists what it reads at an offset. */
function numberOf(mac: string): number {
  return Number(`0x${mac.replaceAll(':', '')}`);
}

function addressNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
