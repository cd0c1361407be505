import { startDaemon } from './daemon.ts';
import { HUB_LINES, ISLAND, install, mustIsland } from './island.ts';
import { AGENT_PORT, type Reply } from './lab/agent-protocol.ts';
import type { LabHost, LabProcess } from './lab/host.ts';
import { createLab, type Lab } from './lab/lab.ts';
import { modelNetwork } from './lab/model-network.ts';
import type { Outcome } from './lab/namespace.ts';
import { natSite } from './nat/site.ts';
import { raiseSite } from './nat/site-lab.ts';
import { stateOf } from './state.ts';

export const HUB = '138.96.245.50';
const REGISTER = '/var/lib/island/r2lab/workers.json';

/** The model network with workers; of its hosts the file names one on each network, the others join by their address. */
export const WORKERS_FILE = `island: r2lab
link: vxlan
${HUB_LINES}peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.3.0/24, gateway: 192.168.3.100 }
hosts:
  - { name: fit01, address: 192.168.3.1 }
  - { name: sopnode-w2, address: 138.96.245.52, routes: [10.244.160.0/24] }
forwarding: { workers: true }
workers: { pool: 10.3.1.64/26, keepalive: 8s, routes: [10.244.0.0/18] }
`;

/** Where `open-w1` is. */
export const OPEN = natSite({ name: 'open', shape: 'none', number: 2, workers: 1 });

/** A hub that serves, a gateway with a LAN, and workers that have not joined yet. */
export interface WorkersLab {
  readonly lab: Lab;
  readonly hub: LabHost;
  readonly daemon: LabProcess;
  /** Good for any number of joins. */
  readonly token: string;
}

/** `home-w1`, … behind a NAT that changes every port, and `open-w1` with a public address. */
export async function raiseWorkersLab(workers: number, text = WORKERS_FILE): Promise<WorkersLab> {
  const lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1, 2, 7], clusterHosts: 1, pdu: false }));
  await raiseSite(lab, natSite({ name: 'home', shape: 'fully-random', number: 1, workers }));
  await raiseSite(lab, OPEN);
  const hub = lab.host('sopnode-l1');
  const ends = [hub, lab.host('faraday')];
  await install(ends, text);
  await Promise.all(ends.map((host) => mustIsland(host, 'join')));
  const daemon = await startDaemon(hub);
  return { lab, hub, daemon, token: await tokenFrom(hub, '--uses', 'unlimited') };
}

/** What `island token create` prints behind --token. */
export async function tokenFrom(hub: LabHost, ...options: readonly string[]): Promise<string> {
  const printed = await mustIsland(hub, 'token', 'create', ...options);
  return /--token (\S+)/.exec(printed)?.[1] ?? '';
}

/** `island join` with a token, as it was pasted there. */
export function joinWith(host: LabHost, token: string, ...options: readonly string[]): Promise<Outcome> {
  return host.exec([process.execPath, ISLAND, 'join', '--hub', HUB, '--token', token, ...options], {
    timeoutMs: 60_000,
  });
}

/** The same where it has to succeed; the inner address of the worker. */
export async function mustJoinWith(
  host: LabHost,
  token: string,
  ...options: readonly string[]
): Promise<string> {
  const { code, stdout, stderr } = await joinWith(host, token, ...options);
  if (code !== 0) throw new Error(`${host.name}: island join: exit ${code}\n${stdout}${stderr}`);
  return (await leaseOn(host))?.inner ?? '';
}

/** What a worker was leased. */
export interface KeptLease {
  readonly name: string;
  readonly inner: string;
  readonly mac: string;
  readonly key: string;
}

export async function leaseOn(host: LabHost): Promise<KeptLease | undefined> {
  const text = await host.readFile('/var/lib/island/r2lab/lease.json').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** All that the hub has handed out, as it stands on its disk. */
export function registerOf(hub: LabHost): Promise<string> {
  return hub.readFile(REGISTER);
}

/** Names and what they hold, such as `w1 10.3.1.64 held`. */
export async function leasesOf(hub: LabHost): Promise<string[]> {
  const { leases }: { readonly leases: readonly Leased[] } = JSON.parse(await registerOf(hub));
  return leases.map(({ name, inner, holder }) => `${name} ${inner} ${holder ? 'held' : 'reserved'}`);
}

interface Leased {
  readonly name: string;
  readonly inner: string;
  readonly holder?: object;
}

/** Opens a connection to the agent there; `saw` is what that had for our address. */
export async function visit(
  from: LabHost,
  to: LabHost,
  {
    address,
    deadlineMs = 5000,
    source,
  }: { readonly address: string; readonly deadlineMs?: number; readonly source?: string },
): Promise<Reply> {
  const [agent] = await Promise.all([from.agent(), to.agent()]);
  const target = { address, port: AGENT_PORT, ...(source !== undefined && { from: source }) };
  const [reply] = await agent.ask({ op: 'probe', targets: [target], deadlineMs });
  if (reply === undefined) throw new Error('the agent left out a target');
  return reply;
}

/** How a join ended that should be refused, and what there was before and after it on the host and at the hub. */
export async function refusedOn(host: LabHost, hub: LabHost, join: () => Promise<Outcome>) {
  const look = async () => ({ host: await stateOf(host), register: await registerOf(hub) });
  const before = await look();
  const { code, stdout, stderr } = await join();
  return { before, after: await look(), code, said: `${stdout}${stderr}` };
}

/**
 * Pulls the plug of a host and starts it again: another kernel state, the same disk. What the lab configured is
 * there again, as its own network setup would see to.
 */
export async function reboot(lab: Lab, name: string): Promise<LabHost> {
  const old = lab.host(name);
  const paths = (await old.run(['find', ...DISK, '-type', 'f'])).trim().split('\n');
  const files = await Promise.all(paths.map(async (path) => [path, await old.readFile(path)] as const));
  await lab.remove(name);
  await lab.raise({ hosts: { [name]: old.plan } });
  const host = lab.host(name);
  await Promise.all(files.map(([path, text]) => host.writeFile(path, text, 0o600)));
  return host;
}

const DISK = ['/etc/island', '/etc/machine-id', '/var/lib/island'];
