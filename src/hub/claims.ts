import { contains, fromNumber, type Ipv4, isHostAddress, subnetSize, toNumber } from '../model/ip.ts';
import { endsOf, type Island } from '../model/island.ts';
import { endNameFault, tunnelName } from '../model/names.ts';
import { type Lease, type Refusal, type Register, refused } from './register.ts';

/** Why no worker may be called that, beside those of `leases`; undefined when one may. */
export function nameRefusal(
  island: Island,
  name: string,
  leases: readonly Pick<Lease, 'name'>[] = [],
): Refusal | undefined {
  const fault = endNameFault(name);
  if (fault !== undefined) return refused('E_USAGE', `${fault.message}: ${quoted(name)}`, fault.hint);
  const [owners, tunnel] = [ownersIn(island), tunnelName(name)];
  // It gets both names, and nobody may answer to the name of another.
  const taken = [name, tunnel].find((each) => owners.has(each) || isAlias(island, each));
  if (taken !== undefined) return nameTaken(taken, owners.get(taken) ?? 'an alias in the file');
  const other = leases.find((lease) => lease.name === tunnel || tunnelName(lease.name) === name);
  if (other === undefined) return undefined;
  return other.name === tunnel
    ? nameTaken(tunnel, 'another worker')
    : nameTaken(name, `the tunnel of ${other.name}`);
}

function nameTaken(name: string, owner: string): Refusal {
  return refused(
    'E_USAGE',
    `name ${name} is already that of ${owner}`,
    'join under another name with --name, or take it out of the file on every host',
  );
}

/** What somebody sent, for a message: it may be anything, of any length. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** Tells whether the file leaves name and address of a lease to a worker: it may have changed since. */
export function tenureIn(island: Island): (lease: Lease) => boolean {
  const owners = ownersIn(island);
  const inners = new Set(endsOf(island).map(({ inner }) => inner));
  return ({ name, inner }) => !owners.has(name) && !inners.has(inner) && isInPool(island, inner);
}

/** Whether the file lets workers have this address. */
export function isLeasable(island: Island, address: Ipv4): boolean {
  return isInPool(island, address) && endsOf(island).every(({ inner }) => inner !== address);
}

/** The lowest address of the pool that is no lease's; undefined when every one is. */
export function freeAddress(island: Island, { leases }: Register): Ipv4 | undefined {
  const pool = island.workers?.pool;
  if (pool === undefined) return undefined;
  // Numbers, since this is done for each of thousands that join at once.
  const taken = new Set([...leases, ...endsOf(island)].map(({ inner }) => toNumber(inner)));
  const first = toNumber(pool.network);
  for (let value = first; value < first + subnetSize(pool); value += 1) {
    if (taken.has(value)) continue;
    const address = fromNumber(value);
    if (isHostAddress(island.subnet, address)) return address;
  }
  return undefined;
}

function isInPool({ workers, subnet }: Island, address: Ipv4): boolean {
  return workers !== undefined && contains(workers.pool, address) && isHostAddress(subnet, address);
}

/** Whose each name of the file is; a tunnel's end has a second one in the zone. */
function ownersIn(island: Island): ReadonlyMap<string, string> {
  return new Map([
    ...island.hosts.map(({ name }) => [name, 'a host in the file'] as const),
    ...endsOf(island).map(({ name }) => [tunnelName(name), `the tunnel of ${name}`] as const),
    ...island.peers.map(({ name }) => [name, 'a peer'] as const),
    [island.hub.name, 'the hub'] as const,
  ]);
}

/** Other records stand beside those of a worker. */
function isAlias({ dns }: Island, name: string): boolean {
  return dns.records.some((record) => record.type === 'CNAME' && record.name === name);
}
