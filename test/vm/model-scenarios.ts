import { equal } from '../support/assert.ts';
import { codes, dumpAll, reachable } from '../support/checks.ts';
import type { GuestScenario } from '../support/guest/run-scenarios.ts';
import { injection } from '../support/injection/injection.ts';
import { INJECTION_NETWORK } from '../support/injection/model.ts';
import { joinAll } from '../support/island.ts';
import type { Lab } from '../support/lab/lab.ts';
import { formatFailures, matrix } from '../support/lab/matrix.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { joinByHand } from '../support/lab/plain-island.ts';
import { causesFrom, found, joinProbed } from '../support/probe/ask.ts';
import { probedFile } from '../support/probe/fault.ts';
import { IPIP_FAULTS } from '../support/probe/ipip-faults.ts';
import { SCENARIOS } from '../support/scenarios.ts';
import { exportTo, mustScript } from '../support/script.ts';

const NETWORK = modelNetwork({ cloud: true, laptop: true });

/** What has to hold with ipip links, which this machine's own kernel may not have. */
export const MODEL_SCENARIOS: readonly GuestScenario[] = [
  {
    name: 'the lab itself: an ipip island made by hand',
    network: modelNetwork({ nodes: [1], clusterHosts: 0, pdu: false }),
    async run(lab) {
      await joinByHand(lab, 'ipip');
      const hosts = ['sopnode-l1', 'fit01'].map(lab.host);
      const failures = formatFailures(await matrix(hosts, { mtu: 1480 }));
      if (failures.length > 0) throw new Error(failures.join('\n'));
    },
  },
  ...SCENARIOS.filter(({ only = 'ipip' }) => only === 'ipip').map(
    ({ name, run, network = NETWORK, isLongWith }): GuestScenario => ({
      ...{ name, network, run: (lab) => run(lab, 'ipip') },
      ...(isLongWith === 'ipip' && { isLong: true }),
    }),
  ),
  {
    name: 'nothing that does not belong gets in, and honest traffic passes',
    network: INJECTION_NETWORK,
    run: (lab) => injection(lab, 'ipip', { rounds: 3, rejoins: 1, rate: 250, healMs: 60_000 }),
  },
  {
    name: 'island test finds what is wrong with ipip links, and nothing where nothing is',
    network: modelNetwork({ nodes: [1, 2], clusterHosts: 1, cloud: true, laptop: true }),
    run: ipipFaults,
    isLong: true,
  },
  {
    name: 'exported scripts alone make an ipip island, and give the hosts back, tunl0 too',
    network: modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }),
    run: scriptsAlone,
    isLong: true,
  },
];

const LAPTOP = '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.5, link: vxlan }\n';
const PATIENCE = { timeout: '3s', isParallel: false };

async function ipipFaults(lab: Lab): Promise<void> {
  await joinProbed(lab, 'ipip');
  const nothing = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '']));
  const ends = ['sopnode-l1', 'cloud1'];
  equal('a healthy island', await causesFrom(lab, ends, PATIENCE), nothing(ends));
  const wrong: string[] = [];
  for (const fault of IPIP_FAULTS) {
    const got = JSON.stringify(await found(lab, fault, PATIENCE));
    const expected = JSON.stringify(fault.seen);
    if (got !== expected) wrong.push(`${fault.name}: ${got} instead of ${expected}`);
  }
  equal('each fault is found as what it is', wrong, []);
  const all = ['sopnode-l1', 'faraday', 'cloud1'];
  equal('the mended island', await causesFrom(lab, all, PATIENCE), nothing(all));
  await joinAll(['sopnode-l1', 'faraday', 'cloud1', 'laptop'].map(lab.host), probedFile('ipip', LAPTOP));
  equal('links of both kinds', await causesFrom(lab, ['sopnode-l1'], PATIENCE), nothing(['sopnode-l1']));
}

async function scriptsAlone(lab: Lab): Promise<void> {
  const hosts = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01'].map(lab.host);
  const faraday = lab.host('faraday');
  const tunl0 = () => faraday.run(['sh', '-c', 'ip link show dev tunl0 up | wc -l']).then(Number);
  await faraday.ip(['link set tunl0 up']);
  const before = await dumpAll(hosts);
  for (const host of hosts) await exportTo(host, 'ipip');
  for (const host of hosts) await mustScript(host, 'start', 'started');
  equal('tunl0 of nobody is set down', await tunl0(), 0);
  await reachable(hosts, { mtu: 1480 });
  equal('nothing is left to do', await codes([faraday], 'plan', '--exit-code'), [0]);
  for (const host of hosts) await mustScript(host, 'stop', 'stopped');
  equal('tunl0 is up as it was', (await tunl0()) > 0, true);
  equal('stop gives the host back', await dumpAll(hosts), before);
}
