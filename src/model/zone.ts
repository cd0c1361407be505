import { covers, fromNumber, type Ipv4, parseSubnet, type Subnet, subnetSize, toNumber } from './ip.ts';
import { endsOf, type Island, type LinkEnd } from './island.ts';
import { tunnelName } from './names.ts';
import { finderOf } from './overlaps.ts';
import type { Worker } from './worker.ts';

/** A name of the island without its zone, and the address that it stands for. */
export interface NamedAddress {
  readonly name: string;
  readonly address: Ipv4;
}

/** More zones than that nobody lists, and every client is told of each. */
const MOST_APEXES = 256;

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
  const networks = endsOf(island).flatMap((end) => end.networks.map(({ subnet }) => subnet));
  const [ours, theirs] = [networks.filter(isPrivate), networks.filter((subnet) => !isPrivate(subnet))];
  const publicNetworkOf = finderOf(theirs.map((subnet) => ({ subnet })));
  const named = namedAddresses(island).filter(({ address }) => publicNetworkOf(address) !== undefined);
  const blocks = [island.subnet, ...ours].flatMap(inOctets);
  const apexes = [
    ...blocks.map(({ network, prefix }) => reverseName(network, prefix / 8)),
    ...named.map(({ address }) => reverseName(address)),
  ];
  if (apexes.length <= MOST_APEXES) return apexes;
  let room = MOST_APEXES - blocks.filter(({ prefix }) => prefix < 32).length;
  return apexes.filter((apex) => apex.split('.').length < SINGLE_LABELS || room-- > 0);
}

const SINGLE_LABELS = 6;

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
