import { contains, type Ipv4, isIpv4 } from './ip.ts';
import type { Island } from './island.ts';
import type { NoPlace, Place } from './place.ts';
import { DNS_PORT } from './responder.ts';

/**
 * Whom programs of a host ask for the names of the island: where somebody answers in its own network, they need no
 * tunnel for that; the hub knows every name, and everybody reaches it.
 */
export function nameServerOf({ dns, hub }: Island, place: Place | NoPlace): Ipv4 {
  if (place.role !== 'member') return hub.inner;
  const { subnet, gateway } = place.network;
  if (dns.listen.includes(gateway)) return gateway;
  return dns.listen.find((address) => contains(subnet, address)) ?? hub.inner;
}

/** Where a name server listens. */
export interface NameServer {
  readonly address: Ipv4;
  readonly port: number;
}

/** The server in `10.3.1.2` or `10.3.1.2:5353`; undefined for what is none. */
export function nameServerIn(text: string): NameServer | undefined {
  const [, address = '', port = String(DNS_PORT)] = /^([\d.]+)(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
  return isIpv4(address) && Number(port) <= 65_535 ? { address, port: Number(port) } : undefined;
}

/** `10.3.1.2`, and its port where that is not the usual one. */
export function formatNameServer({ address, port }: NameServer): string {
  return port === DNS_PORT ? address : `${address}:${port}`;
}

/** What can be told of the names of an island. */
export const RESOLVERS = ['dnsmasq', 'resolved', 'coredns'] as const;

export type ResolverKind = (typeof RESOLVERS)[number];
