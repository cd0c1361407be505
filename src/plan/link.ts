import { macOf, SHARED, vniOf } from '../model/addressing.ts';
import type { Ipv4, Subnet } from '../model/ip.ts';
import type { LinkEnd } from '../model/island.ts';
import type { EndSetting, Remote } from './end.ts';
import { linkBase, mtuTowards } from './link-base.ts';
import type { Link, Resource } from './resource.ts';
import { hubWorkersLink, workerLink } from './worker-link.ts';

/** How a route leads to a far end: through its own link, or over the shared one with the end as next hop. */
export interface Way {
  readonly remote: LinkEnd;
  readonly link: string;
  readonly nextHop?: Ipv4;
  /** Ranges behind the far end that the file does not tell of: a worker's. */
  readonly routes?: readonly Subnet[];
}

export interface Links {
  readonly resources: readonly Resource[];
  readonly ways: readonly Way[];
}

/** The links of a hub or peer: one per ipip peer, one for all that are reached by vxlan, and one for workers. */
export function linkResources(end: EndSetting): Links {
  if (end.role === 'worker') return workerLink(end, end.island.hub);
  const ipip = end.remotes.filter(({ link }) => link === 'ipip').map((remote) => ipipLink(end, remote));
  const vxlan = vxlanLink(
    end,
    end.remotes.filter(({ link }) => link === 'vxlan'),
  );
  const all = [...ipip, vxlan, hubWorkersLink(end)].filter((links) => links !== undefined);
  return {
    resources: all.flatMap(({ resources }) => resources),
    ways: all.flatMap(({ ways }) => ways),
  };
}

function ipipLink(end: EndSetting, remote: Remote): Links {
  const link: Link = {
    ...linkBase(end, {
      ...{ peer: remote.end.name, kind: 'ipip' },
      underlayMtu: mtuTowards(end, remote.end),
    }),
    encapsulation: 'ipip',
    local: end.local,
    remote: remote.end.outer,
  };
  return {
    resources: [link, { kind: 'address', link: link.name, address: end.self.inner }],
    ways: [{ remote: remote.end, link: link.name }],
  };
}

function vxlanLink(end: EndSetting, remotes: readonly Remote[]): Links | undefined {
  const { island, self } = end;
  if (remotes.length === 0) return undefined;
  const peer = end.role === 'hub' ? SHARED : island.hub.name;
  const link: Link = {
    ...linkBase(end, {
      ...{ peer, kind: 'vxlan' },
      underlayMtu: Math.min(...remotes.map((remote) => mtuTowards(end, remote.end))),
    }),
    ...{ encapsulation: 'vxlan', id: vniOf(island), port: island.port },
    ...{ local: end.local, mac: macOf(island.name, self) },
  };
  const entries = remotes.flatMap(({ end: far }): Resource[] => {
    const mac = macOf(island.name, far);
    return [
      { kind: 'neighbour', link: link.name, address: far.inner, mac },
      { kind: 'fdb', link: link.name, mac, outer: far.outer },
    ];
  });
  return {
    resources: [link, { kind: 'address', link: link.name, address: self.inner }, ...entries],
    ways: remotes.map(({ end: far }) => ({ remote: far, link: link.name, nextHop: far.inner })),
  };
}

/** Of the links, the one that leads to each far end, by the end's name. */
export function linksByEnd(end: EndSetting, links: readonly Link[]): ReadonlyMap<string, Link> {
  const byName = new Map(links.map((link) => [link.name, link]));
  return new Map(
    linkResources(end).ways.flatMap(({ remote, link }) => {
      const found = byName.get(link);
      return found === undefined ? [] : [[remote.name, found] as const];
    }),
  );
}
