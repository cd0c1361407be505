import { expect, test } from 'vitest';
import { joinAll, modelFile, mustIsland } from '../support/island.ts';
import { AGENT_PORT } from '../support/lab/agent-protocol.ts';
import type { LabHost } from '../support/lab/host.ts';
import { type Lab, withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

const NAMES = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01'];

test('with forwarding.networks: false the ends reach each other and every network, networks do not, and status counts it', () =>
  withLab(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }), async (lab) => {
    const hosts = NAMES.map(lab.host);
    await joinAll(hosts, `${modelFile('vxlan')}forwarding: { networks: false }\n`);
    await Promise.all(hosts.map((host) => host.agent()));
    expect(await answers(lab.host('fit01'), ['138.96.245.51', '138.96.245.50', '10.3.1.2'])).toEqual([
      ...[false, true, true],
    ]);
    expect(await answers(lab.host('sopnode-w1'), ['192.168.3.1', '192.168.3.100', '10.3.1.3'])).toEqual([
      ...[false, true, true],
    ]);
    expect(await answers(lab.host('faraday'), ['138.96.245.51'])).toEqual([true]);
    expect(await answers(lab.host('sopnode-l1'), ['192.168.3.1'])).toEqual([true]);
    // Each is stopped at the first gateway.
    expect(await droppedOn(lab, 'faraday')).toContain('between networks');
    expect(await droppedOn(lab, 'sopnode-l1')).toContain('between networks');

    await joinAll(hosts, modelFile('vxlan'));
    expect(await answers(lab.host('fit01'), ['138.96.245.51'])).toEqual([true]);
    expect(await answers(lab.host('sopnode-w1'), ['192.168.3.1'])).toEqual([true]);
    expect(await droppedOn(lab, 'sopnode-l1')).toEqual([]);
    expect(await mustIsland(lab.host('sopnode-l1'), 'status')).toContain('guard: dropped 0 packets');
  }));

async function answers(from: LabHost, addresses: readonly string[]): Promise<boolean[]> {
  const targets = addresses.map((address) => ({ address, port: AGENT_PORT }));
  const replies = await (await from.agent()).ask({ op: 'probe', targets, deadlineMs: 1500 });
  return replies.map(({ ok }) => ok);
}

/** The reasons for which the guard there has dropped something. */
async function droppedOn(lab: Lab, name: string): Promise<string[]> {
  const { guard } = JSON.parse(await mustIsland(lab.host(name), 'status', '--json'));
  return guard.flatMap(({ reason, packets }: { reason: string; packets: number }) =>
    packets > 0 ? [reason] : [],
  );
}
