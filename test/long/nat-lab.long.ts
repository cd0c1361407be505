import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AGENT_PORT, type Target } from '../support/lab/agent-protocol.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import {
  HUB,
  type Joiner,
  joinWorkersByHand,
  KEPT_SECONDS,
  keepMapping,
  neglectMapping,
  PORT,
} from '../support/nat/by-hand.ts';
import { sourcesSeen, watchSources } from '../support/nat/eyes.ts';
import type { NatShape } from '../support/nat/shapes.ts';
import { type NatSite, natSite } from '../support/nat/site.ts';
import { changeOuter, passSeconds, raiseSite, setMappingSeconds } from '../support/nat/site-lab.ts';

const SHAPES: Readonly<Record<NatShape, string>> = {
  none: 'open',
  masquerade: 'masq',
  'fully-random': 'random',
  'port-restricted': 'mapped',
  symmetric: 'symmetric',
  'two NATs': 'double',
};

/** The model network with a site of each shape. */
async function raiseSites(workers: number): Promise<{ lab: Lab; sites: NatSite[] }> {
  const lab = await createLab();
  const sites = Object.entries(SHAPES).map(([shape, name], number) =>
    natSite({ name, shape: shape as NatShape, number, workers }),
  );
  await lab.raise(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }));
  await Promise.all(sites.map((site) => raiseSite(lab, site)));
  return { lab, sites };
}

const ASKED_FROM = 5000;
const SECOND_HOST = '138.96.245.51';

/** Where a host sees what a worker sends from one port, as `address:port`, or nothing. */
async function seenAt(
  lab: Lab,
  worker: string | undefined,
  target: Omit<Target, 'port'>,
): Promise<string | undefined> {
  const agent = await lab.host(worker ?? '').agent();
  const targets = [{ port: AGENT_PORT, fromPort: ASKED_FROM, ...target }];
  const [reply] = await agent.ask({ op: 'probe', targets, deadlineMs: 2000 });
  return reply?.ok ? `${reply.saw}:${reply.sawPort}` : undefined;
}

describe('a NAT of the lab', () => {
  let lab: Lab;
  let site: Readonly<Record<NatShape, NatSite>>;
  beforeAll(async () => {
    const raised = await raiseSites(2);
    lab = raised.lab;
    site = Object.fromEntries(raised.sites.map((each) => [each.shape, each])) as typeof site;
    await Promise.all([HUB.name, 'sopnode-w1'].map((name) => lab.host(name).agent()));
  });
  afterAll(() => lab?.close());

  test.each([
    ['none', { keepsPort: true, samePort: true, sameAddress: true }],
    ['masquerade', { keepsPort: true, samePort: true, sameAddress: true }],
    ['fully-random', { keepsPort: false, samePort: false, sameAddress: true }],
    ['port-restricted', { keepsPort: false, samePort: true, sameAddress: true }],
    ['symmetric', { keepsPort: false, samePort: false, sameAddress: false }],
    ['two NATs', { keepsPort: false, samePort: false, sameAddress: true }],
  ] as const)('translates as it is called: %s', async (shape, traits) => {
    const { workers, outer } = site[shape];
    const first = await seenAt(lab, workers[0], { address: HUB.outer, protocol: 'udp' });
    const second = await seenAt(lab, workers[0], { address: SECOND_HOST, protocol: 'udp' });
    const tcp = await seenAt(lab, workers[0], { address: HUB.outer, protocol: 'tcp' });
    const [address, port] = first?.split(':') ?? [];
    expect(address).toBe(outer[0]);
    expect({
      keepsPort: port === String(ASKED_FROM),
      samePort: first === second,
      sameAddress: tcp?.split(':')[0] === address,
    }).toEqual(traits);
  });

  test('which keeps ports gives the second worker another one', async () => {
    const [first, second] = await Promise.all(
      site.masquerade.workers.map((worker) => seenAt(lab, worker, { address: HUB.outer, protocol: 'udp' })),
    );
    const ports = [first, second].map((seen) => seen?.split(':')[1]);
    expect(ports.filter((port) => port === String(ASKED_FROM))).toHaveLength(1);
    expect(new Set(ports).size).toBe(2);
  });

  test.each(Object.keys(SHAPES) as NatShape[])(
    'lets in what was asked for and nothing else: %s',
    async (shape) => {
      const worker = lab.host(site[shape].workers[0] ?? '');
      await worker.run(['nft', '-f', '-'], { input: COUNTING });
      const seen = await seenAt(lab, worker.name, { address: HUB.outer, protocol: 'udp' });
      const [address = '', port] = seen?.split(':') ?? [];
      // Another port of the same host, and another host.
      for (const name of [HUB.name, 'sopnode-w1']) {
        const targets = [{ address, port: Number(port), fromPort: 7008, protocol: 'udp' as const }];
        await (await lab.host(name).agent()).ask({ op: 'probe', targets, deadlineMs: 100 });
      }
      const counted = await worker.run(['nft', 'list', 'table', 'ip', 'counting']);
      expect(counted).toMatch(` packets ${shape === 'none' ? 3 : 1} `);
    },
  );

  test('forgets a flow when it was quiet for long enough, and not before', async () => {
    const { workers } = site['fully-random'];
    const ask = () => seenAt(lab, workers[1], { address: HUB.outer, protocol: 'udp' });
    const first = await ask();
    await passSeconds(lab, site['fully-random'], 25);
    const second = await ask();
    await passSeconds(lab, site['fully-random'], 25);
    await passSeconds(lab, site['fully-random'], 25);
    expect([second === first, (await ask()) === first]).toEqual([true, false]);
  });
});

const COUNTING = `table ip counting {
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport ${ASKED_FROM} counter
  }
}
`;

/** What the product's own commands are not tried with (nat.test.ts): without one of the pieces nothing crosses. */
describe('a tunnel by hand through every NAT of the lab', () => {
  let lab: Lab;
  let sites: NatSite[];
  let joiner: Joiner;
  const inner = new Map<string, string>();

  beforeAll(async () => {
    ({ lab, sites } = await raiseSites(2));
    await watchSources(lab, PORT);
    joiner = await joinWorkersByHand(lab);
    for (const site of sites) await setMappingSeconds(lab, site, KEPT_SECONDS);
  });
  afterAll(async () => {
    await joiner?.close();
    await lab?.close();
  });

  /** Names of the workers that a host does not reach, with packets as large as the link takes. */
  async function lostFrom(name: string, packet = 1450): Promise<string[]> {
    const targets = [...inner.values()].map((address) => ({ address, packet }));
    const replies = await (await lab.host(name).agent()).ask({ op: 'ping', targets, deadlineMs: 1000 });
    return [...inner.keys()].filter((_, index) => !replies[index]?.ok).toSorted();
  }

  /** Names of the workers that do not reach an address. */
  async function lostTo(address: string): Promise<string[]> {
    const ping = ['ping', '-n', '-q', '-c', '1', '-W', '2', '-M', 'do', '-s', '1422', address];
    const ends = await Promise.all(
      [...inner.keys()].map(async (name) => [name, await lab.host(name).exec(ping)] as const),
    );
    return ends.flatMap(([name, { code }]) => (code === 0 ? [] : [name]));
  }

  test('workers and the others reach each other, both ways, also through the hub', async () => {
    const names = sites.flatMap(({ workers }) => workers);
    await Promise.all(names.map(async (name) => inner.set(name, await joiner.raiseWorker(lab.host(name)))));
    expect(await lostFrom(HUB.name)).toEqual([]);
    expect(await lostFrom('fit01')).toEqual([]);
    expect(await lostTo(HUB.outer)).toEqual([]);
    expect(await lostTo('192.168.3.1')).toEqual([]);
  });

  test('the hub sees one source for each, at the address of its NAT', async () => {
    const seen = await sourcesSeen(lab);
    for (const { shape, outer, workers } of sites.filter((site) => site.shape !== 'none')) {
      const ports = seen.filter(({ source }) => source === outer[0]);
      expect([shape, ports.length]).toEqual([shape, workers.length]);
    }
  });

  test('a worker stays in reach while all is quiet, but not when nobody keeps its mapping open', async () => {
    const neglected = sites.flatMap(({ shape, workers }) => (shape === 'none' ? [] : workers.slice(0, 1)));
    await Promise.all(neglected.map((name) => neglectMapping(lab.host(name))));
    await delay(1.5 * KEPT_SECONDS * 1000);
    expect(await lostFrom(HUB.name)).toEqual(neglected.toSorted());
    await Promise.all(neglected.map((name) => keepMapping(lab.host(name))));
    await vi.waitFor(async () => expect(await lostFrom(HUB.name)).toEqual([]), { timeout: 5000 });
  });

  test('nobody comes back while nobody learns', async () => {
    await joiner.close();
    await Promise.all(sites.map((site) => changeOuter(lab, site)));
    await delay(KEPT_SECONDS * 1000);
    const alone = sites.flatMap(({ shape, workers }) => (shape === 'none' ? workers.slice(0, 1) : workers));
    expect(await lostFrom(HUB.name)).toEqual(alone.toSorted());
  });
});

test('vxlan as CNIs have it crosses no NAT', async () => {
  const { lab, sites } = await raiseSites(1);
  let joiner: Joiner | undefined;
  try {
    joiner = await joinWorkersByHand(lab, { carrier: 'cni' });
    const workers = sites.flatMap((site) => site.workers.map((name) => lab.host(name)));
    for (const worker of workers) await joiner.raiseWorker(worker);
    const pings = await Promise.all(
      workers.map((worker) => worker.exec(['ping', '-n', '-c', '2', '-W', '1', HUB.outer])),
    );
    expect(pings.map(({ code }) => code)).toEqual([0, 1, 1, 1, 1, 1]);
  } finally {
    await joiner?.close();
    await lab.close();
  }
});
