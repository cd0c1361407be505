import { startDaemon } from '../daemon.ts';
import { ISLAND, install, modelFile, mustIsland } from '../island.ts';
import type { LabHost, LabProcess } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { HUB } from './by-hand.ts';

/** What is special about the file of an island with workers. */
export interface WorkersFile {
  /** As the file says it, such as `8s`. */
  readonly keepalive: string;
  readonly forwardsWorkers?: boolean;
}

/** The file of the model network with room for a thousand workers. */
export function workersFile({ keepalive, forwardsWorkers = false }: WorkersFile): string {
  const model = modelFile('vxlan').replace('island: r2lab\n', 'island: r2lab\nsubnet: 10.3.0.0/16\n');
  return `${model}forwarding: { workers: ${forwardsWorkers} }
workers: { pool: 10.3.4.0/22, keepalive: ${keepalive} }
`;
}

/** A hub that serves, and the command with which its workers join. */
export interface ServingHub {
  readonly daemon: LabProcess;
  /** What is behind `island`, as `island token create` printed it. */
  readonly joinWords: readonly string[];
}

/** Joins those that have the file, starts `island serve` on the hub, and makes a token for any number of workers. */
export async function serveWorkers(lab: Lab, text: string, others: readonly string[]): Promise<ServingHub> {
  const hosts = [HUB.name, ...others].map(lab.host);
  await install(hosts, text);
  await Promise.all(hosts.map((host) => mustIsland(host, 'join')));
  const daemon = await startDaemon(lab.host(HUB.name));
  const printed = await mustIsland(lab.host(HUB.name), 'token', 'create', '--uses', 'unlimited');
  const words = printed.trim().split(' ');
  return { daemon, joinWords: words.slice(words.indexOf('island') + 1) };
}

/** A worker that has joined. */
export interface JoinedWorker {
  readonly host: LabHost;
  readonly inner: string;
  /** From the start of the process to its end. */
  readonly joinMs: number;
}

/** Runs the printed command on a worker, as whoever pasted it there. */
export async function joinWorker(host: LabHost, { joinWords }: ServingHub): Promise<JoinedWorker> {
  const { code, stdout, stderr, ms } = await host.exec([process.execPath, ISLAND, ...joinWords], {
    timeoutMs: 60_000,
  });
  if (code !== 0) throw new Error(`${host.name}: island join: exit ${code}\n${stdout}${stderr}`);
  return { host, inner: await innerOf(host), joinMs: ms };
}

/** The inner address that a worker has on its link. */
async function innerOf(host: LabHost): Promise<string> {
  const links: readonly Addressed[] = JSON.parse(await host.run(['ip', '-4', '-j', 'address', 'show']));
  const inner = links.find(({ ifname }) => ifname.startsWith('isl-'))?.addr_info[0]?.local;
  if (inner === undefined) throw new Error(`${host.name}: no inner address`);
  return inner;
}

interface Addressed {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string }[];
}
