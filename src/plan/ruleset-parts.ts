import { hashOf } from '../model/addressing.ts';
import { formatSubnet, type Ipv4, type Subnet, toNumber } from '../model/ip.ts';
import type { Link, NftRule, NftSet, NftTable } from './resource.ts';

/** A rule with the comment by which it is known again: what it means, and a hash of its words. */
export function nftRule(words: string, meaning: string): NftRule {
  return { words, mark: `${meaning} [${hashOf(words).toString(16).padStart(8, '0')}]` };
}

/** A rule of the guard; `reason` is what status counts its packets under. */
export function dropRule(match: string, reason: string): NftRule {
  return nftRule(`${match === '' ? '' : `${match} `}counter drop`, reason);
}

/** What a rule means, without the hash. */
export function meaningOf({ mark }: NftRule): string {
  return mark.replace(/ \[[0-9a-f]{8}\]$/, '');
}

/**
 * What of a table can be compared with another, by the name of the set or chain: of a rule its mark, in which
 * its words are hashed; not the type of a set, which each nft lists in its own way.
 */
export function comparableParts({ sets, chains }: NftTable): ReadonlyMap<string, string> {
  return new Map([
    ...sets.map(({ name, elements, timeoutSeconds }) => {
      return [`set ${name}`, JSON.stringify(timeoutSeconds ?? elements)] as const;
    }),
    ...chains.map(({ name, hook, rules }) => {
      return [`chain ${name}`, JSON.stringify([hook, rules.map(({ mark }) => mark)])] as const;
    }),
  ]);
}

/** Exact names and never a wildcard, which would catch the links of others. */
export function linkSet(name: string, links: readonly Link[]): NftSet {
  return { name, type: 'ifname', interval: false, elements: links.map((link) => link.name).toSorted() };
}

/** nft lists a single address without its prefix. */
export function subnetSet(name: string, subnets: readonly Subnet[]): NftSet {
  const elements = subnets.map((subnet) => (subnet.prefix === 32 ? subnet.network : formatSubnet(subnet)));
  return { name, type: 'ipv4_addr', interval: true, elements: elements.toSorted() };
}

export function addressSet(name: string, addresses: readonly Ipv4[]): NftSet {
  const elements = [...new Set(addresses)].toSorted();
  return { name, type: 'ipv4_addr', interval: false, elements };
}

/** Elements such as `138.96.245.30 : 138.96.245.50`. */
export function addressMap(name: string, elements: readonly string[]): NftSet {
  return { name, type: 'ipv4_addr : ipv4_addr', interval: false, elements: elements.toSorted() };
}

/** The addresses that may come out of the packets of one sender: an outer address, or the MAC of a worker as a number. */
export interface Pairs {
  readonly sender: string;
  readonly subnets: readonly Subnet[];
}

/** Which bits of an inner address are compared: whole octets, from the first. */
export type Width = 8 | 16 | 24 | 32;

export interface PairSet extends NftSet {
  /** The set's key, as nft writes it. */
  readonly typeOf: string;
  readonly width: Width;
}

interface PairOptions {
  /** What the sender is known by, in nft's words, and its type there. */
  readonly by: readonly [words: string, type: string];
  readonly at: number;
  readonly pairs: readonly Pairs[];
  /** Sets that are there while they are empty, too. */
  readonly always?: readonly Width[];
}

/**
 * Sets of sender and the first octets of an inner address, which stands `at` that many bits behind the outer
 * transport header; the widest first. Not one set of intervals, in which a packet is looked for 60 us among
 * 10 000 peers: a hash table takes the same time for any number (docs/decisions/0012).
 */
export function pairSets(
  name: string,
  { by: [words, kind], at, pairs, always = [] }: PairOptions,
): PairSet[] {
  const elements = new Map<Width, string[]>(always.map((width) => [width, []]));
  for (const { sender, subnets } of pairs) {
    for (const subnet of subnets) {
      const width = widthOf(subnet);
      const some = octetsOf(subnet).map((octets) => `${sender} . ${formatNumber(octets)}`);
      const list = elements.get(width) ?? [];
      list.push(...some);
      elements.set(width, list);
    }
  }
  return ([24, 32, 16, 8] as const).flatMap((width) => {
    const some = elements.get(width);
    if (some === undefined) return [];
    const typeOf = `${words} . @th,${at},${width}`;
    const type = `${kind} . integer`;
    return [{ name: `${name}-${width}`, type, typeOf, width, interval: false, elements: some.toSorted() }];
  });
}

/** The first octets that tell the addresses of the subnet from others, where need be more than one combination. */
export function widthOf({ prefix }: Subnet): Width {
  if (prefix > 24) return 32;
  if (prefix > 16) return 24;
  return prefix > 8 ? 16 : 8;
}

/** A /22 is four blocks of 24 bits, each by its first three octets as a number. */
function octetsOf(subnet: Subnet): number[] {
  const width = widthOf(subnet);
  const first = Math.floor(toNumber(subnet.network) / 2 ** (32 - width));
  return Array.from({ length: 2 ** (width - subnet.prefix) }, (_, index) => first + index);
}

/** As nft lists what it reads at an offset: `0xc0a803`. */
export function formatNumber(value: number): string {
  return `0x${value.toString(16)}`;
}
