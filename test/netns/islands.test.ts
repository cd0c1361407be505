import { expect, test } from 'vitest';
import { dumpAll } from '../support/checks.ts';
import { install, island, modelFile, mustIsland } from '../support/island.ts';
import { AGENT_PORT } from '../support/lab/agent-protocol.ts';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

/** A second island on two hosts of the first, with numbers of its own. */
const SECOND = `island: lab2
port: 10311
subnet: 10.9.0.0/24
link: vxlan
hub: { name: faraday, outer: 138.96.16.97, inner: 10.9.0.1 }
peers:
  - { name: sopnode-l1, outer: 138.96.245.50, inner: 10.9.0.2 }
`;

test('two islands live on one host, each comes and goes without the other noticing', () =>
  withLab(modelNetwork({ nodes: [2], clusterHosts: 0, pdu: false }), async (lab) => {
    const ends = ['sopnode-l1', 'faraday'].map(lab.host);
    const [hub, faraday] = [lab.host('sopnode-l1'), lab.host('faraday')];
    const bare = await dumpAll(ends);
    await install([...ends, lab.host('fit02')], modelFile('vxlan'));
    await Promise.all([...ends, lab.host('fit02')].map((host) => mustIsland(host, 'join')));
    const first = await dumpAll(ends);
    await install(ends, SECOND, 'lab2');

    expect(await island(faraday, 'join')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('-i lab2'),
    });
    await Promise.all(ends.map((host) => mustIsland(host, 'join', '-i', 'lab2')));
    await Promise.all(ends.map((host) => host.agent()));
    const agent = await hub.agent();
    const targets = ['10.9.0.1', '10.3.1.3', '192.168.3.100'].map((address) => ({
      address,
      port: AGENT_PORT,
    }));
    const replies = await agent.ask({ op: 'probe', targets, deadlineMs: 3000 });
    expect(replies.map(({ saw }) => saw)).toEqual(['10.9.0.2', '138.96.245.50', '138.96.245.50']);
    for (const name of ['r2lab', 'lab2']) expect((await island(hub, 'status', '-i', name)).code).toBe(0);

    await Promise.all(ends.map((host) => mustIsland(host, 'leave', '-i', 'lab2')));
    expect(await dumpAll(ends)).toEqual(first);
    await Promise.all(ends.map((host) => mustIsland(host, 'leave')));
    expect(await dumpAll(ends)).toEqual(bare);
  }));

test('two islands whose numbers clash are refused before anything is touched', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }), async (lab) => {
    const faraday = lab.host('faraday');
    const bare = await dumpAll([faraday]);
    await install([faraday], modelFile('vxlan'));
    await install([faraday], SECOND.replace('10311', '12810'), 'lab2');
    for (const command of ['join', 'plan']) {
      const refused = {
        code: 78,
        stderr: expect.stringContaining('clashes with port 12810 of /etc/island/lab2.yaml'),
      };
      expect(await island(faraday, command, '-i', 'r2lab')).toMatchObject(refused);
    }
    expect(await dumpAll([faraday])).toEqual(bare);
  }));
