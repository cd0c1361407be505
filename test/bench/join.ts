import { logOf, startDaemon, within } from '../support/daemon.ts';
import { install, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { HUB, type Joiner, joinWorkersByHand } from '../support/nat/by-hand.ts';
import { natSite } from '../support/nat/site.ts';
import { raiseSite } from '../support/nat/site-lab.ts';
import { medians } from './measure.ts';
import { atMost, formatMs, type Row } from './report.ts';

const RUNS = 9;

/**
 * From the start of `island join --hub --token` on a worker behind a NAT until a ping has gone each way, and by hand:
 * the same links, neighbours, routes and sets on both ends, and a loop that reads where the worker is.
 */
export async function measureJoin(): Promise<readonly Row[]> {
  const [ours, theirs] = [await raise(), await raise()];
  let joiner: Joiner | undefined;
  try {
    const joined = await islandIn(ours);
    joiner = await joinWorkersByHand(theirs.lab);
    const hand = handIn(theirs, joiner);
    const parts = new Map<string, number[]>();
    const took = await medians(RUNS, {
      join: async () => {
        const { ms, parts: each } = await joined();
        for (const [name, value] of each) parts.set(name, [...(parts.get(name) ?? []), value]);
        return ms;
      },
      hand,
      node: () => timeOf(ours.worker, [process.execPath, '-e', '0']),
    });
    return [
      {
        measure: 'island join --hub --token, until a ping went each way',
        value: formatMs(took.join),
        peer: `${(took.join / took.hand).toFixed(1)} x ${formatMs(took.hand)} by hand`,
        target: atMost(1.5, took.join / 1000, ' s'),
        runs: RUNS,
      },
      ...[...parts].map(([name, values]) => rowOf(name, { values: values.slice(1), node: took.node })),
    ];
  } finally {
    await joiner?.close();
    await Promise.all([ours, theirs].map(({ lab }) => lab.close()));
  }
}

function rowOf(name: string, { values, node }: { values: readonly number[]; node: number }): Row {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const peer = name === STARTED ? { peer: `${formatMs(node)}: node -e 0` } : {};
  return { measure: `of it, ${name}`, value: formatMs(middle), ...peer, runs: values.length };
}

const STARTED = 'until the hub has answered hello: Node, a look at the kernel, TLS';

interface Site {
  readonly lab: Lab;
  readonly hub: LabHost;
  readonly worker: LabHost;
}

async function raise(): Promise<Site> {
  const lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }));
  const site = natSite({ name: 'home', shape: 'fully-random', number: 0, workers: 1 });
  await raiseSite(lab, site);
  return { lab, hub: lab.host(HUB.name), worker: lab.host(site.workers[0] ?? '') };
}

interface Timed {
  readonly ms: number;
  /** What it is made of, in the order in which it happens. */
  readonly parts: ReadonlyMap<string, number>;
}

async function islandIn({ hub, worker }: Site): Promise<() => Promise<Timed>> {
  await install([hub], modelFile('vxlan', 'workers: { pool: 10.3.1.64/26 }\n'));
  await mustIsland(hub, 'join');
  const daemon = await startDaemon(hub);
  const made = JSON.parse(await mustIsland(hub, 'token', 'create', '--uses', 'unlimited', '--json'));
  await worker.writeFile('/etc/token', `${made.token}\n`, 0o600);
  return async () => {
    const before = logOf(daemon).length;
    const started = Date.now();
    await mustIsland(worker, 'join', '--hub', HUB.outer, '--token', 'file:/etc/token');
    const joined = Date.now();
    const lease = JSON.parse(await worker.readFile('/var/lib/island/r2lab/lease.json'));
    const pinging = performance.now();
    await pingBoth({ hub, worker }, lease.inner);
    const pingMs = performance.now() - pinging;
    await within(1000, 'the log', () => logOf(daemon).slice(before).some(isLearned));
    const parts = partsOf(daemon, { before, started, joined, pingMs });
    await mustIsland(worker, 'leave');
    return { ms: joined - started + pingMs, parts };
  };
}

interface Moments {
  /** Lines of the hub's log before it began. */
  readonly before: number;
  readonly started: number;
  readonly joined: number;
  readonly pingMs: number;
}

/** By the hub's own log, whose clock is the same. */
function partsOf(daemon: LabProcess, { before, started, joined, pingMs }: Moments): Timed['parts'] {
  const lines = logOf(daemon).slice(before);
  const find = (what: string, isIt: (line: Record<string, unknown>) => boolean) => {
    const line = lines.find(isIt);
    if (line === undefined) throw new Error(`the hub has not logged ${what}:\n${daemon.output()}`);
    return { at: Date.parse(String(line['time'])), spentMs: Number(line['spentMs']) };
  };
  const hello = find('hello', ({ call }) => call === 'hello');
  const join = find('join', ({ call }) => call === 'join');
  const learned = find('where', isLearned);
  return new Map([
    [STARTED, hello.at - started],
    ['until the hub has the request to join: the plan, another TLS', join.at - join.spentMs - hello.at],
    ['at the hub: the lease on the disk, its kernel', join.spentMs],
    ['until the hub knows where: the kernel of the worker, its first packet', learned.at - join.at],
    ['until the worker has seen an answer, and is done', joined - learned.at],
    ['a ping each way', pingMs],
  ]);
}

function isLearned({ msg }: Record<string, unknown>): boolean {
  return msg === 'learned where workers are';
}

function handIn({ hub, worker }: Site, joiner: Joiner): () => Promise<number> {
  return async () => {
    const started = performance.now();
    const inner = await joiner.raiseWorker(worker);
    await pingBoth({ hub, worker }, inner);
    const ms = performance.now() - started;
    await joiner.leaveWorker(worker);
    return ms;
  };
}

async function pingBoth({ hub, worker }: Omit<Site, 'lab'>, inner: string): Promise<void> {
  const ping = (to: string) => ['ping', '-c', '1', '-W', '2', to];
  await Promise.all([hub.run(ping(inner)), worker.run(ping(HUB.inner))]);
}

async function timeOf(host: LabHost, argv: readonly string[]): Promise<number> {
  return (await host.exec(argv)).ms;
}
