import { endsOf } from '../model/island.ts';
import { finderOf } from '../model/overlaps.ts';
import { printable } from '../model/text.ts';
import { barredWays } from './barred.ts';
import { calicosDrops } from './calico.ts';
import type { Finding, Matter, NamedFinding, Site } from './finding.ts';
import { coveredRoutes, overlappingClaims } from './foreign.ts';
import { rulesInFront } from './in-front.ts';
import { unheardNames } from './names.ts';
import { networkdTakes } from './networkd.ts';
import { isIslandLink, type Observed } from './observed.ts';
import { otherTunnels } from './other-tunnels.ts';
import { overlappingLinks } from './overlap.ts';
import { takenThings } from './taken.ts';

/** What on this host stands against what the island wants here, the worst first. */
export function findingsOf(site: Site): NamedFinding[] {
  const findings: Readonly<Record<Matter, readonly Finding[]>> = {
    clash: [...takenThings(site), ...overlappingLinks(site), ...overlappingClaims(site)],
    route: coveredRoutes(site),
    rule: rulesInFront(site),
    firewall: barredWays(site),
    calico: calicosDrops(site),
    networkd: networkdTakes(site),
    tunnel: otherTunnels(site),
    names: unheardNames(site),
    stranger: strangers(site),
  };
  const order = { refuse: 0, drift: 1, note: 2 };
  return MATTERS.flatMap((about) => findings[about].map((finding) => readable(about, finding))).toSorted(
    (a, b) => order[a.weight] - order[b.weight],
  );
}

const MATTERS = [
  'clash',
  'route',
  'rule',
  'firewall',
  'calico',
  'networkd',
  'tunnel',
  'names',
  'stranger',
] as const satisfies Matter[];

/** The names of links in it are the kernel's, which permits control characters in them. */
function readable(about: Matter, { weight, text, hint }: Finding): NamedFinding {
  return { about, weight, text: printable(text), hint: printable(hint) };
}

/** Hosts that this gateway has as neighbours on its networks and that are not in the file. */
function strangers({ island, place, observed }: Site): Finding[] {
  if (place.role === 'member' || place.end.networks.length === 0) return [];
  const known = new Set([
    ...island.hosts.map(({ address }) => address),
    ...endsOf(island).flatMap(({ outer, local = outer, networks }) => [
      ...[outer, local],
      ...networks.map(({ gateway }) => gateway),
    ]),
  ]);
  const find = finderOf(place.end.networks);
  const islands = new Set(
    observed.links.filter(({ name, group }) => isIslandLink(name, group)).map(({ name }) => name),
  );
  const strange = observed.neighbours
    .filter(({ mac, link }) => mac !== undefined && !islands.has(link))
    .filter(({ address }) => find(address) !== undefined && !known.has(address))
    .filter(({ address }) => !isRouter(observed, address))
    .map(({ address }) => address);
  if (strange.length === 0) return [];
  const [first = '', ...more] = strange;
  return [
    {
      weight: 'note',
      text: `${first}${more.length === 0 ? ' is' : ` and ${more.length} more are`} on a network of ${place.name} and not in the file; what does not join will not find the way back`,
      hint: 'name such hosts under "hosts:"; add "translate: true" for those that cannot join',
    },
  ];
}

function isRouter(observed: Observed, address: string): boolean {
  return observed.routes.some(({ nextHop }) => nextHop === address);
}
