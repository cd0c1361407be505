import { ISLAND_PROTOCOL, prioritiesOf } from '../model/addressing.ts';
import { formatSubnet, overlaps, type Subnet } from '../model/ip.ts';
import { type Finding, formatRule, type Site, unicastRanges } from './finding.ts';
import type { Observed, ObservedRule } from './observed.ts';

/** Rules that are asked before ours and lead our destinations elsewhere; nobody gave them a priority, as wg-quick does. */
export function rulesInFront({ island, observed, desired }: Site): Finding[] {
  const { lookup } = prioritiesOf(island.port);
  const ranges = unicastRanges(desired);
  return observed.rules
    .filter(({ priority, protocol }) => priority > 0 && priority < lookup && protocol !== ISLAND_PROTOCOL)
    .flatMap((rule): Finding[] => {
      const led = rangesLedBy(rule, observed);
      const taken = ranges.find((range) => led.some((subnet) => overlaps(subnet, range)));
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

/** The ranges for which the rule finds a route; none where it is for few packets only (a mark, a link, a source). */
function rangesLedBy(rule: ObservedRule, observed: Observed): Subnet[] {
  const { table, to, from, inverted, narrowed, suppressPrefix = -1 } = rule;
  // What an inverted selector leaves is nearly everything ("not fwmark 0xca6c").
  if (table === undefined || (!inverted && (narrowed || from !== undefined))) return [];
  return observed.routes
    .filter((route) => route.table === table && route.type !== 'throw')
    .map(({ destination }) => destination)
    .filter(({ prefix }) => prefix > suppressPrefix)
    .flatMap((destination) => (inverted || to === undefined ? [destination] : common(to, destination)));
}

/** What two ranges share: the smaller one, when they overlap. */
function common(a: Subnet, b: Subnet): Subnet[] {
  if (!overlaps(a, b)) return [];
  return [a.prefix > b.prefix ? a : b];
}
