import {
  covers,
  fromNumber,
  hostSubnet,
  type Ipv4,
  parseSubnet,
  type Subnet,
  subnetSize,
  toNumber,
} from './ip.ts';
import { endsOf, type Island, type LinkEnd } from './island.ts';
import { tunnelName } from './names.ts';
import { finderOf } from './overlaps.ts';
import type { Worker } from './worker.ts';

/** A name of the island without its zone, and the address that it stands for. */
export interface NamedAddress {
  readonly name: string;
  readonly address: Ipv4;
}

/** Of addresses that are a zone each: every client is told of every zone. */
const MOST_SINGLES = 256;

/** Ranges that no public reverse zone has: RFC 1918 and RFC 6598. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(parseSubnet);

/**
 * Every name that the island gives, in the order of the file: `<name>` is the address that others use for a host,
 * `<name>-tunnel` the inner one of who ends a link. The workers are those that who asks knows of.
 */
export function namedAddresses(
  island: Island,
  workers: readonly Pick<Worker, 'name' | 'inner'>[] = [],
): readonly NamedAddress[] {
  const ofFile = [
    ...endsOf(island).flatMap((end) => [
      { name: end.name, address: usualAddress(end) },
      { name: tunnelName(end.name), address: end.inner },
    ]),
    ...island.hosts.map(({ name, address }) => ({ name, address })),
  ];
  if (workers.length === 0) return ofFile;
  const aliases = island.dns.records.filter(({ type }) => type === 'CNAME');
  const taken = new Set([...ofFile, ...aliases].map(({ name }) => name));
  const ofWorkers = workers.flatMap(({ name, inner }) => [
    { name, address: inner },
    { name: tunnelName(name), address: inner },
  ]);
  // The file may have changed since a worker joined: nobody answers to the name of another.
  return [...ofFile, ...ofWorkers.filter(({ name }) => !taken.has(name))];
}

/** In its own network, where it has one: from there come its packets, too. */
function usualAddress({ networks: [network], inner }: LinkEnd): Ipv4 {
  return network?.gateway ?? inner;
}

/**
 * The apexes of the reverse zones, `3.168.192.in-addr.arpa`, those of the island's subnet first. A range cut into
 * whole octets is the island's where it is its subnet or private; of a network with public addresses only those
 * addresses that the file names, since the names of all others are elsewhere.
 */
export function reverseApexes(island: Island): readonly string[] {
  const networks = endsOf(island).flatMap((end) => end.networks);
  const publicNetworkOf = finderOf(networks.filter(({ subnet }) => !isPrivate(subnet)));
  const named = namedAddresses(island).map(({ address }) => address);
  const blocks = [
    ...inOctets(island.subnet),
    ...networks.filter(({ subnet }) => isPrivate(subnet)).flatMap(({ subnet }) => inOctets(subnet)),
    ...named.filter((address) => publicNetworkOf(address) !== undefined).map(hostSubnet),
  ];
  const singles = blocks.filter(isSingle);
  const kept = singles.length <= MOST_SINGLES ? blocks : withFewer(blocks, new Set(named));
  return kept.map(({ network, prefix }) => reverseName(network, prefix / 8));
}

/** Without single addresses that are too many: those go first that have no name. */
function withFewer(blocks: readonly Subnet[], named: ReadonlySet<Ipv4>): readonly Subnet[] {
  const byName = blocks
    .filter(isSingle)
    .toSorted((a, b) => Number(named.has(b.network)) - Number(named.has(a.network)));
  const kept = new Set(byName.slice(0, MOST_SINGLES));
  return blocks.filter((block) => !isSingle(block) || kept.has(block));
}

function isSingle({ prefix }: Subnet): boolean {
  return prefix === 32;
}

/** The name that stands for an address, or for its first octets, in DNS: `7.3.168.192.in-addr.arpa`. */
export function reverseName(address: Ipv4, octets = 4): string {
  return [...address.split('.').slice(0, octets).reverse(), 'in-addr.arpa'].join('.');
}

function isPrivate(subnet: Subnet): boolean {
  return PRIVATE.some((range) => covers(range, subnet));
}

/** The subnet as those blocks that are zones of their own: names of addresses have one label for an octet. */
function inOctets(subnet: Subnet): readonly Subnet[] {
  const prefix = Math.max(8, Math.ceil(subnet.prefix / 8) * 8);
  const size = 2 ** (32 - prefix);
  const first = toNumber(subnet.network);
  return Array.from({ length: subnetSize(subnet) / size }, (_, index) => ({
    network: fromNumber(first + index * size),
    prefix,
  }));
}
