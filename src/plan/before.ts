import { hasPlace } from './accept.ts';
import type { Step } from './diff.ts';
import type { Observed } from './observed.ts';
import type { Marks } from './owned.ts';
import { keyOf, linkOf, type Resource } from './resource.ts';

/** What a join found, to which the host returns unless the join is confirmed. A plain value: it is kept as JSON. */
export interface Before {
  /** By what everything is known that the join may have made. */
  readonly marks: Marks;
  /** `forwarding` of `all`; when it differs later, somebody else has switched forwarding. */
  readonly forwardingOfAll: string | undefined;
  readonly resources: readonly Resource[];
}

interface BeforeSetting {
  readonly observed: Observed;
  readonly marks: Marks;
  readonly owned: readonly Resource[];
  readonly steps: readonly Step[];
}

/**
 * What is there now of all that the steps touch. With an `earlier` one, which waits to be confirmed as well,
 * that is what counts, and only what it does not know yet is added.
 */
export function beforeOf({ observed, marks, owned, steps }: BeforeSetting, earlier?: Before): Before {
  const touched = new Set(steps.map(({ resource }) => keyOf(resource)));
  const links = linkNames(owned);
  // Settings of the host that the steps leave alone are not ours to restore.
  const present = owned.filter((resource) => !isOfHost(resource, links) || touched.has(keyOf(resource)));
  if (earlier === undefined) {
    return { marks, forwardingOfAll: observed.forwarding.get('all'), resources: present };
  }
  const known = new Set(earlier.resources.map(keyOf));
  const added = present.filter((resource) => isOfHost(resource, links) && !known.has(keyOf(resource)));
  return {
    ...earlier,
    marks: { ...marks, ports: [...new Set([...earlier.marks.ports, ...marks.ports])] },
    resources: [...earlier.resources, ...added],
  };
}

/** What is there without the island too: the forwarding of a link that is not the island's, and the fallback link. */
function isOfHost(resource: Resource, ownLinks: ReadonlySet<string>): boolean {
  return resource.kind === 'fallback' || (resource.kind === 'sysctl' && !ownLinks.has(resource.link));
}

/**
 * What of it can be had again: nothing on a link of the host or in a firewall that has gone since, and no
 * forwarding of the host's links when it was switched as a whole in between, which Docker and Kubernetes do and rely on.
 */
export function restorable({ resources, forwardingOfAll }: Before, observed: Observed): Resource[] {
  const own = linkNames(resources);
  const links = new Set([...own, ...observed.links.map(({ name }) => name)]);
  const switched = observed.forwarding.get('all') !== forwardingOfAll;
  return resources
    .filter((resource) => {
      const link = resource.kind === 'fallback' ? resource.link : linkOf(resource);
      return link === undefined || links.has(link);
    })
    .filter(({ kind }) => kind !== 'resolver' || typeof observed.resolved === 'object')
    .filter((resource) => resource.kind !== 'accept' || hasPlace(resource, observed.firewalls))
    .filter((resource) => resource.kind !== 'sysctl' || own.has(resource.link) || !switched);
}

function linkNames(resources: readonly Resource[]): ReadonlySet<string> {
  return new Set(resources.flatMap((resource) => (resource.kind === 'link' ? [resource.name] : [])));
}
