import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { codes, dumpAll, reachable } from '../support/checks.ts';
import { install, island, joinAll, modelFile, mustIsland } from '../support/island.ts';
import { AGENT_PORT } from '../support/lab/agent-protocol.ts';
import type { Dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import {
  CALICO_IN_FRONT,
  calicoRules,
  extraLink,
  flannel,
  startNetworkd,
  stopNetworkd,
} from '../support/neighbours.ts';

const NAMES = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01'];
const MTU = { mtu: 1450 };

let lab: Lab;
let hosts: LabHost[];
let hub: LabHost;
let faraday: LabHost;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }));
  hosts = NAMES.map(lab.host);
  [hub, faraday] = [lab.host('sopnode-l1'), lab.host('faraday')];
});
afterAll(() => lab?.close());
beforeEach(() => install(hosts, modelFile('vxlan')));

/** Joins everywhere, checks that every pair passes and that nothing is left to do, and leaves what was there. */
async function comesAndGoes(whileJoined: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const before = await dumpAll(hosts);
  await joinAll(hosts, modelFile('vxlan'));
  await reachable(hosts, MTU);
  await whileJoined();
  await leaveTo(before);
}

async function leaveTo(before: readonly Dump[]): Promise<void> {
  await Promise.all(hosts.map((host) => mustIsland(host, 'leave')));
  expect(await dumpAll(hosts)).toEqual(before);
}

/** Refused with that text, the same as plan says, and nothing touched. */
async function isRefused(host: LabHost, text: string | RegExp): Promise<void> {
  const before = await dumpAll([host]);
  const says = typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);
  expect((await island(host, 'plan')).stdout).toEqual(says);
  expect(await mustIsland(host, 'plan')).toContain('# join will refuse: ');
  expect(await island(host, 'join')).toMatchObject({ code: 78, stderr: says });
  expect(await dumpAll([host])).toEqual(before);
}

describe('Calico', () => {
  const load = (input: string) => hub.run(['iptables-nft-restore', '--noflush'], { input });
  const unload = () => hub.run(['nft', 'delete', 'table', 'ip', 'filter']);

  test('that drops all ipip is no place for an ipip island, which says so and what to do instead', async () => {
    await load(calicoRules({ known: [] }));
    await install([hub], modelFile('ipip'));
    await isRefused(hub, 'cali-INPUT of Calico drops the ipip packets of 138.96.16.97: it stands in front');
    expect(await mustIsland(hub, 'plan')).toContain('write "link: vxlan" in the file, or name');
    await unload();
  });

  test('that knows some hosts is noted, since nobody but Calico can tell whether ours are among them', async () => {
    await load(calicoRules({ known: ['138.96.245.51'] }));
    await install([hub], modelFile('ipip'));
    const plan = await mustIsland(hub, 'plan');
    expect(plan).toContain('# note: cali-INPUT of Calico drops the ipip packets of 138.96.16.97, unless');
    expect(plan).not.toContain('# join will refuse');
    await unload();
  });

  test('is not in the way of vxlan, and its chains stay in front of our rules without a fight', async () => {
    await load(calicoRules({ known: ['138.96.245.51'] }));
    await comesAndGoes(async () => {
      expect(await hub.run(['iptables-nft', '-S', 'FORWARD'])).toMatch(/FORWARD -i isl-\+ .*-j ACCEPT/);
      await load(CALICO_IN_FRONT);
      expect(await mustIsland(hub, 'plan')).toContain('# nothing to do');
      await reachable(hosts, MTU);
    });
    await unload();
  });
});

describe('a vxlan link of others', () => {
  test('such as flannel.1 goes on as before, and so does the island', async () => {
    const [l1, w1] = [
      { outer: '138.96.245.50', pods: '10.244.0.0' },
      { outer: '138.96.245.51', pods: '10.244.1.0' },
    ] as const;
    const worker = lab.host('sopnode-w1');
    await flannel(hub, { self: l1, other: w1 });
    await flannel(worker, { self: w1, other: l1 });
    const podsAnswer = async () => {
      await worker.agent();
      const targets = [{ address: w1.pods, port: AGENT_PORT }];
      const [reply] = await (await hub.agent()).ask({ op: 'probe', targets, deadlineMs: 3000 });
      expect(reply?.saw).toBe(l1.pods);
    };
    await podsAnswer();
    expect(await mustIsland(hub, 'plan')).not.toContain('flannel');
    await comesAndGoes(podsAnswer);
    await podsAnswer();
    await Promise.all([hub, worker].map((node) => node.ip(['link delete dev flannel.1'])));
  });

  test.each([
    [42, 'link theirs is a vxlan link with UDP port 10310 as well (VNI 42): the guard of r2lab would drop'],
    [10_310, /link theirs is a tunnel with the ends of isl-\S+ already/],
  ])('on our port with VNI %i is refused', async (vni, text) => {
    await hub.ip([`link add theirs type vxlan id ${vni} dstport 10310 local 138.96.245.50`]);
    await isRefused(hub, text);
    await hub.ip(['link delete dev theirs']);
  });
});

test('systemd-networkd takes our rule away when it configures a link, which plan says beforehand and how to stop it', async () => {
  await startNetworkd(faraday);
  const before = await dumpAll(hosts);
  await joinAll(hosts, modelFile('vxlan'));
  const plan = await mustIsland(faraday, 'plan');
  expect(plan).toContain('# note: systemd-networkd deletes routes and rules of others');
  await extraLink(faraday, 'extra1');
  const { code, stdout } = await island(faraday, 'status');
  expect([code, stdout]).toEqual([1, expect.stringMatching(/drift: rule 12487 .* is missing/)]);
  await mustIsland(faraday, 'join');
  await reachable(hosts, MTU);

  await stopNetworkd(faraday);
  const hint = /# {3}(printf .* >\S+), then/.exec(plan)?.[1] ?? '';
  await faraday.run(['sh', '-ec', `mkdir -p /etc/systemd/networkd.conf.d; ${hint}`]);
  await startNetworkd(faraday);
  expect(await mustIsland(faraday, 'plan')).not.toContain('networkd');
  await extraLink(faraday, 'extra2');
  expect(await codes([faraday], 'status')).toEqual([0]);
  await stopNetworkd(faraday);
  await faraday.ip(['link delete dev extra1', 'link delete dev extra2']);
  await leaveTo(before);
});

describe('a route of somebody else', () => {
  const TO_W1 = '138.96.245.51/32 via 138.96.16.110 dev internet';

  test('for a part of the island is said not to be asked any more, and is there again afterwards', async () => {
    await faraday.ip([`route add ${TO_W1} proto static`]);
    const said = `# note: the route ${TO_W1} (protocol 4, static) of table main will not be asked`;
    expect(await mustIsland(faraday, 'plan')).toContain(said);
    await comesAndGoes();
    await faraday.ip([`route delete ${TO_W1}`]);
  });

  test('in the table with our number is refused', async () => {
    await faraday.ip(['route add 10.0.0.0/8 via 192.168.3.9 table 10310 proto bird']);
    await isRefused(faraday, "table 10310 holds somebody else's route 10.0.0.0/8 (protocol 12, bird)");
    await faraday.ip(['route delete 10.0.0.0/8 table 10310']);
  });
});

describe('a rule of somebody else', () => {
  test('where ours go is refused', async () => {
    await faraday.ip(['rule add pref 12485 from all lookup 42 protocol zebra']);
    await isRefused(
      faraday,
      'rule 12485 (from all lookup 42, protocol 11, zebra) stands where the rules of r2lab go',
    );
    await faraday.ip(['rule delete pref 12485']);
  });

  test('that is asked before ours is in the way, by plan and by status, and is not touched', async () => {
    await faraday.ip([
      'route add 138.96.245.51 via 138.96.16.110 dev internet table 42',
      'rule add pref 100 from all lookup 42 protocol keepalived',
    ]);
    const said = 'rule 100 (from all lookup 42, protocol 18, keepalived) is asked before';
    const before = await dumpAll(hosts);
    expect(await mustIsland(faraday, 'plan')).toContain(`# in the way: ${said}`);
    await joinAll(hosts, modelFile('vxlan'));
    expect(await island(faraday, 'status')).toMatchObject({ code: 1, stdout: expect.stringContaining(said) });
    await leaveTo(before);
    await faraday.ip(['rule delete pref 100', 'route flush table 42']);
  });
});
