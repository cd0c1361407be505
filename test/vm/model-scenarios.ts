import type { GuestScenario } from '../support/guest/run-scenarios.ts';
import { injection } from '../support/injection/injection.ts';
import { INJECTION_NETWORK } from '../support/injection/model.ts';
import { formatFailures, matrix } from '../support/lab/matrix.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { joinByHand } from '../support/lab/plain-island.ts';
import { SCENARIOS } from '../support/scenarios.ts';

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
    ({ name, run, network = NETWORK }): GuestScenario => ({ name, network, run: (lab) => run(lab, 'ipip') }),
  ),
  {
    name: 'nothing that does not belong gets in, and honest traffic passes',
    network: INJECTION_NETWORK,
    run: (lab) => injection(lab, 'ipip', { rounds: 3, rejoins: 1, rate: 250, healMs: 20_000 }),
  },
];
