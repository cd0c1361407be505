import { endSetting } from '../plan/end.ts';
import { linksByEnd } from '../plan/link.ts';
import { isIslandLink, ownAddresses } from '../plan/observed.ts';
import type { Link } from '../plan/resource.ts';
import { outerFlow, wayOf } from '../plan/way.ts';
import type { Sight } from './checks.ts';
import type { FarEnd } from './far-end.ts';

/** The far ends of the links that this host should have; a member has none. */
export function farEndsOf({ island, place, observed }: Sight, links: readonly Link[]): FarEnd[] {
  if (place.role === 'member') return [];
  const setting = endSetting({ island, observed }, place);
  const { remotes, local, self } = setting;
  const linkTo = linksByEnd(setting, links);
  const vxlans = remotes.filter((remote) => remote.link === 'vxlan').length;
  const isBehindNat = !ownAddresses(observed).includes(self.outer);
  return remotes.flatMap(({ end, link: kind }): FarEnd[] => {
    const link = linkTo.get(end.name);
    if (link === undefined) return [];
    const isOwn = kind === 'ipip' || vxlans === 1;
    const way = wayOf(observed, { client: end.outer, server: local, ...outerFlow(island, kind) });
    const carrier = observed.links.find(({ name }) => name === way?.link);
    const isUnderlay = carrier !== undefined && !isIslandLink(carrier.name, carrier.group);
    return [{ end, kind, link, isOwn, outerFrom: isUnderlay ? local : undefined, isBehindNat }];
  });
}
