import { deepStrictEqual } from 'node:assert/strict';

/** Throws with a difference when the two are not alike; for scenarios, which also run where vitest does not. */
export function equal(what: string, actual: unknown, expected: unknown): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (cause) {
    throw new Error(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
