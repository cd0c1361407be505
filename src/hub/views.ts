import type { Ipv4 } from '../model/ip.ts';
import type { Register } from './register.ts';

/** A token as it may be shown: without its key. */
export interface TokenView {
  readonly id: string;
  readonly name: string | undefined;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Undefined for any number. */
  readonly usesLeft: number | undefined;
  readonly state: 'valid' | 'used up' | 'expired';
}

/** A lease as it may be shown: without MAC, key and machine. */
export interface LeaseView {
  readonly name: string;
  readonly inner: Ipv4;
  readonly state: 'held' | 'reserved';
  readonly pinned: boolean;
  readonly sinceMs: number;
  readonly routes: readonly string[];
}

/** In the order in which they end. */
export function tokenViews({ tokens }: Register, now: number): readonly TokenView[] {
  return tokens
    .map(({ id, name, createdMs, expiresMs, usesLeft }) => {
      const spent = usesLeft === 0 ? 'used up' : 'valid';
      const state: TokenView['state'] = now >= expiresMs ? 'expired' : spent;
      return { id, name, createdMs, expiresMs, usesLeft, state };
    })
    .toSorted((a, b) => a.expiresMs - b.expiresMs);
}

/** By name. */
export function leaseViews({ leases }: Register): readonly LeaseView[] {
  return leases
    .map(({ name, inner, pinned, sinceMs, holder }) => {
      const state = holder === undefined ? ('reserved' as const) : ('held' as const);
      return { name, inner, state, pinned, sinceMs, routes: holder?.routes ?? [] };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
