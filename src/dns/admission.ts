import { type Ipv4, lastAddress, type Subnet, toNumber } from '../model/ip.ts';
import type { Island } from '../model/island.ts';

/** What becomes of a question before it is looked at. */
export type Verdict = 'admitted' | 'stranger' | 'rate';

/** Who may ask. */
export interface Admission {
  /** Whether a question from `source`, as `toNumber` gives it, is looked at; each call counts as one question. */
  admit(source: number): Verdict;
}

export interface AdmissionOptions {
  /** Ranges of the island: `rangesOf`. */
  readonly ranges: readonly Subnet[];
  /** Who else may ask, so many questions: `dns.allow`. */
  readonly allow: readonly Subnet[];
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  readonly limits?: Partial<RateLimits>;
}

/** How much those outside the island may ask. */
export interface RateLimits {
  readonly perSecond: number;
  /** Questions at once, after a while without any. */
  readonly burst: number;
  /** Addresses that are remembered; the one that has been silent for longest is forgotten for a new one. */
  readonly addresses: number;
}

const DEFAULT_LIMITS: RateLimits = { perSecond: 20, burst: 40, addresses: 4096 };

const LOOPBACK: Subnet = { network: '127.0.0.0' as Ipv4, prefix: 8 };

/** Whose questions are answered without a limit: every range of the island, and this host itself. */
export function rangesOf({ subnet, hub, peers, hosts, workers }: Island): readonly Subnet[] {
  return [
    LOOPBACK,
    subnet,
    ...[hub, ...peers].flatMap(({ networks }) => networks.map((network) => network.subnet)),
    ...hosts.flatMap(({ routes }) => routes),
    ...(workers?.routes ?? []),
  ];
}

/** Made anew when the island changes. It remembers a bounded number of addresses, whatever sources are forged. */
export function createAdmission({ ranges, allow, now, limits }: AdmissionOptions): Admission {
  const isOwn = membershipOf(ranges);
  const isAllowed = membershipOf(allow);
  const hasQuota = quotaOf({ ...DEFAULT_LIMITS, ...limits });
  return {
    admit(source) {
      if (isOwn(source)) return 'admitted';
      if (!isAllowed(source)) return 'stranger';
      return hasQuota(source, now()) ? 'admitted' : 'rate';
    },
  };
}

/** Numbers alone and no allocation: this is asked for every packet, a flood of strangers' too. */
function membershipOf(subnets: readonly Subnet[]): (source: number) => boolean {
  const spans = mergedSpans(subnets);
  const firsts = Uint32Array.from(spans, ([first]) => first);
  const lasts = Uint32Array.from(spans, ([, last]) => last);
  return (source) => {
    // How many spans begin at or below the source.
    let [low, high] = [0, firsts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firsts[middle] ?? 0) <= source) low = middle + 1;
      else high = middle;
    }
    return low > 0 && source <= (lasts[low - 1] ?? 0);
  };
}

type Span = readonly [first: number, last: number];

/** In order, and none inside or beside another. */
function mergedSpans(subnets: readonly Subnet[]): readonly Span[] {
  const spans = subnets
    .map((subnet): Span => [toNumber(subnet.network), toNumber(lastAddress(subnet))])
    .toSorted(([a], [b]) => a - b);
  const merged: Span[] = [];
  for (const [first, last] of spans) {
    const before = merged.at(-1);
    if (before === undefined || first > before[1] + 1) merged.push([first, last]);
    else merged[merged.length - 1] = [before[0], Math.max(before[1], last)];
  }
  return merged;
}

/** A bucket of tokens for each address; what is refused costs none. */
function quotaOf({ perSecond, burst, addresses }: RateLimits): (source: number, nowMs: number) => boolean {
  const spent = new Map<number, { readonly level: number; readonly atMs: number }>();
  return (source, nowMs) => {
    const last = spent.get(source);
    const faded = last === undefined ? 0 : ((nowMs - last.atMs) * perSecond) / 1000;
    const level = Math.max(0, (last?.level ?? 0) - faded);
    if (level > burst - 1) return false;
    // Deleted first, so that it becomes the newest: a map keeps the order of insertion.
    spent.delete(source);
    spent.set(source, { level: level + 1, atMs: nowMs });
    const [oldest] = spent.size > addresses ? spent.keys() : [];
    if (oldest !== undefined) spent.delete(oldest);
    return true;
  };
}
