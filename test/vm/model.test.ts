import { beforeAll, expect, test } from 'vitest';
import { runGuest } from '../support/guest/guest.ts';
import type { ScenarioResult } from '../support/guest/run-scenarios.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { MODEL_SCENARIOS } from './model-scenarios.ts';

const results = new Map<string, ScenarioResult>();
/** Those of every day, with their numbers among all. */
const DAILY = [...MODEL_SCENARIOS.entries()].filter(([, { isLong }]) => isLong !== true);

// biome-ignore lint/correctness/noEmptyPattern: vitest wants to read off here which fixtures are asked for
beforeAll(async ({}, { tasks }) => {
  await bundle({ 'model-guest': new URL('model-guest.ts', import.meta.url).pathname });
  const script = `${BUNDLES}/model-guest.mjs`;
  // Those that `-t` leaves, each by its number: a title is no argument for a kernel.
  const chosen = DAILY.filter((_, place) => tasks[place]?.mode === 'run').map(([number]) => String(number));
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

test.each(DAILY.map(([, scenario]) => scenario))('with ipip: $name', ({ name }) => {
  expect(results.get(name), 'the guest ran it').toBeDefined();
  expect(results.get(name)?.error).toBeUndefined();
});
