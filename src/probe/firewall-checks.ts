import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { type Obstacle, unmetObstacles } from '../plan/accept.ts';
import { endSetting } from '../plan/end.ts';
import type { NamedFinding } from '../plan/finding.ts';
import { PURPOSE_WORDS, trafficOf } from '../plan/need.ts';
import type { Observed } from '../plan/observed.ts';
import type { Resource } from '../plan/resource.ts';
import { type Check, THIS_HOST } from './check.ts';
import { known } from './host-checks.ts';

interface Sight {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly desired: readonly Resource[];
  readonly findings: readonly NamedFinding[];
}

/** Whether somebody else's firewall on this host drops what the island needs. */
export function firewallChecks(sight: Sight): Check[] {
  const open = obstaclesOf(sight);
  const textsAt = (hook: 'input' | 'forward') =>
    open.filter(({ need }) => need.hook === hook).map((obstacle) => sentence(obstacle));
  const refused = sight.findings.find(({ about, weight }) => about === 'firewall' && weight === 'refuse');
  const fix = refused?.hint;
  const calico = sight.findings.filter(({ about, weight }) => about === 'calico' && weight === 'refuse');
  return [
    known({ code: 'ISL-F01', subject: THIS_HOST }, textsAt('input'), fix),
    known({ code: 'ISL-F02', subject: THIS_HOST }, textsAt('forward'), fix),
    known(
      { code: 'ISL-F03', subject: THIS_HOST },
      calico.map(({ text }) => text),
      calico[0]?.hint,
    ),
  ];
}

function obstaclesOf({ island, place, observed, desired }: Sight): Obstacle[] {
  if (place.role === 'member' || observed.firewalls.length === 0) return [];
  const end = endSetting({ island, observed }, place);
  return unmetObstacles(end, trafficOf(end, desired));
}

function sentence({
  firewall: { tool, family, table },
  need: { purpose },
  fate: { chain, rule },
}: Obstacle): string {
  const what = rule === undefined ? `the policy of chain ${chain}` : `rule ${rule} of chain ${chain}`;
  const where = tool === 'nft' ? `table ${family} ${table}` : `table ${table} of iptables-legacy`;
  return `${what}, ${where}, drops ${PURPOSE_WORDS[purpose]}`;
}
