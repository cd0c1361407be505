import { contains, type Ipv4, parseSubnet } from './ip.ts';
import { endsOf, type Island, type LinkEnd } from './island.ts';
import type { Place } from './place.ts';

/** Names are answered there, wherever they are (RFC 1035 section 4.2). */
export const DNS_PORT = 53;

const LOOPBACK = parseSubnet('127.0.0.0/8');

export function isLoopback(address: Ipv4): boolean {
  return contains(LOOPBACK, address);
}

/**
 * Where this host answers for the island's names: an end of a link on its inner address, and every host on those of
 * `dns.listen` that are its own. Some may be on no link yet. `carried` are the addresses that it has beside the island's.
 */
export function responderAddresses(island: Island, place: Place, carried: readonly Ipv4[]): readonly Ipv4[] {
  const isOwn = (address: Ipv4) =>
    isLoopback(address) || carried.includes(address) || isMeant(island, place, address);
  const inner = place.role === 'member' ? [] : [place.end.inner];
  return [...new Set([...inner, ...island.dns.listen.filter(isOwn)])];
}

/** Whether the file gives the address to this host, also while no link carries it. */
function isMeant(island: Island, place: Place, address: Ipv4): boolean {
  if (place.role === 'member') return place.address === address;
  const { end } = place;
  if (addressesOf(end).includes(address)) return true;
  // One that moves between machines, such as a VRRP address, is in the network and nobody's.
  const isOthers =
    endsOf(island).some((other) => addressesOf(other).includes(address)) ||
    island.hosts.some((host) => host.address === address);
  return !isOthers && end.networks.some(({ subnet }) => contains(subnet, address));
}

function addressesOf({ outer, local, inner, networks }: LinkEnd): readonly (Ipv4 | undefined)[] {
  return [outer, local, inner, ...networks.map(({ gateway }) => gateway)];
}
