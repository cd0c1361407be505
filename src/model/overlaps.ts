import { type Ipv4, type Subnet, subnetSize, toNumber } from './ip.ts';

/** Two subnets that share addresses, by their places in the list that was searched; `first` is the earlier one. */
export interface Overlap {
  readonly first: number;
  readonly second: number;
}

/**
 * Subnets that overlap an earlier one or a larger one, each once. Blocks of addresses nest or are apart, so in the
 * order of their first address only the outermost block around each one has to be compared.
 */
export function overlapsIn(subnets: readonly Subnet[]): readonly Overlap[] {
  const blocks = subnets
    .map((subnet, index) => ({ start: toNumber(subnet.network), size: subnetSize(subnet), index }))
    .toSorted((a, b) => a.start - b.start || b.size - a.size || a.index - b.index);
  const overlaps: Overlap[] = [];
  let outermost: (typeof blocks)[number] | undefined;
  for (const block of blocks) {
    if (outermost === undefined || block.start >= outermost.start + outermost.size) {
      outermost = block;
    } else {
      const [first, second] = [outermost.index, block.index].toSorted((a, b) => a - b);
      if (first !== undefined && second !== undefined) overlaps.push({ first, second });
    }
  }
  return overlaps;
}

/** Finds the smallest of many items whose subnet holds an address, in at most 33 look-ups. */
export function finderOf<Item extends { readonly subnet: Subnet }>(
  items: readonly Item[],
): (address: Ipv4) => Item | undefined {
  const bySize = new Map<number, Map<number, Item>>();
  for (const item of items) {
    const size = subnetSize(item.subnet);
    const byStart = bySize.get(size) ?? new Map<number, Item>();
    bySize.set(size, byStart.set(toNumber(item.subnet.network), item));
  }
  const sizes = [...bySize].toSorted(([a], [b]) => a - b);
  return (address) => {
    const number = toNumber(address);
    for (const [size, byStart] of sizes) {
      const found = byStart.get(number - (number % size));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
