import { describe, test } from 'vitest';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { SCENARIOS } from '../support/scenarios.ts';

const NETWORK = modelNetwork({ cloud: true, laptop: true });

describe('with vxlan', () => {
  const scenarios = SCENARIOS.filter(({ only = 'vxlan' }) => only === 'vxlan');
  test.each(scenarios)('$name', ({ run, network = NETWORK }) => withLab(network, (lab) => run(lab, 'vxlan')));
});
