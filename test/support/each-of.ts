import { availableParallelism } from 'node:os';

/** All of them, but for the one processor of an emulated guest, with which none of many would be done in time. */
export const HOSTS_AT_ONCE = availableParallelism() > 1 ? Number.POSITIVE_INFINITY : 2;

/** Does the work for each item, so many at once. */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const take = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, take));
  return results;
}
