/** Something that is measured: does it once and returns what came of it. */
export type Trial = () => Promise<number>;

/**
 * The median of each after `runs` rounds, in every round one of each: a machine that is busy for a while is
 * so for all of them. A round more at first warms caches and does not count.
 */
export async function medians<Name extends string>(
  runs: number,
  trials: Readonly<Record<Name, Trial>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(trials) as Name[];
  const values = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= runs; round += 1) {
    for (const name of names) {
      const value = await trials[name]();
      if (round > 0) values.get(name)?.push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(values.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}
