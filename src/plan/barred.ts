import { isOpen, type Obstacle, unmetObstacles } from './accept.ts';
import { endSetting } from './end.ts';
import type { Finding, Site } from './finding.ts';
import type { Firewall } from './firewall.ts';
import { PURPOSE_WORDS, trafficOf } from './need.ts';
import { placeOf } from './words.ts';

/** Which firewalls of others drop what the island sends, and what becomes of it. */
export function barredWays({ island, place, observed, desired }: Site): Finding[] {
  if (place.role === 'member' || observed.firewalls.length === 0) return [];
  const end = endSetting({ island, observed }, place);
  const found = unmetObstacles(end, trafficOf(end, desired));
  return [
    ...observed.firewalls.flatMap((firewall) =>
      closed(
        firewall,
        found.filter((obstacle) => obstacle.firewall === firewall && !isOpen(obstacle)),
      ),
    ),
    ...opened(found.filter(isOpen)),
  ];
}

/** Firewalls in which no rule can be put. */
function closed(firewall: Firewall, found: readonly Obstacle[]): Finding[] {
  const { access, table, family } = firewall;
  if (access === 'unread') return [unread(firewall)];
  if (found.length === 0) return [];
  const reason =
    access === 'owned'
      ? 'the kernel lets nobody but its owner put a rule there'
      : 'nft cannot be told of a chain with such a name';
  const places = found.map(({ accept }) => `"${accept.words}" in ${accept.chain}`);
  return [
    {
      weight: 'refuse',
      text: `table ${family} ${table} drops ${listOf(found)}, and ${reason}`,
      hint:
        table === 'firewalld'
          ? 'write NftablesTableOwner=no in /etc/firewalld/firewalld.conf, then "systemctl restart firewalld"'
          : `have whoever made it accept ${places.join(', ')}`,
    },
  ];
}

function unread({ tool, family, table }: Firewall): Finding {
  const note = { weight: 'note' } as const;
  if (tool === 'nft') {
    const text = `nft cannot be told of a table with such a name as ${family} "${table}": what it drops is not seen`;
    return { ...note, text, hint: 'if packets get lost, look at it with "nft list ruleset"' };
  }
  const text = 'the kernel has rules of iptables-legacy, which is not installed: what they drop is not seen';
  return { ...note, text, hint: 'apt-get install iptables, then "island plan" again' };
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

function listOf(found: readonly Obstacle[]): string {
  return [...new Set(found.map(({ need }) => PURPOSE_WORDS[need.purpose]))].join(' and ');
}
