import type { LinkEnd } from '../model/island.ts';
import { WORKERS, type Worker, workerEnd, workersVniOf } from '../model/worker.ts';
import type { EndSetting } from './end.ts';
import type { Links } from './link.ts';
import { linkBase, mtuTowards, mtuTowardsAnybody } from './link-base.ts';
import type { Observed } from './observed.ts';
import type { Link, Resource, Timers } from './resource.ts';

/**
 * The hub's one link to all its workers, with a VNI of its own. Where a worker is, is not known here: the
 * learner writes its forwarding entry (hub/learner.ts), and what it wrote stays as long as the worker does.
 */
export function hubWorkersLink(end: EndSetting): Links | undefined {
  const { island, self, workers: known } = end;
  if (known === undefined) return undefined;
  const { mac, workers } = known;
  const link: Link = {
    ...linkBase(end, { peer: WORKERS, kind: 'vxlan', underlayMtu: mtuTowardsAnybody(end) }),
    ...{ encapsulation: 'vxlan', id: workersVniOf(island), port: island.port },
    ...{ local: end.local, mac },
  };
  return {
    resources: [
      link,
      { kind: 'address', link: link.name, address: self.inner },
      ...workers.map((worker): Resource => {
        return { kind: 'neighbour', link: link.name, address: worker.inner, mac: worker.mac };
      }),
      ...learned(end.observed, { link: link.name, workers }),
    ],
    ways: workers.map((worker) => ({
      ...{ remote: workerEnd(worker), link: link.name, nextHop: worker.inner },
      routes: worker.routes,
    })),
  };
}

interface Learned {
  readonly link: string;
  readonly workers: readonly Worker[];
}

function learned({ fdb }: Observed, { link, workers }: Learned): Resource[] {
  const macs = new Set(workers.map(({ mac }) => mac));
  return fdb
    .filter((entry) => entry.link === link && macs.has(entry.mac))
    .map((entry): Resource => ({ kind: 'fdb', ...entry }));
}

/**
 * A worker's link to the hub. No local address, since a worker's may change; and instead of a permanent
 * neighbour a managed one: the kernel asks for it again and again, which keeps the NAT's mapping open.
 */
export function workerLink(end: EndSetting, hub: LinkEnd): Links {
  const { island, self, lease } = end;
  if (lease === undefined) return { resources: [], ways: [] };
  const link: Link = {
    ...linkBase(end, { peer: hub.name, kind: 'vxlan', underlayMtu: mtuTowards(end, hub) }),
    ...{ encapsulation: 'vxlan', id: workersVniOf(island), port: island.port },
    ...{ local: undefined, remote: hub.outer, mac: lease.worker.mac },
  };
  const { name } = link;
  return {
    resources: [
      link,
      { kind: 'address', link: name, address: self.inner },
      keepalive(name, island.workers?.keepaliveMs),
      { kind: 'neighbour', link: name, address: hub.inner, managed: true },
    ],
    ways: [{ remote: hub, link: name, nextHop: hub.inner }],
  };
}

/** The kernel looks at managed neighbours every 5 s, measured up to 6.6: by the table's setting, whatever the link's says. */
const TICK_MS = 7000;

/**
 * How often the kernel asks for the hub, so that no NAT on the way forgets it: an answer counts for up to one and a
 * half times `reachableMs`, and the next look at it asks (docs/decisions/0015).
 */
function keepalive(link: string, keepaliveMs = 20_000): Timers {
  // Whole jiffies, whatever HZ is: the kernel tells what it made of it.
  const reachableMs = Math.floor((keepaliveMs - TICK_MS) / 150) * 100;
  // The hub answers as soon as it has learned where the worker is, a moment after its first question.
  return { kind: 'timers', link, reachableMs, delayMs: 0, retransmitMs: 100, questions: 10 };
}
