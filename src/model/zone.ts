import type { Ipv4 } from './ip.ts';
import { endsOf, type Island, type LinkEnd } from './island.ts';
import type { Worker } from './worker.ts';

/** A name of the island without its zone, and the address that it stands for. */
export interface NamedAddress {
  readonly name: string;
  readonly address: Ipv4;
}

/**
 * Every name that the island gives, in the order of the file: `<name>` is the address that others use for a host,
 * `<name>-tunnel` the inner one of who ends a link. The workers are those that who asks knows of.
 */
export function namedAddresses(island: Island, workers: readonly Worker[] = []): readonly NamedAddress[] {
  return [
    ...endsOf(island).flatMap((end) => [
      { name: end.name, address: usualAddress(end) },
      { name: `${end.name}-tunnel`, address: end.inner },
    ]),
    ...island.hosts.map(({ name, address }) => ({ name, address })),
    ...workers.flatMap(({ name, inner }) => [
      { name, address: inner },
      { name: `${name}-tunnel`, address: inner },
    ]),
  ];
}

/** In its own network, where it has one: from there come its packets, too. */
function usualAddress({ networks: [network], inner }: LinkEnd): Ipv4 {
  return network?.gateway ?? inner;
}
