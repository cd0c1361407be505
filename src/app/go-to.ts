import type { Host } from '../host/host.ts';
import { nftTableOf } from '../model/addressing.ts';
import { diff } from '../plan/diff.ts';
import type { Observed } from '../plan/observed.ts';
import { type Marks, ownedOf } from '../plan/owned.ts';
import type { Resource } from '../plan/resource.ts';
import { type ConvergeOptions, converge } from './converge.ts';

export interface Goal {
  readonly observed: Observed;
  readonly marks: Marks;
  /** What shall be left of the island, on a host that looks like this. */
  readonly target: (observed: Observed) => readonly Resource[];
}

/** Brings what the island owns here to a state that no file describes; whether there was anything to do. */
export async function goTo(
  host: Host,
  { observed, marks, target }: Goal,
  options: ConvergeOptions = {},
): Promise<boolean> {
  const observe = () => host.observe(nftTableOf(marks.island));
  const plan = (now: Observed) => diff(ownedOf(now, marks), target(now));
  const steps = plan(observed);
  await converge(
    { host, store: host.store(marks.island) },
    {
      ...{ steps, before: ownedOf(observed, marks), records: [] },
      observe: async () => ownedOf(await observe(), marks),
      leftover: async () => plan(await observe()),
    },
    options,
  );
  return steps.length > 0;
}
