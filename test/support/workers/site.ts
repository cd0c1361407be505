import { parseSeen } from '../../../src/host/endpoints.ts';
import { workersLinkOf } from '../../../src/model/worker.ts';
import { within } from '../daemon.ts';
import { ISLAND, install, mustIsland } from '../island.ts';
import type { LabHost, LabProcess } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { RunOptions } from '../lab/namespace.ts';
import { WORKERS_FILE } from '../plan-workers.ts';

/** The hub of the model network with its daemon, and a token with which any number of workers join. */
export interface Site {
  readonly lab: Lab;
  readonly hub: LabHost;
  /** The one that runs now. */
  daemon(): LabProcess;
  /** Starts one, in place of one that has ended. */
  serve(): Promise<LabProcess>;
  /** `<id>.<key>`. */
  readonly token: string;
}

const ISLAND_NAME = 'r2lab';
export const HUB_OUTER = '138.96.245.50';
/** Where a host keeps what outlives a boot. */
export const ISLAND_FOLDER = `/var/lib/island/${ISLAND_NAME}`;

/** Joins the hub of a lab that has the model network, and serves there. */
export async function serveWorkers(lab: Lab, options: Pick<RunOptions, 'env'> = {}): Promise<Site> {
  const hub = lab.host('sopnode-l1');
  await install([hub], WORKERS_FILE);
  await mustIsland(hub, 'join');
  const start = async () => {
    const daemon = hub.start([process.execPath, ISLAND, 'serve'], options);
    await daemon.outputMatching(/"msg":"ready"/, 20_000);
    return daemon;
  };
  let running = await start();
  const created = await mustIsland(hub, 'token', 'create', '--uses', 'unlimited', '--json');
  return {
    ...{ lab, hub, token: JSON.parse(created).token },
    daemon: () => running,
    serve: async () => {
      running = await start();
      return running;
    },
  };
}

/** Joins as a new worker does: what it prints. */
export async function joinWorker(
  { token }: Site,
  host: LabHost,
  ...args: readonly string[]
): Promise<string> {
  await host.writeFile('/run/token', `${token}\n`, 0o600);
  return mustIsland(host, ...joinArgs(host.name), ...args);
}

/** What a worker types that has its token in a file. */
export function joinArgs(name: string): string[] {
  return ['join', '--hub', HUB_OUTER, '--name', name, '--token', 'file:/run/token'];
}

/** What the hub gave a worker. */
export interface LeaseFile {
  readonly inner: string;
  readonly mac: string;
  readonly hubMac: string;
  readonly key: string;
}

/** From the file that only root can read. */
export async function leaseOf(host: LabHost): Promise<LeaseFile> {
  return JSON.parse(await host.readFile(`${ISLAND_FOLDER}/lease.json`));
}

/** What of the hub's kernel and register tells of workers; times and numbers of packets are not in it. */
export interface HubState {
  readonly fdb: readonly string[];
  readonly neighbours: readonly string[];
  readonly routes: readonly string[];
  readonly pairs: readonly string[];
  readonly seen: readonly string[];
}

export async function hubState({ hub }: Pick<Site, 'hub'>): Promise<HubState> {
  const link = workersLinkOf(ISLAND_NAME);
  const [fdb, neighbours, routes, sets] = await Promise.all([
    hub.run(['bridge', 'fdb', 'show', 'dev', link]),
    hub.run(['ip', 'neigh', 'show', 'dev', link]),
    hub.run(['ip', 'route', 'show', 'table', '10310']),
    hub.run(['nft', '-j', 'list', 'sets', 'inet']),
  ]);
  const { nftables } = JSON.parse(sets) as Listing;
  const pairs = nftables.flatMap(({ set }) =>
    set?.name.startsWith('worker-pairs') === true ? (set.elem ?? []) : [],
  );
  return {
    fdb: linesOf(fdb),
    neighbours: linesOf(neighbours),
    routes: linesOf(routes),
    pairs: pairs.map((pair) => JSON.stringify(pair)).toSorted(),
    seen: (await endpoints({ hub })).map(({ mac, endpoint }) => `${mac} ${endpoint}`).toSorted(),
  };
}

interface Listing {
  readonly nftables: readonly {
    readonly set?: { readonly name: string; readonly elem?: readonly unknown[] };
  }[];
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .toSorted();
}

/** Where the guard saw packets of workers come from. */
export async function endpoints({
  hub,
}: Pick<Site, 'hub'>): Promise<readonly { readonly mac: string; readonly endpoint: string }[]> {
  const listed = await hub.run(['nft', '-j', 'list', 'set', 'inet', `island-${ISLAND_NAME}`, 'seen']);
  return parseSeen(listed).map(({ mac, address, port }) => ({ mac, endpoint: `${address} ${port}` }));
}

/** Resolves when a host gets an answer from another; how long it took. */
export function reached(host: LabHost, address: string, ms = 5000): Promise<number> {
  return within(ms, `${host.name} reaches ${address}`, async () => {
    const { code } = await host.exec(['ping', '-n', '-c', '1', '-W', '0.3', address]);
    return code === 0;
  });
}
