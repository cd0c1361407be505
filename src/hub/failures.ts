export interface Failures {
  /** Whether the address has failed so often that it is not listened to. */
  isBarred(address: string, nowMs: number): boolean;
  count(address: string, nowMs: number): void;
  /** Addresses that are remembered. */
  readonly size: () => number;
}

export interface FailureLimits {
  readonly failuresPerMinute: number;
  readonly addresses: number;
}

const MINUTE_MS = 60_000;

/**
 * Failures per address that fade at the rate which is allowed, and never pile up beyond a minute's worth: when a
 * flood ends, whoever shares its address is heard again at once and not after a penalty.
 */
export function createFailures({ failuresPerMinute, addresses }: FailureLimits): Failures {
  const known = new Map<string, { readonly level: number; readonly atMs: number }>();

  function levelOf(address: string, nowMs: number): number {
    const last = known.get(address);
    if (last === undefined) return 0;
    return Math.max(0, last.level - ((nowMs - last.atMs) * failuresPerMinute) / MINUTE_MS);
  }

  return {
    isBarred: (address, nowMs) => levelOf(address, nowMs) > failuresPerMinute - 1,
    count(address, nowMs) {
      const level = Math.min(failuresPerMinute, levelOf(address, nowMs) + 1);
      // Deleted first, so that it becomes the newest: a map keeps the order of insertion.
      known.delete(address);
      known.set(address, { level, atMs: nowMs });
      const [oldest] = known.keys();
      if (known.size > addresses && oldest !== undefined) known.delete(oldest);
    },
    size: () => known.size,
  };
}
