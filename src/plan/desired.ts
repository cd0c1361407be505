import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { acceptResources } from './accept.ts';
import { type EndSetting, endSetting } from './end.ts';
import { exemptions } from './exempt.ts';
import { linkResources } from './link.ts';
import { requireSpeakable } from './link-names.ts';
import { type MemberDesired, memberResources } from './member.ts';
import { nameResources } from './names.ts';
import { trafficOf } from './need.ts';
import type { Observed } from './observed.ts';
import type { Link, Resource } from './resource.ts';
import { endRoutes, lookupRule } from './routes.ts';
import { nftTable } from './ruleset.ts';
import { forwardingSysctls, type SysctlRecord } from './sysctl.ts';
import { fallbackDown } from './tunnels.ts';

export interface Setting {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly record: SysctlRecord;
}

export interface Desired {
  readonly resources: readonly Resource[];
  /** Sentences for the operator: what is left out, and why. */
  readonly notes: readonly string[];
}

/**
 * What the kernel of this host should hold of the island. Throws E_CONFIG when the file and the host
 * contradict each other, and E_RETRY when the host's uplink does not yet tell what it needs to know.
 */
export function desiredOf(setting: Setting): Desired {
  const desired = resourcesOf(setting);
  requireSpeakable(desired.resources);
  return desired;
}

function resourcesOf(setting: Setting): Desired {
  const { place, observed } = setting;
  if (place.role === 'member') return withRecord(setting, memberResources(setting, place));

  const end = endSetting(setting, place);
  const { resources: links, ways } = linkResources(end);
  const routes = endRoutes(end, ways);
  const exempt = exemptions(end, routes);
  const forwarding = forwardingLinks(end, links);
  const rules = [...exempt, lookupRule(setting.island)];
  return {
    resources: [
      nftTable(end, links),
      ...(links.some(isIpip) ? fallbackDown(observed) : []),
      ...acceptResources(end, trafficOf(end, links)),
      ...links,
      ...routes,
      ...rules,
      ...forwardingSysctls(setting, forwarding),
      ...nameResources(setting, links),
    ],
    notes: [],
  };
}

function withRecord(setting: Setting, { resources, notes }: MemberDesired): Desired {
  const names = nameResources(setting, resources);
  return { resources: [...resources, ...forwardingSysctls(setting, []), ...names], notes };
}

function isIpip(resource: Resource): boolean {
  return resource.kind === 'link' && resource.encapsulation === 'ipip';
}

/** A plain peer or worker forwards nothing: what comes out of its link is for itself. */
function forwardingLinks(
  { role, lanLinks, lease }: EndSetting,
  resources: readonly Resource[],
): readonly string[] {
  const forwards = role === 'hub' || lanLinks.length > 0 || (lease?.worker.routes ?? []).length > 0;
  if (!forwards) return [];
  return [...resources.filter(isLink).map(({ name }) => name), ...lanLinks];
}

function isLink(resource: Resource): resource is Link {
  return resource.kind === 'link';
}
