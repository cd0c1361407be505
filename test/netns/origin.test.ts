import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpAll } from '../support/checks.ts';
import { ADDRESSES, island, joinAll, joiningHosts, modelFile, mustIsland } from '../support/island.ts';
import { AGENT_PORT } from '../support/lab/agent-protocol.ts';
import type { Dump } from '../support/lab/dump.ts';
import { uplinkFlap } from '../support/lab/flap.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { formatFailures, matrix } from '../support/lab/matrix.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

/** What went wrong in the first island, each by the name of its symptom. */
describe('the failures of the first island', () => {
  let lab: Lab;
  let hosts: readonly LabHost[];
  let bare: readonly Dump[];

  beforeAll(async () => {
    lab = await createLab();
    await lab.raise(modelNetwork());
    hosts = joiningHosts(lab);
    bare = await dumpAll(hosts);
    await joinAll(hosts, modelFile('vxlan'));
    await Promise.all(hosts.map((host) => host.agent()));
  });
  afterAll(() => lab?.close());

  async function saw(from: string, address: string): Promise<string | undefined> {
    const agent = await lab.host(from).agent();
    const targets = [{ address, port: AGENT_PORT }];
    const [reply] = await agent.ask({ op: 'probe', targets, deadlineMs: 3000 });
    return reply?.saw;
  }

  test('everything dead, TX collsns counts up: the outer address of the hub is never routed into its own tunnel', async () => {
    expect(await saw('faraday', '138.96.245.50')).toBe('192.168.3.100');
    for (const name of ['faraday', 'sopnode-l1']) {
      const { links } = JSON.parse(await mustIsland(lab.host(name), 'status', '--json'));
      expect(links).toEqual([expect.objectContaining({ collisions: 0 })]);
    }
    const outer = await lab
      .host('faraday')
      .run(['ip', 'route', 'get', '138.96.245.50', 'from', '138.96.16.97']);
    expect(outer).toContain('dev internet');
  });

  test('fit to l1 arrives translated as 138.96.16.97: the source stays, though faraday masquerades its networks', async () => {
    expect(await saw('fit02', '138.96.245.50')).toBe('192.168.3.2');
    expect(await saw('fit01', '138.96.245.51')).toBe('192.168.3.1');
    // Elsewhere it goes on masquerading.
    await lab.host('internet').agent();
    expect(await saw('fit01', '138.96.16.110')).toBe('138.96.16.97');
  });

  test('l1 to fit dead after source routing was added: a rule behind ours does no harm, one in front is named', async () => {
    const hub = lab.host('sopnode-l1');
    await hub.ip([
      'route add default via 138.96.245.250 table 100',
      'rule add pref 30000 from 138.96.245.50 lookup 100',
    ]);
    expect(await saw('sopnode-l1', '192.168.3.1')).toBe('138.96.245.50');
    expect(await saw('fit01', '10.3.1.2')).toBe('192.168.3.1');
    expect((await island(hub, 'status')).code).toBe(0);

    await hub.ip(['rule delete pref 30000', 'rule add pref 100 lookup 100']);
    const { code, stdout } = await island(hub, 'status');
    await hub.ip(['rule delete pref 100', 'route flush table 100']);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /rule 100 \(from all lookup 100, protocol 0\) is asked before the island's and takes 1\d+\./,
    );
  });

  test('after a flap of internet the tunnel route stays, host route and default are gone: nothing is pinned to the underlay', async () => {
    const faraday = lab.host('faraday');
    const main = JSON.parse(await faraday.run(['ip', '-j', 'route', 'show', 'table', 'main']));
    expect(main.map(({ dst }: { dst: string }) => dst)).not.toContain('138.96.245.50');
    await uplinkFlap(faraday, 'internet');
    expect(formatFailures(await matrix(hosts, { addresses: ADDRESSES }))).toEqual([]);
    expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
  });

  test('second join: "File exists", and every rule twice: it converges', async () => {
    const before = await dumpAll(hosts);
    const again = await Promise.all(hosts.map((host) => island(host, 'join')));
    expect(again.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      hosts.map(() => ({ code: 0, stderr: '' })),
    );
    expect(await dumpAll(hosts)).toEqual(before);
  });

  test('pinging worked, kubectl exec and the data plane did not: ten megabytes of TCP pass each way, from each side', async () => {
    const bytes = 10_000_000;
    for (const [from, address] of [
      ['fit01', '138.96.245.51'],
      ['sopnode-w1', '192.168.3.1'],
    ] as const) {
      const agent = await lab.host(from).agent();
      const order = { address, port: AGENT_PORT, upload: bytes, download: bytes, deadlineMs: 20_000 };
      expect(await agent.ask({ op: 'transfer', ...order })).toMatchObject({
        ok: true,
        uploaded: bytes,
        downloaded: bytes,
      });
    }
  });

  test('leave was not the inverse of join: the hosts are as they were', async () => {
    await Promise.all(hosts.map((host) => mustIsland(host, 'leave')));
    expect(await dumpAll(hosts)).toEqual(bare);
  });
});

test('a hop of 1400 bytes in the middle with ICMP blocked still carries ten megabytes over TCP', async () => {
  const lab = await createLab();
  try {
    await lab.raise(modelNetwork({ blackHoleMtu: 1400, nodes: [1], clusterHosts: 1 }));
    const hosts = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01'].map(lab.host);
    await joinAll(hosts, modelFile('vxlan'));
    await Promise.all(hosts.map((host) => host.agent()));
    const bytes = 10_000_000;
    for (const [from, address] of [
      ['fit01', '138.96.245.51'],
      ['sopnode-w1', '192.168.3.1'],
      ['faraday', '10.3.1.2'],
    ] as const) {
      const agent = await lab.host(from).agent();
      const order = { address, port: AGENT_PORT, upload: bytes, download: bytes, deadlineMs: 30_000 };
      expect(await agent.ask({ op: 'transfer', ...order })).toMatchObject({ ok: true, uploaded: bytes });
    }
  } finally {
    await lab.close();
  }
});
