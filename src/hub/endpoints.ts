import type { SeenEndpoint } from '../host/host.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Worker } from '../model/worker.ts';
import type { ObservedFdbEntry } from '../plan/observed.ts';

/** Where the frames for a worker are to go. */
export interface EndpointChange {
  readonly mac: string;
  readonly address: Ipv4;
  readonly port: number;
}

/** One look at what the kernel has seen, and what it goes by. */
export interface EndpointView {
  readonly seen: readonly SeenEndpoint[];
  readonly workers: readonly KnownWorker[];
  /** The entries of the workers' link. */
  readonly fdb: readonly ForwardingEntry[];
  /** What the last look saw. */
  readonly previous: readonly SeenEndpoint[];
}

export type KnownWorker = Pick<Worker, 'mac'>;
export type ForwardingEntry = Pick<ObservedFdbEntry, 'mac' | 'outer' | 'port'>;

/** What has to change for the frames of each worker to go where its packets last came from. */
export function endpointChanges(view: EndpointView): EndpointChange[] {
  const { workers, fdb } = view;
  const latest = latestEndpoints(view);
  const entries = new Map(fdb.map((entry) => [entry.mac, keyOf(entry.outer, entry.port ?? 0)]));
  return workers.flatMap(({ mac }) => {
    const found = latest.get(mac);
    if (found === undefined || keyOf(found.address, found.port) === entries.get(mac)) return [];
    return [{ mac, address: found.address, port: found.port }];
  });
}

/** The newest endpoint by MAC, also of MACs that are nobody's. */
function latestEndpoints({ seen, fdb, previous }: EndpointView): ReadonlyMap<string, SeenEndpoint> {
  const before = new Set(previous.map(nameOf));
  const used = new Set(fdb.map(({ mac, outer, port = 0 }) => `${mac} ${keyOf(outer, port)}`));
  const latest = new Map<string, SeenEndpoint>();
  for (const each of seen) {
    const other = latest.get(each.mac);
    if (other === undefined || isNewer(each, other, { before, used })) latest.set(each.mac, each);
  }
  return latest;
}

interface Past {
  readonly before: ReadonlySet<string>;
  readonly used: ReadonlySet<string>;
}

/**
 * Each packet gives its endpoint the full time again, so the one that expires later is newer. nft tells whole
 * seconds: of two alike, the one that was not there before is; of two that were, the one in use stays.
 */
function isNewer(a: SeenEndpoint, b: SeenEndpoint, { before, used }: Past): boolean {
  if (a.expiresSeconds !== b.expiresSeconds) return a.expiresSeconds > b.expiresSeconds;
  const [aWas, bWas] = [before.has(nameOf(a)), before.has(nameOf(b))];
  if (aWas !== bWas) return bWas;
  const [aIs, bIs] = [used.has(nameOf(a)), used.has(nameOf(b))];
  return aIs !== bIs ? aIs : nameOf(a) < nameOf(b);
}

function nameOf({ mac, address, port }: SeenEndpoint): string {
  return `${mac} ${keyOf(address, port)}`;
}

function keyOf(address: string, port: number): string {
  return `${address}:${port}`;
}

/** Tells which workers have been silent for longer than they may be. */
export interface Sightings {
  of(view: Pick<EndpointView, 'seen' | 'workers'>, now: number): ReadonlySet<string>;
}

/** A worker counts as seen when it is first looked for. */
export function sightingsWithin(ms: number): Sightings {
  const last = new Map<string, number>();
  return {
    of({ seen, workers }, now) {
      const present = new Set(seen.map(({ mac }) => mac));
      const known = new Set(workers.map(({ mac }) => mac));
      for (const mac of last.keys()) if (!known.has(mac)) last.delete(mac);
      for (const mac of known) if (present.has(mac) || !last.has(mac)) last.set(mac, now);
      return new Set([...known].filter((mac) => (last.get(mac) ?? now) < now - ms));
    },
  };
}
