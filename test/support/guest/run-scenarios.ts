import type { Lab } from '../lab/lab.ts';
import { withLab } from '../lab/lab.ts';
import type { Network } from '../lab/network.ts';
import { reportResult } from './guest.ts';

/** What a guest program does with a network of its own; it rejects when something is not as it should be. */
export interface GuestScenario {
  readonly name: string;
  readonly network: Network;
  /** It takes too long for every day: test/long. */
  readonly isLong?: true;
  /** A text that it returns is for people to read. */
  readonly run: (lab: Lab) => Promise<unknown>;
}

/** What became of a scenario; `error` is there when it failed. */
export interface ScenarioResult {
  readonly name: string;
  readonly ms: number;
  /** What it returned, where it did. */
  readonly report?: string;
  readonly error?: string;
}

/** To be called in the guest: runs the scenarios one after the other and reports each as it ends. */
export async function runScenarios(scenarios: readonly GuestScenario[]): Promise<void> {
  for (const { name, network, run } of scenarios) {
    const started = performance.now();
    const ended = await withLab(network, run).then(
      (report) => (typeof report === 'string' ? { report } : {}),
      (cause: unknown) => ({
        error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
      }),
    );
    const ms = Math.round(performance.now() - started);
    reportResult({ name, ms, ...ended } satisfies ScenarioResult);
  }
}
