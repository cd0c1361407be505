import { IslandError } from '../errors.ts';
import { covers, formatSubnet, overlaps, parseSubnet, type Subnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { quoted } from './claims.ts';
import { isHeld, type Lease, type Refusal, type Register, refused } from './register.ts';

/** More ranges than that behind one worker are a mistake, and would only fill the hub's table. */
const MOST_RANGES = 64;

interface Claim {
  readonly whose: string;
  readonly subnet: Subnet;
}

/** The ranges, which are the worker's then, in the order in which it named them; or why it cannot have them. */
export function claimRanges(
  { leases }: Register,
  { name, routes }: { readonly name: string; readonly routes: readonly string[] },
  island: Island,
): readonly string[] | Refusal {
  if (routes.length === 0) return routes;
  if (routes.length > MOST_RANGES) {
    const hint = `name at most ${MOST_RANGES} ranges, or one larger range`;
    return refused('E_USAGE', `too many ranges behind one worker: ${routes.length}`, hint);
  }
  const leased = leases.filter((lease) => lease.name !== name).flatMap(leasedClaims);
  const claims = [...fileClaims(island), ...leased];
  const own: Subnet[] = [];
  for (const text of routes) {
    const subnet = parsedRange(text);
    if ('kind' in subnet) return subnet;
    const refusal = rangeRefusal(subnet, island) ?? overlapRefusal(subnet, claims);
    if (refusal !== undefined) return refusal;
    claims.push({ whose: 'named here, too', subnet });
    own.push(subnet);
  }
  return own.map(formatSubnet);
}

/** Gives the ranges of a lease that the file still leaves to a worker: it may have changed since. */
export function tenableRanges(island: Island): (lease: Lease) => readonly Subnet[] {
  const claims = fileClaims(island);
  return ({ holder }) =>
    (holder?.routes ?? [])
      .map(parseSubnet)
      .filter((subnet) => (rangeRefusal(subnet, island) ?? overlapRefusal(subnet, claims)) === undefined);
}

function fileClaims({ hosts }: Island): Claim[] {
  return hosts.flatMap(({ name, routes }) =>
    routes.map((subnet) => ({ whose: `a range behind ${name}`, subnet })),
  );
}

function leasedClaims(lease: Lease): Claim[] {
  if (!isHeld(lease)) return [];
  const whose = `a range behind ${lease.name}`;
  return lease.holder.routes.map((range) => ({ whose, subnet: parseSubnet(range) }));
}

function rangeRefusal(subnet: Subnet, { workers }: Island): Refusal | undefined {
  const ranges = workers?.routes ?? [];
  if (ranges.some((range) => covers(range, subnet))) return undefined;
  const text = formatSubnet(subnet);
  if (ranges.length === 0) {
    const hint = 'add the range to "workers.routes" in the file on every host, or leave out --route';
    return refused('E_USAGE', `workers of this island have no ranges behind them: ${text}`, hint);
  }
  const within = ranges.map(formatSubnet).join(' or ');
  return refused('E_USAGE', `range outside those of workers: ${text}`, `name a part of ${within}`);
}

function overlapRefusal(subnet: Subnet, claims: readonly Claim[]): Refusal | undefined {
  const clash = claims.find((claim) => overlaps(claim.subnet, subnet));
  if (clash === undefined) return undefined;
  return refused(
    'E_USAGE',
    `range ${formatSubnet(subnet)} overlaps ${formatSubnet(clash.subnet)}, ${clash.whose}`,
    'give each worker ranges of its own with --route',
  );
}

function parsedRange(text: string): Subnet | Refusal {
  try {
    return parseSubnet(text);
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    return refused('E_USAGE', `--route: not an IPv4 subnet: ${quoted(text)}`, error.hint ?? '');
  }
}
