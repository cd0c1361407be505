import { performance } from 'node:perf_hooks';
import { ISLAND, island, joinAll, modelFile } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { medians } from './measure.ts';
import { atMost, formatMs, type Row } from './report.ts';

const RUNS = 3;

/** `island test` on the hub of an island of 40 hosts, all alive and then all but the hub's own network silent. */
export function measureTest(): Promise<readonly Row[]> {
  return withLab(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }), async (lab) => {
    const [hub, faraday, fit01] = ['sopnode-l1', 'faraday', 'fit01'].map(lab.host);
    if (hub === undefined || faraday === undefined || fit01 === undefined) throw new Error('no hosts');
    // One host answers for all nodes of the testbed: it is the asking that is measured.
    await fit01.ip(
      Array.from({ length: 36 }, (_, index) => `address add 192.168.3.${index + 2}/24 dev control`),
    );
    await joinAll([hub, lab.host('sopnode-w1'), faraday, fit01], HOSTS);
    const alive = await medians(RUNS, { test: () => timeOf(hub), plan: () => timeOf(hub, 'plan') });
    await island(faraday, 'leave');
    await faraday.ip(['link set internet down']);
    const dead = await medians(RUNS, { test: () => timeOf(hub) });
    const row = (measure: string, ms: number, most: number): Row => ({
      ...{ measure: `island test, 40 hosts, ${measure}`, value: formatMs(ms), runs: RUNS },
      ...{ peer: `${formatMs(alive.plan)}: island plan`, target: atMost(most, ms / 1000, ' s') },
    });
    return [row('all alive', alive.test, 3), row('the far site dead', dead.test, 10)];
  });
}

/** The hub, a host beside it, a gateway, and 37 nodes behind that. */
const HOSTS = modelFile('vxlan')
  .replace('sopnode-w[1-3]', 'sopnode-w1')
  .replace('138.96.245.[51-53]', '138.96.245.51')
  .replace(/ {2}- \{ name: pdu.*\n/, '');

async function timeOf(hub: LabHost, verb = 'test'): Promise<number> {
  const started = performance.now();
  await hub.exec([process.execPath, ISLAND, verb]);
  return performance.now() - started;
}
