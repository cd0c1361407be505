import { IslandError } from '../errors.ts';
import { aliasOf, linkNameOf, macOf, SHARED, vniOf } from '../model/addressing.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island, LinkEnd, LinkKind } from '../model/island.ts';
import { linkMtu } from '../model/links.ts';
import type { EndSetting, Remote } from './end.ts';
import type { Link, Resource } from './resource.ts';
import { underlayMtu } from './underlay.ts';

/** How a route leads to a far end: through its own link, or over the shared one with the end as next hop. */
export interface Way {
  readonly remote: LinkEnd;
  readonly link: string;
  readonly nextHop?: Ipv4;
}

export interface Links {
  readonly resources: readonly Resource[];
  readonly ways: readonly Way[];
}

/** The links of a hub or peer: one per ipip peer, and one for all that are reached by vxlan. */
export function linkResources(end: EndSetting): Links {
  const ipip = end.remotes.filter(({ link }) => link === 'ipip').map((remote) => ipipLink(end, remote));
  const vxlan = vxlanLink(
    end,
    end.remotes.filter(({ link }) => link === 'vxlan'),
  );
  const all = vxlan === undefined ? ipip : [...ipip, vxlan];
  return {
    resources: all.flatMap(({ resources }) => resources),
    ways: all.flatMap(({ ways }) => ways),
  };
}

function ipipLink(end: EndSetting, remote: Remote): Links {
  const link: Link = {
    ...base(end, { peer: remote.end.name, kind: 'ipip', remotes: [remote] }),
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
    ...base(end, { peer, kind: 'vxlan', remotes }),
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

interface LinkDetails {
  /** What names the link: the far end, or all of them. */
  readonly peer: string;
  readonly kind: LinkKind;
  readonly remotes: readonly Remote[];
}

function base(end: EndSetting, { peer, kind, remotes }: LinkDetails) {
  const { island } = end;
  return {
    kind: 'link' as const,
    name: linkNameOf(island.name, peer),
    alias: aliasOf(island.name, peer),
    group: island.port,
    mtu: linkMtu(kind, Math.min(...remotes.map((remote) => mtuTowards(end, remote.end)))),
    up: true,
  };
}

/** The underlay's MTU between two ends: the smaller of what each says, or of what this host's route says. */
function mtuTowards(end: EndSetting, far: LinkEnd): number {
  const { self, island, local } = end;
  const said = self.mtu ?? mtuOf(island);
  const own = said ?? underlayMtu(end.observed, end.underlay, { target: far.outer, local });
  if (own === undefined) {
    throw new IslandError(
      'E_RETRY',
      `no route leads to ${far.outer} (${far.name}), so the underlay's MTU is unknown`,
      {
        hint: 'bring the uplink up first, or say "mtu:" in the file',
      },
    );
  }
  return Math.min(own, far.mtu ?? own);
}

function mtuOf({ mtu }: Island): number | undefined {
  return mtu === 'auto' ? undefined : mtu;
}
