import { linkNameOf } from './addressing.ts';
import type { Ipv4, Subnet } from './ip.ts';
import type { Island, LinkEnd } from './island.ts';

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

/** What a hub gave a worker. */
export interface Lease {
  readonly worker: Worker;
  /** Of the hub's link to its workers. */
  readonly hubMac: string;
}

/** An outer address that nobody has: where a worker is, is learned from its packets. */
const NOWHERE = '0.0.0.0' as Ipv4;

/** A worker as the end of a link; what lies behind it are no networks, but routes of its own. */
export function workerEnd({ name, inner }: Worker): LinkEnd {
  return { name, inner, outer: NOWHERE, local: undefined, mtu: undefined, networks: [] };
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
