import type { HostPlan, Network } from '../lab/network.ts';
import { type NatShape, natRulesetOf } from './shapes.ts';

/** Workers behind one NAT, on the segment `isp` of the model network; with `none`, on `cloud-wan`. */
export interface NatSite {
  readonly name: string;
  readonly shape: NatShape;
  /** The names of its hosts; the first NAT is the one next to the internet, and there is none with `none`. */
  readonly workers: readonly string[];
  readonly nats: readonly string[];
  /** The outer address as built, and the one that it can change to; with `none`, those of the first worker. */
  readonly outer: readonly [string, string];
  readonly network: Network;
}

/** What to build. */
export interface NatSiteOptions {
  /** At most 10 characters, since a segment of the lab is called `<name>-lan`. */
  readonly name: string;
  readonly shape: NatShape;
  /** From 0 to 29, another one for each site of a lab; with `none` to 11. */
  readonly number: number;
  /** At most 16. */
  readonly workers: number;
}

/** A site as a plain value; `lab.raise(site.network)` builds it beside the model network. */
export function natSite({ name, shape, number, workers: count }: NatSiteOptions): NatSite {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const workers = indexes.map((index) => `${name}-w${index + 1}`);
  const addressOf =
    shape === 'none'
      ? (index: number) => `203.0.113.${10 + 20 * number + index}`
      : (index: number) => `192.168.${100 + number}.${11 + index}`;
  const planOf = shape === 'none' ? publicWorker : (address: string) => workerBehind(`${name}-lan`, address);
  const nats = natsOf(
    { name, shape, number },
    indexes.map((index) => addressOf(index)),
  );
  return {
    ...{ name, shape, workers, nats: Object.keys(nats) },
    outer:
      shape === 'none'
        ? [addressOf(0), addressOf(MOST_WORKERS)]
        : [`198.51.100.${100 + number}`, `198.51.100.${130 + number}`],
    network: {
      hosts: {
        ...nats,
        ...Object.fromEntries(workers.map((worker, index) => [worker, planOf(addressOf(index))])),
      },
    },
  };
}

const MOST_WORKERS = 16;

/** What TCP leaves a symmetric NAT with. */
export function tcpAddressOf(outer: string): string {
  return outer.replace(/\d+$/, (last) => String(Number(last) + 60));
}

/** The rules of the NAT next to the internet, for an outer address. */
export function rulesetAt(site: NatSite, outer: string): string {
  const { shape, workers, network } = site;
  if (shape === 'none') throw new Error(`${site.name}: there is no NAT`);
  const inside = workers.flatMap((worker) => network.hosts[worker]?.links?.['eth0']?.addresses ?? []);
  return natRulesetOf(shape, {
    outer,
    outerTcp: tcpAddressOf(outer),
    inside: inside.map((address) => address.replace(/\/.*/, '')),
  });
}

function publicWorker(address: string): HostPlan {
  return {
    links: { eth0: { segment: 'cloud-wan', addresses: [`${address}/24`] } },
    routes: ['default via 203.0.113.1'],
  };
}

export function workerBehind(segment: string, address: string): HostPlan {
  return {
    links: { eth0: { segment, addresses: [`${address}/24`] } },
    routes: [`default via ${address.replace(/\d+$/, '1')}`],
  };
}

function natsOf(
  { name, shape, number }: Pick<NatSiteOptions, 'name' | 'shape' | 'number'>,
  inside: readonly string[],
): Record<string, HostPlan> {
  if (shape === 'none') return {};
  const outer = `198.51.100.${100 + number}`;
  const lan = { segment: `${name}-lan`, addresses: [`192.168.${100 + number}.1/24`] };
  const ruleset = (kind: typeof shape) =>
    natRulesetOf(kind, { outer, outerTcp: tcpAddressOf(outer), inside });
  const outermost: HostPlan = {
    links: {
      wan: {
        segment: 'isp',
        addresses: shape === 'symmetric' ? [`${outer}/24`, `${tcpAddressOf(outer)}/24`] : [`${outer}/24`],
      },
      lan: shape === 'two NATs' ? { segment: `${name}-isp`, addresses: [`100.64.${number}.1/24`] } : lan,
    },
    routes: ['default via 198.51.100.1'],
    forwards: true,
    nft: ruleset(shape),
    sysctls: MAPPING_TIMEOUTS,
  };
  if (shape !== 'two NATs') return { [`${name}-nat`]: outermost };
  const home: HostPlan = {
    links: { wan: { segment: `${name}-isp`, addresses: [`100.64.${number}.2/24`] }, lan },
    routes: [`default via 100.64.${number}.1`],
    forwards: true,
    nft: ruleset('masquerade'),
    sysctls: MAPPING_TIMEOUTS,
  };
  return { [`${name}-cgn`]: outermost, [`${name}-nat`]: home };
}

/** As a machine has them that was just booted; the one that the lab runs on may have others. */
const MAPPING_TIMEOUTS = {
  'net/netfilter/nf_conntrack_udp_timeout': 30,
  'net/netfilter/nf_conntrack_udp_timeout_stream': 120,
};
