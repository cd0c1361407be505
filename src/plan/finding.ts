import { formatSubnet, parseSubnet, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import type { Observed, ObservedRule } from './observed.ts';
import type { Marks } from './owned.ts';
import type { Resource } from './resource.ts';

/** Something of somebody else's that the island meets on this host. */
export interface Finding {
  /** `refuse`: joining would break it, or it the island. `drift`: it takes our traffic. `note`: good to know. */
  readonly weight: 'refuse' | 'drift' | 'note';
  readonly text: string;
  readonly hint: string;
}

/** What a finding is about: `clash` is what two cannot have at once, the others go by what is in the way. */
export type Matter =
  | 'clash'
  | 'route'
  | 'rule'
  | 'firewall'
  | 'calico'
  | 'networkd'
  | 'tunnel'
  | 'names'
  | 'stranger';

export interface NamedFinding extends Finding {
  readonly about: Matter;
}

/** Where findings are looked for: this host, and what the island wants of it. */
export interface Site {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly marks: Marks;
  readonly desired: readonly Resource[];
}

/** The ranges that the island's tables lead somewhere. */
export function unicastRanges(desired: readonly Resource[]): Subnet[] {
  return desired.flatMap((resource) =>
    resource.kind === 'route' && resource.type === 'unicast' ? [parseSubnet(resource.destination)] : [],
  );
}

/** As in `rule 100 (from all lookup 51820, protocol 0)`. */
export function formatRule({ priority, from, to, table, protocol }: ObservedRule): string {
  const words = [`from ${from === undefined ? 'all' : formatSubnet(from)}`];
  if (to !== undefined) words.push(`to ${formatSubnet(to)}`);
  return `rule ${priority} (${words.join(' ')} lookup ${table ?? 'nothing'}, protocol ${formatProtocol(protocol)})`;
}

/** Who uses a number of RTPROT_*: linux/rtnetlink.h, and the rt_protos of iproute2. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  ...{ 2: 'kernel', 3: 'boot', 4: 'static', 9: 'ra', 11: 'zebra', 12: 'bird', 16: 'dhcp', 18: 'keepalived' },
  ...{ 42: 'babel', 80: 'Calico', 110: 'island', 186: 'bgp', 188: 'ospf' },
};

/** The protocol of a route or a rule with who that is, as in `4, static`. */
export function formatProtocol(protocol: number): string {
  const name = PROTOCOLS[protocol];
  return name === undefined ? String(protocol) : `${protocol}, ${name}`;
}
