import { IslandError } from '../errors.ts';
import { aliasOf, linkNameOf } from '../model/addressing.ts';
import type { Island, LinkEnd, LinkKind } from '../model/island.ts';
import { linkMtu } from '../model/links.ts';
import type { EndSetting } from './end.ts';
import { linkWith } from './observed.ts';
import { underlayMtu } from './underlay.ts';

interface LinkDetails {
  /** What names the link: the far end, or all of them. */
  readonly peer: string;
  readonly kind: LinkKind;
  /** Of the underlay, in bytes. */
  readonly underlayMtu: number;
}

/** What every link of ours has, whatever its kind. */
export function linkBase({ island }: EndSetting, { peer, kind, underlayMtu: mtu }: LinkDetails) {
  return {
    kind: 'link' as const,
    name: linkNameOf(island.name, peer),
    alias: aliasOf(island.name, peer),
    group: island.port,
    mtu: linkMtu(kind, mtu),
    up: true,
  };
}

/** The underlay's MTU between two ends: the smaller of what each says, or of what this host's route says. */
export function mtuTowards(end: EndSetting, far: LinkEnd): number {
  const { self, island, local, role } = end;
  const said = self.mtu ?? mtuOf(island);
  const found = underlayMtu(end.observed, end.underlay, { target: far.outer, local });
  // What the file says of everybody's underlay is not true of somebody's DSL line.
  const own = role === 'worker' && found !== undefined ? Math.min(found, said ?? found) : (said ?? found);
  if (own === undefined) {
    throw new IslandError(
      'E_RETRY',
      `no route leads to ${far.outer} (${far.name}), so the underlay's MTU is unknown`,
      { hint: 'bring the uplink up first, or say "mtu:" in the file' },
    );
  }
  return Math.min(own, far.mtu ?? own);
}

/** The underlay's MTU towards those who may be anywhere. */
export function mtuTowardsAnybody({ self, island, observed, local }: EndSetting): number {
  const own = self.mtu ?? mtuOf(island) ?? linkWith(observed, local)?.mtu;
  if (own !== undefined) return own;
  throw new IslandError('E_RETRY', `no link of this host has ${local}, so the underlay's MTU is unknown`, {
    hint: 'bring the uplink up first, or say "mtu:" in the file',
  });
}

function mtuOf({ mtu }: Island): number | undefined {
  return mtu === 'auto' ? undefined : mtu;
}
