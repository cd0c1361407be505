import type { Subnet } from './ip.ts';
import { endsOf, type HostEntry, type Island, type LinkEnd } from './island.ts';
import { finderOf } from './overlaps.ts';

/** A range of addresses that the island reaches, and the end that it lies behind. */
export interface Destination {
  readonly subnet: Subnet;
  readonly end: LinkEnd;
  /** The host on the end's network that it lies behind, for a pod range. */
  readonly host: HostEntry | undefined;
  /** It is what ranges behind workers are taken from: the hub knows behind which. */
  readonly ofWorkers?: true;
}

/**
 * Every network, every pod range and what the ranges of workers are taken from, in the order of the file; the inner
 * subnet is not among them.
 */
export function destinationsOf(island: Island): readonly Destination[] {
  const networks = endsOf(island).flatMap((end) =>
    end.networks.map(({ subnet }): Destination => ({ subnet, end, host: undefined })),
  );
  const find = finderOf(networks);
  const ranges = island.hosts.flatMap((host) =>
    host.routes.flatMap((subnet): Destination[] => {
      const behind = find(host.address);
      return behind === undefined ? [] : [{ subnet, end: behind.end, host }];
    }),
  );
  const ofWorkers = workerRanges(island).map((subnet) => ({
    ...{ subnet, end: island.hub, host: undefined },
    ofWorkers: true as const,
  }));
  return [...networks, ...ranges, ...ofWorkers];
}

/** What may lie behind workers: the hub is the way there for everybody. */
export function workerRanges({ workers }: Island): readonly Subnet[] {
  return workers?.routes ?? [];
}
