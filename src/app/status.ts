import type { Host } from '../host/host.ts';
import type { UnitState } from '../host/systemd.ts';
import { linkNameOf, SHARED } from '../model/addressing.ts';
import type { LinkKind } from '../model/island.ts';
import { WORKERS, workersLinkOf } from '../model/worker.ts';
import { explain } from '../plan/explain.ts';
import { type Dropped, droppedBy } from '../plan/guard.ts';
import type { ObservedLink } from '../plan/observed.ts';
import { type Pending, readPending } from './pending.ts';
import { type Reached, reachEnds, reachWorkers } from './reach.ts';
import { meaningOf } from './record.ts';
import { driftOf, isAbsent, lookAt, type Scene, type SceneOptions } from './scene.ts';
import { unitStates } from './units.ts';

/** One far end of this host: over a link of ours, or through the gateway for a member. */
export interface EndStatus {
  readonly name: string;
  readonly inner: string;
  /** Of a worker, with the port, where it was last seen. */
  readonly outer: string;
  readonly kind: LinkKind | 'routed';
  readonly link: string | undefined;
  /** `missing` and `down` are the link's; `silent` is an end that does not answer. */
  readonly state: 'up' | 'silent' | 'down' | 'missing';
  readonly rttMs: number | undefined;
  readonly mtu: number | undefined;
}

export interface LinkStatus {
  readonly name: string;
  readonly kind: string;
  readonly ends: number;
  readonly mtu: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly collisions: number;
}

export interface Status {
  readonly scene: Scene;
  readonly ends: readonly EndStatus[];
  readonly links: readonly LinkStatus[];
  /** What the guard has dropped, by reason; empty where there is none, or only root can tell. */
  readonly guard: readonly Dropped[];
  /** What differs from the file, in words; empty on a converged host. */
  readonly drift: readonly string[];
  /** Nothing of the island is here. */
  readonly absent: boolean;
  /** The last join is undone unless it is confirmed. */
  readonly pending: Pending | undefined;
  /** The file means something else than when this host joined; whether that concerns it, the drift tells. */
  readonly isFileChanged: boolean;
  /** Those of the island, where systemd has a file for them. */
  readonly units: readonly UnitState[];
}

/** What this host has of the island, and what it should have. Changes nothing. */
export async function status(host: Host, options: SceneOptions): Promise<Status> {
  const scene = await lookAt(host, options);
  const { findings, island, observed } = scene;
  const absent = isAbsent(scene);
  const [reached, units] = await Promise.all([
    absent ? [] : Promise.all([reachEnds(host, scene), reachWorkers(host, scene)]),
    unitStates(host, island.name),
  ]);
  const { meaning } = scene.joined ?? {};
  return {
    scene,
    absent,
    units,
    isFileChanged: meaning !== undefined && meaning !== meaningOf(island),
    pending: await readPending(host, island.name),
    ends: reached.flat().map((end) => endStatus(scene, end)),
    links: observed.links
      .filter(({ alias }) => alias.startsWith(`island:${island.name}/`))
      .map(linkStatus(scene)),
    guard: typeof observed.nft === 'string' ? [] : droppedBy(observed.nft),
    drift: [
      ...driftOf(scene).map(explain),
      ...findings.filter(({ weight }) => weight !== 'note').map(({ text }) => text),
    ],
  };
}

function endStatus(scene: Scene, { end, link: kind, ms, isWorker }: Reached): EndStatus {
  const { island, place, observed } = scene;
  const common = { name: end.name, inner: end.inner, outer: end.outer, rttMs: ms };
  if (kind === undefined) {
    return {
      ...common,
      kind: 'routed',
      link: undefined,
      mtu: undefined,
      state: ms === undefined ? 'silent' : 'up',
    };
  }
  if (isWorker === true) {
    const name = workersLinkOf(island.name);
    const link = observed.links.find((candidate) => candidate.name === name);
    const outer = endpointOf(scene, end.name);
    return { ...common, outer, kind, link: link?.name, mtu: link?.mtu, state: stateOf(link, ms) };
  }
  const shared = place.role === 'hub' && kind === 'vxlan';
  const name = linkNameOf(island.name, shared ? SHARED : end.name);
  const link = observed.links.find((candidate) => candidate.name === name);
  return { ...common, kind, link: link?.name, mtu: link?.mtu, state: stateOf(link, ms) };
}

/** Where a worker was last seen, as `198.51.100.7:47934`. */
function endpointOf({ island, place, observed }: Scene, name: string): string {
  const workers = place.role === 'hub' ? (place.workers?.workers ?? []) : [];
  const mac = workers.find((worker) => worker.name === name)?.mac;
  const found = observed.fdb.find((entry) => entry.mac === mac);
  return found === undefined ? 'unknown' : `${found.outer}:${found.port ?? island.port}`;
}

function stateOf(link: ObservedLink | undefined, ms: number | undefined): EndStatus['state'] {
  if (link === undefined) return 'missing';
  if (!link.up) return 'down';
  return ms === undefined ? 'silent' : 'up';
}

function linkStatus({ island: { peers }, place }: Scene): (link: ObservedLink) => LinkStatus {
  const workers = place.role === 'hub' ? (place.workers?.workers.length ?? 0) : 0;
  return ({ name, kind, mtu, counters, alias }) => {
    const shared = alias.endsWith(`/${SHARED}`) ? peers.filter(({ link }) => link === 'vxlan').length : 1;
    const ends = alias.endsWith(`/${WORKERS}`) ? workers : shared;
    const { rxBytes, txBytes, collisions } = counters;
    return { name, kind: kind ?? 'unknown', ends, mtu, rxBytes, txBytes, collisions };
  };
}
