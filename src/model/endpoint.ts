import type { Ipv4 } from './ip.ts';

/** An address with a port. */
export interface Endpoint {
  readonly address: Ipv4;
  readonly port: number;
}

/** Who has a port that is wanted, in a few words, and what to do about it. */
export interface PortOwner {
  readonly who: string;
  readonly hint: string;
}
