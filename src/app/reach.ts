import type { Host } from '../host/host.ts';
import { endsOf, type Island, type LinkEnd, type LinkKind } from '../model/island.ts';
import { workerEnd } from '../model/worker.ts';
import type { Scene } from './scene.ts';

/** Whether an end of the island answers this host at its inner address, and after how many milliseconds. */
export interface Reached extends FarEnd {
  readonly ms: number | undefined;
}

/** The other end of a link of this host; a member has no link, and asks its gateway and the hub. */
interface FarEnd {
  readonly end: LinkEnd;
  readonly link: LinkKind | undefined;
  /** Of whom the file says nothing. */
  readonly isWorker?: true;
}

/** Long enough for a peer across a continent; `join` waits it out when one is not up yet. */
const TIMEOUT_MS = 400;
/** Sockets open at one moment: a hub may have ten thousand peers, a process has 1024 descriptors. */
const AT_ONCE = 256;

/** Asks the far ends of this host's links, or a member's gateway and hub, many at once; the first `most`. */
export function reachEnds(host: Host, { island, place }: Scene, most?: number): Promise<Reached[]> {
  return ask(host, island, farEnds(island, place).slice(0, most));
}

/** Asks the workers of a hub. */
export function reachWorkers(host: Host, { island, place }: Scene): Promise<Reached[]> {
  const workers = place.role === 'hub' ? (place.workers?.workers ?? []) : [];
  return ask(
    host,
    island,
    workers.map((worker) => ({ end: workerEnd(worker), link: 'vxlan', isWorker: true })),
  );
}

async function ask(host: Host, island: Island, ends: readonly FarEnd[]): Promise<Reached[]> {
  const reached: Reached[] = [];
  for (let from = 0; from < ends.length; from += AT_ONCE) {
    const some = ends.slice(from, from + AT_ONCE).map(async (far) => ({
      ...far,
      ms: await host.reach(far.end.inner, { port: island.port, timeoutMs: TIMEOUT_MS }),
    }));
    reached.push(...(await Promise.all(some)));
  }
  return reached;
}

function farEnds(island: Scene['island'], place: Scene['place']): readonly FarEnd[] {
  switch (place.role) {
    case 'hub':
      return island.peers.map((peer) => ({ end: peer, link: peer.link }));
    case 'peer':
      return [{ end: island.hub, link: place.end.link }];
    case 'worker':
      return [{ end: island.hub, link: 'vxlan' }];
    case 'member':
      return endsOf(island)
        .filter((end) => end === place.gateway || end === island.hub)
        .map((end) => ({ end, link: undefined }));
  }
}
