import { describe, test } from 'vitest';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { SCENARIOS } from '../support/scenarios.ts';

const NETWORK = modelNetwork({ cloud: true, laptop: true });

describe('with vxlan', () => {
  test.each(SCENARIOS)('$name', ({ run }) => withLab(NETWORK, (lab) => run(lab, 'vxlan')));
});
