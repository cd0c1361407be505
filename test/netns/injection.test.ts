import { test } from 'vitest';
import { injection } from '../support/injection/injection.ts';
import { INJECTION_NETWORK } from '../support/injection/model.ts';
import { withLab } from '../support/lab/lab.ts';

test('with vxlan: nothing that does not belong gets in, and honest traffic passes', () =>
  withLab(INJECTION_NETWORK, async (lab) => {
    const table = await injection(lab, 'vxlan', { rounds: 3, rejoins: 3, rate: 3000, healMs: 2000 });
    process.stderr.write(`\n${table}\n`);
  }));
