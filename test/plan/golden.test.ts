import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { plan } from '../../src/app/plan.ts';
import { renderPlan } from '../../src/cli/render/plan.ts';
import { type Captured, frozenHost } from '../support/captured.ts';

const GOLDEN = fileURLToPath(new URL('golden', import.meta.url));

/**
 * Each folder is an island's file, what the tools printed on one of its hosts in the model network, and the
 * plan. A change of behaviour shows here as changed commands.
 */
describe('the plan', () => {
  test.each(readdirSync(GOLDEN))('of %s', async (name) => {
    const folder = `${GOLDEN}/${name}`;
    const captured: Captured = JSON.parse(readFileSync(`${folder}/observed.json`, 'utf8'));
    const host = frozenHost(captured, readFileSync(`${folder}/island.yaml`, 'utf8'));
    const lines = renderPlan(await plan(host, {}));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`${folder}/plan.txt`);
  });
});
