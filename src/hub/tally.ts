export interface Tally<T> {
  note(example: T, nowMs: number): void;
  /** Says what has not been said yet. */
  flush(): void;
}

/** Says the first of what anybody may cause at once, and of the rest every now and then how many there were. */
export function createTally<T>(everyMs: number, say: (times: number, latest: T) => void): Tally<T> {
  let unsaid: { times: number; latest: T } | undefined;
  let nextMs = Number.NEGATIVE_INFINITY;

  function flush(): void {
    if (unsaid !== undefined) say(unsaid.times, unsaid.latest);
    unsaid = undefined;
  }

  return {
    flush,
    note(latest, nowMs) {
      unsaid = { times: (unsaid?.times ?? 0) + 1, latest };
      if (nowMs < nextMs) return;
      nextMs = nowMs + everyMs;
      flush();
    },
  };
}
