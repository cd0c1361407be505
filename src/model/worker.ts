import { linkNameOf } from './addressing.ts';
import type { Ipv4, Subnet } from './ip.ts';
import type { Island } from './island.ts';

/** A host with a leased inner address, behind a NAT that is not ours. */
export interface Worker {
  readonly name: string;
  readonly inner: Ipv4;
  /** Of its link. Who knows it can speak for the worker, so it is shown nowhere. */
  readonly mac: string;
  /** Ranges behind it, such as its pods. */
  readonly routes: readonly Subnet[];
}

/** What a hub knows of its workers. */
export interface HubWorkers {
  /** Of the hub's link to them: as secret as theirs. */
  readonly mac: string;
  readonly workers: readonly Worker[];
}

/** What `peer` is in the name and alias of the hub's link to its workers, and of a worker's to the hub. */
export const WORKERS = '+workers';

/** The hub's link to all its workers. */
export function workersLinkOf(island: string): string {
  return linkNameOf(island, WORKERS);
}

const VNI_STEP = 65_536;

/** Another than that of the static vxlan links, which have the same UDP port; 24 bits are room for both. */
export function workersVniOf({ port }: Island): number {
  return port + VNI_STEP;
}
