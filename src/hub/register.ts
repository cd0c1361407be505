import type { ErrorCode } from '../errors.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { type Random, randomMac } from './secrets.ts';

/** All that a hub hands out, in one file: one write of it is one thing done. */
export interface Register {
  /** Of the hub's link to its workers, as secret as theirs. */
  readonly mac: string;
  readonly tokens: readonly Token[];
  readonly leases: readonly Lease[];
}

/** Who has it may join; as a line of text it is `<id>.<key>`. */
export interface Token {
  /** Eight of a-z2-7: no secret. */
  readonly id: string;
  /** 32 bytes in base64url: the pre-shared key. */
  readonly key: string;
  /** The only host that it is good for. */
  readonly name?: string | undefined;
  /** Milliseconds since 1970, as all times here. */
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Undefined for any number. */
  readonly usesLeft?: number | undefined;
}

/** An inner address that is a name's; without a holder it is reserved for when the name comes back. */
export interface Lease {
  readonly name: string;
  readonly inner: Ipv4;
  /** Nobody else is given the address, however long its name stays away. */
  readonly pinned: boolean;
  /** Since when it is held, or reserved. */
  readonly sinceMs: number;
  readonly holder?: Holder | undefined;
}

/** The machine that has joined under the name. */
export interface Holder {
  readonly mac: string;
  /** 32 bytes in base64url: the pre-shared key for its rejoin and release. */
  readonly key: string;
  /** A hash of its machine id. */
  readonly machine?: string | undefined;
  /** The token with which it came. */
  readonly token?: string | undefined;
  /** Ranges behind it, `10.244.7.0/24`. */
  readonly routes: readonly string[];
  readonly joinedMs: number;
}

/** A lease that a machine has now. */
export type HeldLease = Lease & { readonly holder: Holder };

/** What a transition rests on beside the register. */
export interface Terms {
  readonly island: Island;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly random: Random;
}

/** What a transition gives: the register after it, or why not. */
export type Outcome<T> = Granted<T> | Refusal;

export interface Granted<T> {
  readonly kind: 'granted';
  /** The very one that was given where nothing has to be written. */
  readonly register: Register;
  readonly value: T;
}

/** The parts of an IslandError, for whoever asked. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** The register of a hub that has handed out nothing yet. */
export function newRegister(random: Random): Register {
  return { mac: randomMac(random, () => false), tokens: [], leases: [] };
}

export function granted<T>(register: Register, value: T): Granted<T> {
  return { kind: 'granted', register, value };
}

export function refused(code: ErrorCode, message: string, hint: string): Refusal {
  return { kind: 'refused', code, message, hint };
}

export function leaseOf({ leases }: Register, name: string): Lease | undefined {
  return leases.find((lease) => lease.name === name);
}

/** The register with this lease in place of the one of its name, or added to the others. */
export function withLease(register: Register, lease: Lease): Register {
  const { leases } = register;
  const isNew = leaseOf(register, lease.name) === undefined;
  return {
    ...register,
    leases: isNew ? [...leases, lease] : leases.map((other) => (other.name === lease.name ? lease : other)),
  };
}

export function withoutLease(register: Register, name: string): Register {
  return { ...register, leases: register.leases.filter((lease) => lease.name !== name) };
}

export function isHeld(lease: Lease): lease is HeldLease {
  return lease.holder !== undefined;
}
