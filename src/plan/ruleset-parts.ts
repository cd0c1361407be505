import { hashOf } from '../model/addressing.ts';
import { formatSubnet, type Ipv4, type Subnet, subnetSize, toNumber } from '../model/ip.ts';
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
    ...sets.map(({ name, elements }) => [`set ${name}`, JSON.stringify(elements)] as const),
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

/** The addresses that may come out of the packets of one outer address. */
export interface Pairs {
  readonly outer: Ipv4;
  readonly ranges: readonly Range[];
}

/** From `first` to `last`, both included, as numbers. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** A set of outer address and inner source; `inner` is where the latter stands in the packet, as nft writes it. */
export function pairSet(name: string, { inner, pairs }: { inner: string; pairs: readonly Pairs[] }): NftSet {
  const elements = pairs.flatMap(({ outer, ranges }) =>
    ranges.map((range) => `${outer} . ${formatRange(range)}`),
  );
  const typeOf = `ip saddr . ${inner}`;
  return { name, type: 'ipv4_addr . integer', typeOf, interval: true, elements: elements.toSorted() };
}

export function rangeOf(subnet: Subnet): Range {
  const first = toNumber(subnet.network);
  return { first, last: first + subnetSize(subnet) - 1 };
}

/** Bytes that nft reads at an offset are numbers to it, addresses too. */
function formatRange({ first, last }: Range): string {
  return first === last ? formatWord(first) : `${formatWord(first)}-${formatWord(last)}`;
}

/** 32 bits as nft lists them from a payload: `0x0a030103`. */
export function formatWord(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
