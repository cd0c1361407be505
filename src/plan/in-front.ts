import { ISLAND_PROTOCOL, prioritiesOf } from '../model/addressing.ts';
import { formatSubnet, overlaps, type Subnet } from '../model/ip.ts';
import { type Finding, formatRule, type Site, unicastRanges } from './finding.ts';
import type { Observed, ObservedRoute, ObservedRule } from './observed.ts';

/** Rules that are asked before ours and lead our destinations elsewhere; nobody gave them a priority, as wg-quick does. */
export function rulesInFront({ island, observed, desired }: Site): Finding[] {
  const { lookup } = prioritiesOf(island.port);
  const ranges = unicastRanges(desired);
  return observed.rules
    .filter(({ priority, protocol }) => priority > 0 && priority < lookup && protocol !== ISLAND_PROTOCOL)
    .flatMap((rule): Finding[] => {
      const taken = ranges.find((range) => takes(rule, { range, observed }));
      if (taken === undefined) return [];
      return [
        {
          weight: 'drift',
          text: `${formatRule(rule)} is asked before the island's and takes ${formatSubnet(taken)}`,
          hint: `give that rule a priority above ${lookup} (ip rule add pref ${lookup + 1} …), and delete the old one`,
        },
      ];
    });
}

function takes(
  rule: ObservedRule,
  { range, observed }: { readonly range: Subnet; readonly observed: Observed },
): boolean {
  const { table, to, from, inverted, narrowed, suppressPrefix = -1 } = rule;
  if (table === undefined) return false;
  // What an inverted selector leaves is nearly everything ("not fwmark 0xca6c").
  if (!inverted && (narrowed || from !== undefined)) return false;
  if (!inverted && to !== undefined && !overlaps(to, range)) return false;
  return observed.routes.some(
    (route: ObservedRoute) =>
      route.table === table &&
      route.type !== 'throw' &&
      route.destination.prefix > suppressPrefix &&
      overlaps(route.destination, range),
  );
}
