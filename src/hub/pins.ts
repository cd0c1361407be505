import { formatSubnet, type Ipv4 } from '../model/ip.ts';
import { freeAddress, isLeasable, nameRefusal } from './claims.ts';
import { noLease } from './leases.ts';
import {
  granted,
  isHeld,
  type Lease,
  leaseOf,
  type Outcome,
  type Refusal,
  type Register,
  refused,
  type Terms,
  withLease,
} from './register.ts';

/** Keeps an address for the name whatever happens: the one it has, the one that is named, or the lowest free one. */
export function pin(
  register: Register,
  { name, address }: { readonly name: string; readonly address?: Ipv4 | undefined },
  { island, now }: Terms,
): Outcome<Lease> {
  const lease = leaseOf(register, name);
  const refusal = nameRefusal(island, name, register.leases);
  if (refusal !== undefined) return refusal;
  const inner = address ?? lease?.inner ?? freeAddress(island, register);
  if (inner === undefined) {
    const hint = 'free one with "island lease release NAME --forget", or write a larger "workers.pool"';
    return refused('E_RETRY', 'every address of the pool is leased or reserved', hint);
  }
  const clash = addressRefusal(register, { name, inner }, { island, lease });
  if (clash !== undefined) return clash;
  const pinned: Lease =
    lease === undefined ? { name, inner, pinned: true, sinceMs: now } : { ...lease, inner, pinned: true };
  const isSame = lease?.pinned === true && lease.inner === inner;
  return granted(isSame ? register : withLease(register, pinned), pinned);
}

/** Makes it a lease like any other again. */
export function unpin(register: Register, name: string): Outcome<Lease> {
  const lease = leaseOf(register, name);
  if (lease === undefined) return noLease(name);
  if (!lease.pinned) return granted(register, lease);
  const loose = { ...lease, pinned: false };
  return granted(withLease(register, loose), loose);
}

function addressRefusal(
  { leases }: Register,
  { name, inner }: { readonly name: string; readonly inner: Ipv4 },
  { island, lease }: Pick<Terms, 'island'> & { readonly lease: Lease | undefined },
): Refusal | undefined {
  if (!isLeasable(island, inner)) {
    const pool = island.workers === undefined ? 'no pool' : formatSubnet(island.workers.pool);
    return refused('E_USAGE', `not an address for workers: ${inner}`, `name a free address of ${pool}`);
  }
  if (lease !== undefined && isHeld(lease) && lease.inner !== inner) {
    return refused(
      'E_USAGE',
      `${name} has joined with ${lease.inner}, and cannot move to ${inner} meanwhile`,
      `run "island leave" on it, or "island lease release ${name}" here, and pin it then`,
    );
  }
  const owner = leases.find((other) => other.inner === inner && other.name !== name);
  if (owner === undefined) return undefined;
  return refused(
    'E_USAGE',
    `${inner} is already that of ${owner.name}`,
    `name another address, or run "island lease release ${owner.name} --forget" first`,
  );
}
