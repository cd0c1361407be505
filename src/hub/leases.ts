import type { Ipv4 } from '../model/ip.ts';
import type { HubWorkers } from '../model/worker.ts';
import { freeAddress, isLeasable, nameRefusal, quoted, tenureIn } from './claims.ts';
import { claimRanges, tenableRanges } from './ranges.ts';
import {
  granted,
  type HeldLease,
  type Holder,
  isHeld,
  type Lease,
  leaseOf,
  type Outcome,
  type Register,
  refused,
  type Terms,
  withLease,
  withoutLease,
} from './register.ts';
import { randomKey, randomMac } from './secrets.ts';
import { partsOf, spendToken } from './tokens.ts';

export interface AcquireRequest {
  /** `token:<id>` or `lease:<name>`, proven by its key. */
  readonly identity: string;
  readonly name: string;
  /** A hash of its machine id. */
  readonly machine?: string | undefined;
  /** Ranges behind it. */
  readonly routes: readonly string[];
  /** Take the name from another machine, even if that one is alive. */
  readonly takeover: boolean;
  /** What became of the question that an earlier `ask` wanted. */
  readonly asked?: { readonly mac: string; readonly answered: boolean } | undefined;
}

/** The lease; or whom to ask first whether it is alive, with nothing changed. */
export type Acquired =
  | {
      readonly kind: 'lease';
      readonly lease: HeldLease;
      /** `new`: the name had no holder. `again`: nothing of it changed but perhaps its ranges. */
      readonly how: 'new' | 'again' | 'replaced';
    }
  | { readonly kind: 'ask'; readonly inner: Ipv4; readonly mac: string };

/**
 * Gives the name its address and the machine that asks its secrets. Who has the key of the lease keeps both; a
 * token always gets new secrets, so that none of them is ever told to a second machine.
 */
export function acquire(register: Register, request: AcquireRequest, terms: Terms): Outcome<Acquired> {
  const paid = payFor(register, request, terms);
  if (paid.kind === 'refused') return paid;
  const { island } = terms;
  const routes = nameRefusal(island, request.name, register.leases) ?? claimRanges(register, request, island);
  if ('kind' in routes) return routes;
  return judgeRival(register, request) ?? give(paid.register, { request, routes }, terms);
}

export interface ReleaseRequest {
  readonly name: string;
  /** Drops the reservation, too. */
  readonly forget?: boolean | undefined;
}

/** Takes the lease from its holder; the name keeps the address, unless it is to be forgotten. */
export function release(register: Register, request: ReleaseRequest, now: number): Outcome<Lease> {
  const { name, forget = false } = request;
  const lease = leaseOf(register, name);
  if (lease === undefined) return noLease(name);
  if (forget) return granted(withoutLease(register, name), lease);
  if (lease.holder === undefined) return granted(register, lease);
  const { holder: _, ...reserved } = lease;
  return granted(withLease(register, { ...reserved, sinceMs: now }), lease);
}

export function noLease(name: string) {
  const hint = 'see who has one with "island lease list"';
  return refused('E_USAGE', `no lease of ${quoted(name)}`, hint);
}

/** What the hub's kernel needs to know: the leases that are held, as far as the file still leaves them to workers. */
export function hubWorkersOf(register: Register, { island }: Pick<Terms, 'island'>): HubWorkers {
  const isTenable = tenureIn(island);
  const routesOf = tenableRanges(island);
  const workers = register.leases
    .filter(isHeld)
    .filter(isTenable)
    .map((lease) => ({
      ...{ name: lease.name, inner: lease.inner, mac: lease.holder.mac },
      routes: routesOf(lease),
    }));
  return { mac: register.mac, workers };
}

/** The register after what the proof costs: a use of the token, or nothing. */
function payFor(register: Register, request: AcquireRequest, { now }: Terms): Outcome<unknown> {
  const { identity, name, machine } = request;
  const { kind, name: proven } = partsOf(identity);
  if (kind === 'token') return spendToken(register, { id: proven, name, machine }, now);
  const hint = 'join with a new token: run "island token create" on the hub';
  if (proven !== name) {
    return refused('E_PERMISSION', `the key is that of the lease of ${proven}, not of ${quoted(name)}`, hint);
  }
  if (leaseOf(register, name)?.holder !== undefined) return granted(register, undefined);
  return refused('E_PERMISSION', `the lease of ${name} has been released`, hint);
}

/** Whether another machine that has the name stands in the way; undefined when none does. */
function judgeRival(register: Register, request: AcquireRequest): Outcome<Acquired> | undefined {
  const { name, machine, takeover, asked } = request;
  const lease = leaseOf(register, name);
  if (takeover || isByKey(request) || lease === undefined || !isHeld(lease)) return undefined;
  const { inner, holder } = lease;
  if (machine !== undefined && machine === holder.machine) return undefined;
  if (asked?.mac !== holder.mac) return granted(register, { kind: 'ask', inner, mac: holder.mac });
  if (!asked.answered) return undefined;
  return refused(
    'E_USAGE',
    `name ${name} is that of another machine, which answers at ${inner}`,
    'join under another name with --name, or take this one from it with --takeover',
  );
}

/** Whether it was proven with the key of the lease, so that it is the very machine that has it. */
function isByKey({ identity }: AcquireRequest): boolean {
  return partsOf(identity).kind === 'lease';
}

interface Newcomer {
  readonly request: AcquireRequest;
  readonly routes: readonly string[];
}

function give(register: Register, newcomer: Newcomer, terms: Terms): Outcome<Acquired> {
  const { request } = newcomer;
  const lease = leaseOf(register, request.name);
  const placed = placeFor(register, request.name, terms);
  if (placed.kind === 'refused') return placed;
  const inner = placed.value;
  const known = isByKey(request) ? lease?.holder : undefined;
  const holder = known === undefined ? newHolder(register, newcomer, terms) : laterHolder(known, newcomer);
  const held: HeldLease = {
    ...{ name: request.name, inner, pinned: lease?.pinned ?? false },
    sinceMs: lease?.holder === undefined ? terms.now : lease.sinceMs,
    holder,
  };
  if (known === undefined) {
    const how = lease?.holder === undefined ? 'new' : 'replaced';
    return granted(withLease(placed.register, held), { kind: 'lease', lease: held, how });
  }
  const isSame = holder === known && inner === lease?.inner;
  return granted(isSame ? register : withLease(placed.register, held), {
    ...{ kind: 'lease', lease: held, how: 'again' },
  });
}

/** The address of the name; else a free one; else that of the reservation that has waited longest. */
function placeFor(register: Register, name: string, { island }: Terms): Outcome<Ipv4> {
  const own = leaseOf(register, name)?.inner;
  if (own !== undefined && isLeasable(island, own)) return granted(register, own);
  const free = freeAddress(island, register);
  if (free !== undefined) return granted(register, free);
  const [oldest] = register.leases
    .filter((lease) => !lease.pinned && !isHeld(lease) && isLeasable(island, lease.inner))
    .toSorted((a, b) => a.sinceMs - b.sinceMs);
  if (oldest !== undefined) return granted(withoutLease(register, oldest.name), oldest.inner);
  if (island.workers === undefined) {
    const hint = 'add "workers:" to the file on every host';
    return refused('E_CONFIG', `${island.name} takes no workers`, hint);
  }
  return refused(
    'E_RETRY',
    `every address of the pool is held or pinned: ${register.leases.length} leases`,
    'free one with "island lease release" on the hub, or write a larger "workers.pool" on every host',
  );
}

function newHolder(register: Register, { request, routes }: Newcomer, { now, random }: Terms): Holder {
  const { identity, machine } = request;
  const isTaken = (mac: string) =>
    mac === register.mac || register.leases.some(({ holder }) => holder?.mac === mac);
  return {
    mac: randomMac(random, isTaken),
    key: randomKey(random),
    ...(machine !== undefined && { machine }),
    token: partsOf(identity).name,
    ...{ routes, joinedMs: now },
  };
}

/** The very same one where nothing of it changes. */
function laterHolder(holder: Holder, { request, routes }: Newcomer): Holder {
  const { machine = holder.machine } = request;
  const isSame = holder.machine === machine && holder.routes.join() === routes.join();
  return isSame ? holder : { ...holder, ...(machine !== undefined && { machine }), routes };
}
