import { beforeAll, expect, test } from 'vitest';
import { runGuest } from '../support/guest/guest.ts';
import type { ScenarioResult } from '../support/guest/run-scenarios.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { MODEL_SCENARIOS } from './model-scenarios.ts';

const results = new Map<string, ScenarioResult>();

beforeAll(async () => {
  await bundle({ 'model-guest': new URL('model-guest.ts', import.meta.url).pathname });
  const script = `${BUNDLES}/model-guest.mjs`;
  const printed = await runGuest({ script, timeoutMs: 1_500_000, onResult: sayHowFar });
  for (const result of printed as ScenarioResult[]) results.set(result.name, result);
}, 1_520_000);

/** The guest takes minutes. */
function sayHowFar(result: unknown): void {
  const { name, ms, error } = result as ScenarioResult;
  process.stderr.write(
    `guest: ${error === undefined ? 'passed' : 'FAILED'} after ${Math.round(ms / 1000)} s: ${name}\n`,
  );
}

test.each(MODEL_SCENARIOS)('with ipip: $name', ({ name }) => {
  expect(results.get(name), 'the guest ran it').toBeDefined();
  expect(results.get(name)?.error).toBeUndefined();
});
