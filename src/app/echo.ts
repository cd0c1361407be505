import type { Host } from '../host/host.ts';
import { echoPortOf } from '../model/addressing.ts';
import { contains, type Ipv4, isIpv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { destinationsOf } from '../model/reach.ts';
import { readJoined } from './record.ts';
import { lookAt, type SceneOptions } from './scene.ts';

export interface Echoing {
  readonly address: Ipv4;
  readonly port: number;
  readonly close: () => void;
}

/** Answers whoever of the island asks, with what this host sees of him; resolves when it listens. */
export async function echo(host: Host, options: SceneOptions): Promise<Echoing> {
  const { island, place } = await lookAt(host, options);
  const address = place.role === 'member' ? place.address : place.end.inner;
  const port = echoPortOf(island);
  const store = host.store(island.name);
  // Who has left has no way back for the answer; an answer would make believe that he has.
  const admits = async (source: string) =>
    isIpv4(source) && isInside(island, source) && (await readJoined(store)) !== undefined;
  return {
    address,
    port,
    close: await host.echo({ address, port, admits, greets: farInner(island, place) }),
  };
}

/** As many far ends as a second leaves time for. */
const MOST_GREETED = 256;

function farInner({ hub, peers }: Island, { role }: Place): readonly Ipv4[] {
  if (role === 'member') return [];
  const far = role === 'hub' ? peers : [hub];
  return far.slice(0, MOST_GREETED).map(({ inner }) => inner);
}

function isInside(island: Island, source: Ipv4): boolean {
  const ranges = [island.subnet, ...destinationsOf(island).map(({ subnet }) => subnet)];
  return ranges.some((range) => contains(range, source));
}
