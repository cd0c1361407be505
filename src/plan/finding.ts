import { formatSubnet, parseSubnet, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import type { Observed, ObservedRule } from './observed.ts';
import type { Marks } from './owned.ts';
import type { Resource } from './resource.ts';

/** Something of somebody else's that the island meets on this host. */
export interface Finding {
  /** `refuse`: joining would break it, or it the island. `drift`: it takes our traffic. `note`: good to know. */
  readonly weight: 'refuse' | 'drift' | 'note';
  readonly text: string;
  readonly hint: string;
}

/** Where findings are looked for: this host, and what the island wants of it. */
export interface Site {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly marks: Marks;
  readonly desired: readonly Resource[];
}

/** The ranges that the island's tables lead somewhere. */
export function unicastRanges(desired: readonly Resource[]): Subnet[] {
  return desired.flatMap((resource) =>
    resource.kind === 'route' && resource.type === 'unicast' ? [parseSubnet(resource.destination)] : [],
  );
}

/** As in `rule 100 (from all lookup 51820, protocol 0)`. */
export function formatRule({ priority, from, to, table, protocol }: ObservedRule): string {
  const words = [`from ${from === undefined ? 'all' : formatSubnet(from)}`];
  if (to !== undefined) words.push(`to ${formatSubnet(to)}`);
  return `rule ${priority} (${words.join(' ')} lookup ${table ?? 'nothing'}, protocol ${protocol})`;
}
