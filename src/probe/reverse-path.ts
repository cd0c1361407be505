import { contains, fromNumber, type Ipv4, type Subnet, subnetSize, toNumber } from '../model/ip.ts';
import { endsOf, type Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { type EndSetting, endSetting } from '../plan/end.ts';
import { linksByEnd } from '../plan/link.ts';
import { linkWith, type Observed } from '../plan/observed.ts';
import type { Link } from '../plan/resource.ts';
import { formatWay, type OuterFlow, outerFlow, wayOf } from '../plan/way.ts';

interface Sight {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  /** `rp_filter` by link. */
  readonly reversePath: ReadonlyMap<string, string>;
}

/** A packet of the island that should come in here. */
interface Arrival {
  readonly link: string;
  readonly from: Ipv4;
  readonly to: Ipv4;
  /** Of an outer packet. */
  readonly outer?: OuterFlow;
}

export interface Reversal {
  readonly link: string;
  readonly text: string;
}

/** Links on which the kernel drops what comes from the island, since its answers would leave by another one. */
export function strictlyDropped(sight: Sight, links: readonly Link[]): Reversal[] {
  const { observed, reversePath } = sight;
  const isStrict = (link: string) =>
    Math.max(Number(reversePath.get('all') ?? 0), Number(reversePath.get(link) ?? 0)) === 1;
  const seen = new Set<string>();
  return arrivals(sight, links).flatMap(({ link, from, to, outer }) => {
    if (seen.has(link) || !isStrict(link) || !observed.links.some(({ name }) => name === link)) return [];
    const ports = { clientPort: 0, serverPort: 0 };
    const back = wayOf(observed, { client: from, server: to, ...ports, ...outer });
    if (back?.link === link) return [];
    seen.add(link);
    const way = back === undefined ? 'by no route' : `by ${formatWay(back)}`;
    return [
      { link, text: `${link} has rp_filter 1 and drops what comes from ${from}: the answers leave ${way}` },
    ];
  });
}

function arrivals({ island, place, observed }: Sight, links: readonly Link[]): Arrival[] {
  if (place.role !== 'member') return endArrivals(endSetting({ island, observed }, place), links);
  const { gateway } = place;
  const far = endsOf(island).filter((end) => end !== gateway);
  const sources = [
    gateway.inner,
    ...far.flatMap(({ networks }) => networks.map(({ subnet }) => hostIn(subnet))),
  ];
  const own = observed.links.flatMap(({ name, addresses }) =>
    addresses.map(({ address }) => ({ link: name, to: address })),
  );
  return own
    .filter(({ to }) => gateway.networks.some(({ subnet }) => contains(subnet, to)))
    .flatMap(({ link, to }) => sources.map((from) => ({ link, from, to })));
}

function endArrivals(setting: EndSetting, links: readonly Link[]): Arrival[] {
  const { island, remotes, local, source, underlay, observed } = setting;
  const linkTo = linksByEnd(setting, links);
  return remotes.flatMap(({ end, link: kind }): Arrival[] => {
    const uplink = underlay(end.outer)?.link ?? linkWith(observed, local)?.name;
    const outer =
      uplink === undefined
        ? []
        : [{ link: uplink, from: end.outer, to: local, outer: outerFlow(island, kind) }];
    const link = linkTo.get(end.name);
    const sources = [end.inner, ...end.networks.map(({ subnet }) => hostIn(subnet))];
    const inner = link === undefined ? [] : sources.map((from) => ({ link: link.name, from, to: source }));
    return [...outer, ...inner];
  });
}

/** One of the hosts of a subnet: its last address but one, which a gateway seldom has. */
function hostIn(subnet: Subnet): Ipv4 {
  return fromNumber(toNumber(subnet.network) + Math.max(0, subnetSize(subnet) - 2));
}
