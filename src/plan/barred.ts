import { type Obstacle, obstacles, ownAccepts } from './accept.ts';
import { endSetting } from './end.ts';
import type { Finding, Site } from './finding.ts';
import type { Firewall } from './firewall.ts';
import { type Purpose, trafficOf } from './need.ts';
import { keyOf, placeOf } from './resource.ts';

/** Which firewalls of others drop what the island sends, and what becomes of it. */
export function barredWays({ island, place, observed, desired }: Site): Finding[] {
  if (place.role === 'member' || observed.firewalls.length === 0) return [];
  const end = endSetting({ island, observed }, place);
  const found = obstacles(end, trafficOf(end, desired));
  const present = new Set(ownAccepts(observed.firewalls, island.name).map(keyOf));
  const pending = found.filter(
    ({ firewall, accept }) => firewall.access === 'open' && !present.has(keyOf(accept)),
  );
  return [
    ...observed.firewalls.flatMap((firewall) =>
      closed(
        firewall,
        found.filter((obstacle) => obstacle.firewall === firewall),
      ),
    ),
    ...opened(pending),
  ];
}

/** Firewalls in which no rule can be put. */
function closed({ access, table, family }: Firewall, found: readonly Obstacle[]): Finding[] {
  if (access === 'unread') {
    const text =
      'the kernel has rules of iptables-legacy, which is not installed: what they drop is not seen';
    return [{ weight: 'note', text, hint: 'apt-get install iptables, then "island plan" again' }];
  }
  if (access !== 'owned' || found.length === 0) return [];
  const places = found.map(({ accept }) => `"${accept.words}" in ${accept.chain}`);
  return [
    {
      weight: 'refuse',
      text: `table ${family} ${table} drops ${listOf(found)}, and the kernel lets nobody but its owner put a rule there`,
      hint:
        table === 'firewalld'
          ? 'write NftablesTableOwner=no in /etc/firewalld/firewalld.conf, then "systemctl restart firewalld"'
          : `have its owner accept ${places.join(', ')}`,
    },
  ];
}

/** Said while the rules are not there yet: what they are for does not show in the commands. */
function opened(pending: readonly Obstacle[]): Finding[] {
  const byPlace = new Map<string, Obstacle[]>();
  for (const obstacle of pending) {
    const place = placeOf(obstacle.accept);
    byPlace.set(place, [...(byPlace.get(place) ?? []), obstacle]);
  }
  return [...byPlace].map(([place, found]) => ({
    weight: 'note',
    text: `somebody's firewall drops ${listOf(found)}: rules at the top of ${place} accept that`,
    hint: '"island leave" takes them out; when that firewall was reloaded, "island join" puts them back',
  }));
}

const WORDS: Readonly<Record<Purpose, string>> = {
  'from the links': 'what comes from the links',
  'to the links': 'what goes to the links',
  ipip: 'ipip packets of the peers',
  vxlan: 'vxlan packets of the peers',
};

function listOf(found: readonly Obstacle[]): string {
  return [...new Set(found.map(({ need }) => WORDS[need.purpose]))].join(' and ');
}
