import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { plan } from '../../src/app/plan.ts';
import { renderPlan } from '../../src/cli/render/plan.ts';
import { frozenHost } from '../support/captured.ts';
import { GOLDENS } from '../support/goldens.ts';

const GOLDEN = fileURLToPath(new URL('golden', import.meta.url));

/**
 * Each folder is an island's file, what the tools printed on one of its hosts in the model network, and the
 * plan. A change of behaviour shows here as changed commands.
 */
describe('the plan', () => {
  test.each(GOLDENS.map((golden) => [golden.name, golden] as const))(
    'of %s',
    async (name, { config, captured }) => {
      const host = frozenHost(captured, config);
      const lines = renderPlan(await plan(host, {}));
      await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`${GOLDEN}/${name}/plan.txt`);
    },
  );
});
