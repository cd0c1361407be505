import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, stopDaemon } from '../support/daemon.ts';
import { install, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { formatFailures, matrix, type Pass } from '../support/lab/matrix.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { HUB, PORT } from '../support/nat/by-hand.ts';
import {
  type JoinedWorker,
  joinWorker,
  type ServingHub,
  serveWorkers,
  workersFile,
} from '../support/nat/island-site.ts';
import { natSite } from '../support/nat/site.ts';
import { raiseSite } from '../support/nat/site-lab.ts';
import {
  redirectsArrived,
  redirectsDropped,
  sendRedirect,
  vxlanLinksOf,
  watchRedirects,
} from '../support/redirects.ts';

const SITES = [
  natSite({ name: 'home', shape: 'fully-random', number: 0, workers: 3 }),
  natSite({ name: 'open', shape: 'none', number: 1, workers: 1 }),
];
/** One that comes late, since the kernel advises nobody for ever: after nine redirects it is silent for a while. */
const LATE = 'home-w3';
const OTHERS = ['faraday', 'sopnode-w1', 'fit01'];
const MEMBERS = { 'sopnode-w1': ['138.96.245.51'], fit01: ['192.168.3.1'] };
const ENDS = { [HUB.name]: [HUB.outer, HUB.inner], faraday: ['192.168.3.100', '10.3.1.3'] };

let lab: Lab;
let hub: LabHost;
let serving: ServingHub;
let workers: readonly JoinedWorker[] = [];

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }));
  await Promise.all(SITES.map((site) => raiseSite(lab, site)));
  hub = lab.host(HUB.name);
  serving = await serveWorkers(lab, workersFile({ keepalive: '20s' }), OTHERS);
  await joinAgain();
});
afterAll(() => lab?.close());

async function joinAgain(): Promise<void> {
  const names = SITES.flatMap((site) => site.workers).filter((name) => name !== LATE);
  workers = await Promise.all(names.map((name) => joinWorker(lab.host(name), serving)));
}

/** Who reaches whom, over TCP with the true source and with full-size packets. */
function ways(): Promise<Pass[]> {
  const inner = Object.fromEntries(workers.map((worker) => [worker.host.name, [worker.inner]]));
  const hosts = [...OTHERS, HUB.name].map(lab.host);
  return matrix([...hosts, ...workers.map(({ host }) => host)], {
    addresses: { ...inner, ...MEMBERS, ...ENDS },
    deadlineMs: 2000,
  });
}

function isBetweenWorkers({ from, to }: Pass): boolean {
  const names = workers.map(({ host }) => host.name);
  return names.includes(from) && names.includes(to);
}

describe('workers and the rest of an island', () => {
  test('all reach each other, but no worker another one while the file does not say so', async () => {
    const passes = await ways();
    expect(formatFailures(passes.filter((pass) => !isBetweenWorkers(pass)))).toEqual([]);
    expect(passes.filter(isBetweenWorkers).map(({ reason }) => reason)).toEqual(
      Array.from({ length: 6 }, () => 'no answer'),
    );
    expect(await droppedBetweenWorkers()).toBeGreaterThan(0);
  });

  test('the hub is reached at its outer address through the link, except for what carries the link', async () => {
    await (await hub.agent()).ask({ op: 'serve', ports: [22] });
    for (const { host, inner } of workers) {
      const [ssh] = await (await host.agent()).ask({
        op: 'probe',
        targets: [{ address: HUB.outer, port: 22 }],
        deadlineMs: 2000,
      });
      expect(ssh).toMatchObject({ ok: true, saw: inner });
      expect(await wayTo(host, 'ipproto', 'tcp', 'dport', '22')).toMatch(/ dev isl-/);
      expect(await wayTo(host, 'ipproto', 'tcp', 'dport', String(PORT))).toMatch(/ dev eth0 /);
    }
  });

  test('a worker talks to the control API outside the link, and is seen there as its NAT is', async () => {
    const [{ host } = { host: hub }] = workers;
    await hub.run(['nft', '-f', '-'], { input: KNOCKS });
    await joinWorker(host, serving);
    expect(await knocksOn(hub)).toEqual({ inside: 0, outside: expect.any(Number) });
    expect((await knocksOn(hub)).outside).toBeGreaterThan(0);
  });
});

describe('workers that may reach each other', () => {
  beforeAll(async () => {
    await stopDaemon(serving.daemon);
    const text = workersFile({ keepalive: '20s', forwardsWorkers: true });
    const hosts = [...OTHERS, HUB.name].map(lab.host);
    await install(hosts, text);
    await Promise.all(hosts.map((host) => mustIsland(host, 'join')));
    serving = { ...serving, daemon: await startDaemon(hub) };
    await joinAgain();
  });

  test('do so through the hub, and so does everybody else', async () => {
    expect(formatFailures(await ways())).toEqual([]);
  });

  test('are told by nobody to do it directly, though the kernel of the hub wants to', async () => {
    const { host } = await joinWorker(lab.host(LATE), serving);
    await watchRedirects(host);
    const before = await redirectsDropped(hub);
    const ping = ['ping', '-n', '-c', '3', '-i', '0.2', '-W', '5', workers[0]?.inner ?? ''];
    await host.run(ping);
    expect(await redirectsDropped(hub)).toBeGreaterThan(before);
    expect(await redirectsArrived(host)).toBe(0);

    // Without that chain they come; the daemon would bring it back.
    await stopDaemon(serving.daemon);
    await hub.run(['nft', 'flush chain inet island-r2lab redirects']);
    await host.run(ping);
    expect(await redirectsArrived(host)).toBeGreaterThan(0);
  });

  test('follow no redirect that comes through the link', async () => {
    const [{ host, inner } = { host: hub, inner: '' }, other] = workers;
    const way = () => host.run(['ip', 'route', 'get', '192.168.3.1']);
    const before = await way();
    expect(before).toContain(`via ${HUB.inner} `);
    // Else the kernel would ask for it first, and nobody would answer.
    const [link] = await vxlanLinksOf(host);
    await host.ip([
      `neighbour add ${other?.inner} lladdr 02:00:00:00:00:01 dev ${link?.ifname} nud permanent`,
    ]);
    const dropped = await redirectsDropped(host);

    await tellWorker({ host, inner }, other?.inner ?? '');
    await expect.poll(() => redirectsDropped(host), { timeout: 10_000 }).toBe(dropped + 1);
    expect(await way()).toBe(before);

    // The kernel itself would follow it.
    await host.run(['nft', 'flush chain inet island-r2lab icmp-in']);
    await tellWorker({ host, inner }, other?.inner ?? '');
    await expect.poll(way, { timeout: 10_000 }).toContain(`via ${other?.inner} `);
  });
});

/** What root on the hub can send: that 192.168.3.1 is reached by another worker. */
async function tellWorker(
  { host, inner }: Pick<JoinedWorker, 'host' | 'inner'>,
  nextHop: string,
): Promise<void> {
  const links = await vxlanLinksOf(hub);
  const near = links.find(({ ifname }) => ifname.startsWith('isl-work'));
  const [far] = await vxlanLinksOf(host);
  await sendRedirect(
    {
      ...{ sender: hub, link: near?.ifname ?? '' },
      ...{ sendingMac: near?.address ?? '', receivingMac: far?.address ?? '' },
    },
    { from: HUB.inner, to: inner, about: { source: inner, destination: '192.168.3.1' }, nextHop },
  );
}

function wayTo(host: LabHost, ...words: readonly string[]): Promise<string> {
  return host.run(['ip', 'route', 'get', HUB.outer, ...words]);
}

async function droppedBetweenWorkers(): Promise<number> {
  const { guard } = JSON.parse(await mustIsland(hub, 'status', '--json'));
  return guard.find(({ reason }: { reason: string }) => reason === 'between workers').packets;
}

const KNOCKS = `table inet knocks {
  counter inside { }
  counter outside { }
  chain arrived {
    type filter hook prerouting priority -500; policy accept;
    iifname "isl-*" ip daddr ${HUB.outer} tcp dport ${PORT} counter name inside
    iifname "eth0" ip daddr ${HUB.outer} tcp dport ${PORT} counter name outside
  }
}
`;

async function knocksOn(host: LabHost): Promise<{ inside: number; outside: number }> {
  const listed = JSON.parse(await host.run(['nft', '-j', 'list', 'counters', 'table', 'inet', 'knocks']));
  const packets = (name: string) =>
    listed.nftables.find(({ counter }: { counter?: { name: string } }) => counter?.name === name).counter
      .packets;
  return { inside: packets('inside'), outside: packets('outside') };
}
