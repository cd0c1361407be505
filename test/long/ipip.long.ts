import { expect, test } from 'vitest';
import { runGuest } from '../support/guest/guest.ts';
import type { ScenarioResult } from '../support/guest/run-scenarios.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { MODEL_SCENARIOS } from '../vm/model-scenarios.ts';

const LONG = [...MODEL_SCENARIOS.keys()].filter((index) => MODEL_SCENARIOS[index]?.isLong === true);

test('with ipip, on a stock kernel in an emulator', async () => {
  await bundle({ 'model-guest': new URL('../vm/model-guest.ts', import.meta.url).pathname });
  const script = `${BUNDLES}/model-guest.mjs`;
  const results = await runGuest({ script, arguments: LONG.map(String), timeoutMs: 1_100_000 });
  for (const { name, error } of results as ScenarioResult[]) expect([name, error]).toEqual([name, undefined]);
  expect(results.length).toBe(LONG.length);
});
