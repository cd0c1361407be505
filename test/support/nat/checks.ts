import { AGENT_PORT, type Reply } from '../lab/agent-protocol.ts';
import type { Lab } from '../lab/lab.ts';
import { vxlanLinksOf } from '../redirects.ts';
import { HUB } from './by-hand.ts';
import type { JoinedWorker } from './island-site.ts';

/** A host of the hub's network, by the address that it has itself. */
export const NEIGHBOUR = { name: 'sopnode-w1', address: '138.96.245.51' } as const;

/** Where the hub and every worker redirect from, as for a Kubernetes NodePort. */
const NODE_PORT = 30080;
const SECOND_ADDRESS = '172.31.7.1';
const FULL_SIZE = 1450;
const DEADLINE_MS = 4000;
const MB = 1_000_000;

/** The hub redirects a port of its inner address to the host of its network. */
export async function redirectAtHub(lab: Lab): Promise<void> {
  await lab.host(HUB.name).run(['nft', '-f', '-'], {
    input: redirectOf(HUB.inner, `${NEIGHBOUR.address}:${AGENT_PORT}`),
  });
}

/** A worker redirects the port to another address of its own, and the hub a port of its outer address to the worker. */
export async function redirectAtWorker(lab: Lab, { host, inner }: JoinedWorker): Promise<void> {
  const rule = `ip daddr ${HUB.outer} tcp dport ${portOf(inner)} dnat to ${inner}:${AGENT_PORT}`;
  await lab.host(HUB.name).run(['nft', `add rule ip node-port prerouting ${rule}`]);
  await host.ip([`address add ${SECOND_ADDRESS}/32 dev lo`]);
  await host.run(['nft', '-f', '-'], { input: redirectOf(inner, `${SECOND_ADDRESS}:${AGENT_PORT}`) });
}

/** The port of the hub's that leads to the worker: one for each inner address. */
function portOf(inner: string): number {
  const [, , third, last] = inner.split('.').map(Number);
  return 31_000 + 256 * ((third ?? 0) % 4) + (last ?? 0);
}

function redirectOf(from: string, to: string): string {
  return `table ip node-port {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${from} tcp dport ${NODE_PORT} dnat to ${to}
  }
}
`;
}

/** What is wrong with what a worker with an agent and the hub's network send each other, in words; [] is right. */
export async function connectionFaults(lab: Lab, { host, inner }: JoinedWorker): Promise<string[]> {
  const [worker, neighbour] = await Promise.all([host.agent(), lab.host(NEIGHBOUR.name).agent()]);
  const [out, into] = await Promise.all([
    worker.ask({
      op: 'probe',
      targets: [
        { address: NEIGHBOUR.address, port: AGENT_PORT },
        { address: HUB.inner, port: NODE_PORT },
      ],
      deadlineMs: DEADLINE_MS,
    }),
    neighbour.ask({
      op: 'probe',
      targets: [
        { address: inner, port: AGENT_PORT },
        { address: inner, port: NODE_PORT },
        { address: HUB.outer, port: portOf(inner) },
      ],
      deadlineMs: DEADLINE_MS,
    }),
  ]);
  const faults = [
    ...out.map((reply, index) => ({ reply, what: index === 0 ? 'out' : 'out, redirected', source: inner })),
    ...into.map((reply, index) => ({
      ...{ reply, what: IN[index], source: NEIGHBOUR.address },
    })),
  ].flatMap(({ reply, what, source }) =>
    reply.saw === source
      ? []
      : [`${host.name}: TCP ${what}: ${reply.ok ? `seen as ${reply.saw}` : reply.error}`],
  );
  return faults;
}

const IN = ['in', 'in, redirected by the worker', 'in, redirected by the hub'];

/** Bytes through the redirections, both ways, after which every size of segment has been there. */
export async function redirectedBulkFaults(lab: Lab, { host, inner }: JoinedWorker): Promise<string[]> {
  const [worker, neighbour] = await Promise.all([host.agent(), lab.host(NEIGHBOUR.name).agent()]);
  const amount = { upload: MB, download: MB, deadlineMs: 15_000 };
  const replies = await Promise.all([
    worker.ask({ op: 'transfer', address: HUB.inner, port: NODE_PORT, ...amount }),
    neighbour.ask({ op: 'transfer', address: inner, port: NODE_PORT, ...amount }),
    neighbour.ask({ op: 'transfer', address: HUB.outer, port: portOf(inner), ...amount }),
  ]);
  return replies.flatMap(({ ok, error }, index) =>
    ok ? [] : [`${host.name}: redirected bytes ${['out', ...IN.slice(1)][index]}: ${error}`],
  );
}

/** How bytes got through, and at which rate. */
export interface Bulk {
  readonly faults: readonly string[];
  readonly ms: number;
}

/** So many megabytes each way between the worker and the host of the hub's network. */
export async function bulk({ host }: JoinedWorker, megabytes: number): Promise<Bulk> {
  const bytes = megabytes * MB;
  const { ok, ms, error, uploaded, downloaded } = await (await host.agent()).ask({
    ...{ op: 'transfer', address: NEIGHBOUR.address, port: AGENT_PORT },
    ...{ upload: bytes, download: bytes, deadlineMs: 60_000 },
  });
  const faults = ok ? [] : [`${host.name}: ${megabytes} MB: ${error}, ${uploaded} up, ${downloaded} down`];
  return { faults, ms };
}

/** The workers that the hub does not reach with packets as large as the link takes, which may not be fragmented. */
export async function unreachedFromHub(lab: Lab, workers: readonly JoinedWorker[]): Promise<string[]> {
  const agent = await lab.host(HUB.name).agent();
  const targets = workers.map(({ inner }) => ({ address: inner, packet: FULL_SIZE }));
  const replies: Reply[] = [];
  for (let at = 0; at < targets.length; at += PINGED_AT_ONCE) {
    const some = targets.slice(at, at + PINGED_AT_ONCE);
    replies.push(...(await agent.ask({ op: 'ping', targets: some, deadlineMs: 2000 })));
  }
  const lost = workers.filter((_, index) => replies[index]?.ok !== true);
  return Promise.all(
    lost.map(async (worker) => {
      return `${worker.host.name}: full-size packet from the hub, ${await endpointOf(lab, worker)}`;
    }),
  );
}

/**
 * Every ping has a raw socket, which hears the answers to all of them; its buffer (65 536 bytes unless told, doubled by
 * the kernel) holds some fifty of this size, and on a busy machine its own may be one too many.
 */
const PINGED_AT_ONCE = 40;

/** Where the hub sends what is for a worker, and where it has seen it. */
async function endpointOf(lab: Lab, { host }: JoinedWorker): Promise<string> {
  const hub = lab.host(HUB.name);
  const [link] = await vxlanLinksOf(host);
  const mac = link?.address ?? '';
  const fdb = (await hub.run(['bridge', 'fdb', 'show'])).split('\n').filter((line) => line.startsWith(mac));
  const seen = await hub.run(['nft', 'list', 'set', 'inet', 'island-r2lab', 'seen']);
  const number = BigInt(`0x${mac.replaceAll(':', '')}`).toString(16);
  const sightings = seen.split('\n').filter((line) => line.includes(`0x${number} `));
  return `sent by ${fdb}, seen ${sightings.map((line) => line.trim())}`;
}

/** The same, from a worker to the host of the hub's network. */
export async function fullSizeFaults({ host }: JoinedWorker): Promise<string[]> {
  const size = String(FULL_SIZE - 28);
  const ping = ['ping', '-n', '-q', '-c', '1', '-W', '2', '-M', 'do', '-s', size, NEIGHBOUR.address];
  const { code } = await host.exec(ping);
  return code === 0 ? [] : [`${host.name}: full-size packet from the worker`];
}
