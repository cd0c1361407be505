import { readFileSync } from 'node:fs';
import { linkNames } from './sysctl.ts';

/** The numbers of the links of islands, by their names. */
export function islandIndexes(): ReadonlyMap<string, number> {
  const names = linkNames().filter((name) => name.startsWith('isl-'));
  return new Map(
    names.flatMap((name) => {
      const index = indexOf(name);
      return index === undefined ? [] : [[name, index] as const];
    }),
  );
}

/** The number of a link; undefined where there is none of that name. */
export function indexOf(link: string): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${link}/ifindex`, 'utf8'));
  } catch {
    return undefined;
  }
}
