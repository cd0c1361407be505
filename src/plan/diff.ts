import { isDeepStrictEqual } from 'node:util';
import { keyOf, type Link, linkOf, type Resource } from './resource.ts';
import { comparableParts } from './ruleset-parts.ts';

/** `recreate` is for a link whose kind or ends differ: it goes, with all that lives on it, and comes anew. */
export interface Step {
  readonly action: 'add' | 'change' | 'recreate' | 'remove';
  readonly resource: Resource;
  /** What is there now. */
  readonly current?: Resource;
}

/**
 * Outside in. A rule that reaches our table comes last, after the routes that it will find, so that until
 * the very last command the host routes as it did before.
 */
const DEPTH = {
  ...{ nft: 0, accept: 1, fallback: 2, link: 3, address: 4, timers: 5, neighbour: 6, fdb: 7 },
  ...{ route: 8, rule: 9, sysctl: 10, resolver: 11, hosts: 12 },
} as const;

/**
 * The steps that turn `observed` into `desired`, in the order to run them.
 *
 * Additions run outside-in before any removal, so that a host which keeps part of its island never loses
 * its route to the hub midway; removals run inside-out. What lives on a link that goes is not removed by
 * itself: the kernel does it.
 */
export function diff(observed: readonly Resource[], desired: readonly Resource[]): Step[] {
  const present = new Map(observed.map((resource) => [keyOf(resource), resource]));
  const wanted = new Set(desired.map(keyOf));
  const gone = linksThatGo(observed, desired);

  const kept = desired.flatMap((resource): Step[] => {
    const current = present.get(keyOf(resource));
    if (current === undefined || gone.has(linkOf(resource) ?? '')) return [{ action: 'add', resource }];
    if (sameContent(current, resource)) return [];
    const recreate = resource.kind === 'link' && gone.has(resource.name);
    return [{ action: recreate ? 'recreate' : 'change', resource, current }];
  });
  const removed = observed
    .filter((resource) => !wanted.has(keyOf(resource)) && !isSetting(resource))
    .filter((resource) => !gone.has(linkOf(resource) ?? ''))
    .map((resource): Step => ({ action: 'remove', resource, current: resource }));

  return [...kept.toSorted(outsideIn), ...removed.toSorted((a, b) => outsideIn(b, a))];
}

/** Names of the links that are removed or made anew, with all that lives on them. */
function linksThatGo(observed: readonly Resource[], desired: readonly Resource[]): ReadonlySet<string> {
  const next = new Map(desired.filter(isLink).map((link) => [link.name, link]));
  const stays = (link: Link) => {
    const wanted = next.get(link.name);
    return wanted !== undefined && sameEnds(link, wanted);
  };
  return new Set(
    observed
      .filter(isLink)
      .filter((link) => !stays(link))
      .map(({ name }) => name),
  );
}

/** What is there with or without island: it changes it, and never removes it. */
function isSetting({ kind }: Resource): boolean {
  return kind === 'sysctl' || kind === 'fallback' || kind === 'timers';
}

function isLink(resource: Resource): resource is Link {
  return resource.kind === 'link';
}

/** Whether the kernel can turn one into the other without making it anew. */
function sameEnds(a: Link, b: Link): boolean {
  const fixed = { mtu: 0, up: true, alias: '', group: 0 };
  return isDeepStrictEqual({ ...a, ...fixed }, { ...b, ...fixed });
}

function sameContent(a: Resource, b: Resource): boolean {
  if (a.kind === 'nft' && b.kind === 'nft') return isDeepStrictEqual(comparableParts(a), comparableParts(b));
  // By its key it is the same rule; the handle and the place are the kernel's.
  if (a.kind === 'accept') return a.behind !== true;
  return isDeepStrictEqual(a, b);
}

function outsideIn(a: Step, b: Step): number {
  return DEPTH[a.resource.kind] - DEPTH[b.resource.kind] || priorityOf(a) - priorityOf(b);
}

/** Rules in the order in which the kernel asks them: the exemptions stand before the lookup does. */
function priorityOf({ resource }: Step): number {
  return resource.kind === 'rule' ? resource.priority : 0;
}
