import type { JoinedWorker } from './island-site.ts';
import type { NatShape } from './shapes.ts';
import { type NatSite, natSite } from './site.ts';

/** How many workers are behind one address. */
export const COLUMNS = [1, 2, 16] as const;
export type Column = (typeof COLUMNS)[number];

/** What happens at every NAT at once, afterwards; the rest of the rows are the shapes of NATs. */
export const EVENTS = ['mapping timeout of 30 s', 'conntrack flushed', 'outer address changes'] as const;
export type Event = (typeof EVENTS)[number];

export const SHAPES: Readonly<Record<NatShape, string>> = {
  none: 'open',
  masquerade: 'masq',
  'fully-random': 'random',
  'port-restricted': 'mapped',
  symmetric: 'symm',
  'two NATs': 'double',
};

/** A site of its own for each shape and number of workers. */
export interface Place {
  readonly site: NatSite;
  readonly count: Column;
}

/** A site whose workers have joined, in their order. */
export interface JoinedPlace extends Place {
  readonly workers: readonly JoinedWorker[];
}

export function places(): Place[] {
  return Object.entries(SHAPES).flatMap(([shape, name], row) =>
    COLUMNS.map((count, column) => ({
      count,
      site: natSite({
        ...{ name: `${name}${count}`, shape: shape as NatShape, workers: count },
        number: COLUMNS.length * row + column,
      }),
    })),
  );
}
