import { beforeAll, expect, test } from 'vitest';
import { runGuest } from '../support/guest/guest.ts';
import type { ScenarioResult } from '../support/guest/run-scenarios.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { MODEL_SCENARIOS } from './model-scenarios.ts';

const results = new Map<string, ScenarioResult>();

// biome-ignore lint/correctness/noEmptyPattern: vitest wants to read off here which fixtures are asked for
beforeAll(async ({}, { tasks }) => {
  await bundle({ 'model-guest': new URL('model-guest.ts', import.meta.url).pathname });
  const script = `${BUNDLES}/model-guest.mjs`;
  // Those that `-t` leaves, each by its number: a title is no argument for a kernel.
  const chosen = tasks.flatMap(({ mode }, index) => (mode === 'run' ? [String(index)] : []));
  const printed = await runGuest({
    ...{ script, arguments: chosen, timeoutMs: 1_500_000 },
    onResult: sayHowFar,
  });
  for (const result of printed as ScenarioResult[]) results.set(result.name, result);
}, 1_520_000);

/** The guest takes minutes. */
function sayHowFar(result: unknown): void {
  const { name, ms, error, report = '' } = result as ScenarioResult;
  process.stderr.write(
    `guest: ${error === undefined ? 'passed' : 'FAILED'} after ${Math.round(ms / 1000)} s: ${name}\n${report}`,
  );
}

test.each(MODEL_SCENARIOS.filter(({ isLong }) => isLong !== true))('with ipip: $name', ({ name }) => {
  expect(results.get(name), 'the guest ran it').toBeDefined();
  expect(results.get(name)?.error).toBeUndefined();
});
