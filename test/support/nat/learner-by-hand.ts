import { setTimeout as delay } from 'node:timers/promises';
import type { LabHost } from '../lab/host.ts';

/** A loop that tells the hub's link where its workers are. */
export interface Learner {
  /** Resolves once the endpoint of the worker with the MAC is known, and looks often until then. */
  expect(mac: string): Promise<void>;
  close(): Promise<void>;
}

/** Which link it writes to, and whether ports are of interest. */
export interface LearnerOptions {
  readonly link: string;
  readonly isPortLearned: boolean;
}

const PENDING_MS = 50;
const QUIET_MS = 500;

/** Starts the loop on the hub: reads the set `seen` and writes what is new in it to the FDB of the link. */
export function learn(hub: LabHost, { link, isPortLearned }: LearnerOptions): Learner {
  const known = new Map<string, string>();
  const awaited = new Map<string, () => void>();
  let isOver = false;

  async function round(previous: ReadonlyMap<string, number>): Promise<Map<string, number>> {
    const seen = await sightings(hub);
    const lines = [...newest(seen, previous)].flatMap(([mac, endpoint]) => {
      if (known.get(mac) === endpoint) return [];
      known.set(mac, endpoint);
      const [address, port] = endpoint.split(' ');
      return [`fdb replace ${mac} dev ${link} dst ${address}${isPortLearned ? ` port ${port}` : ''}\n`];
    });
    if (lines.length > 0) await hub.run(['bridge', '-batch', '-'], { input: lines.join('') });
    for (const [mac, resolve] of awaited) {
      if (!known.has(mac)) continue;
      awaited.delete(mac);
      resolve();
    }
    return new Map(seen.map(({ key, expires }) => [key, expires]));
  }

  async function loop(): Promise<void> {
    let previous: ReadonlyMap<string, number> = new Map();
    let quietMs = 0;
    while (!isOver) {
      if (awaited.size > 0 || quietMs >= QUIET_MS) {
        previous = await round(previous);
        quietMs = 0;
      }
      await delay(PENDING_MS);
      quietMs += PENDING_MS;
    }
  }

  const ended = loop();
  return {
    expect: (mac) => new Promise((resolve) => awaited.set(mac, resolve)),
    async close() {
      isOver = true;
      await ended;
    },
  };
}

interface Seen {
  readonly key: string;
  readonly mac: string;
  readonly endpoint: string;
  readonly expires: number;
}

async function sightings(hub: LabHost): Promise<Seen[]> {
  const listed = JSON.parse(await hub.run(['nft', '-j', 'list', 'set', 'inet', 'workers', 'seen']));
  const elements = listed.nftables.find((item: object) => 'set' in item).set.elem ?? [];
  return elements.map(
    ({ elem }: { elem: { val: { concat: [number, string, number] }; expires: number } }) => {
      const [number, address, port] = elem.val.concat;
      const digits = number.toString(16).padStart(12, '0');
      const mac = digits.replace(/..(?=.)/g, '$&:');
      return { key: `${mac} ${address} ${port}`, mac, endpoint: `${address} ${port}`, expires: elem.expires };
    },
  );
}

/**
 * Where each MAC was seen last. nft tells whole seconds, so of two that expire in the same one that wins which
 * was not there before.
 */
function newest(seen: readonly Seen[], previous: ReadonlyMap<string, number>): Map<string, string> {
  const order = seen.toSorted(
    (a, b) => a.expires - b.expires || Number(previous.has(b.key)) - Number(previous.has(a.key)),
  );
  return new Map(order.map(({ mac, endpoint }) => [mac, endpoint]));
}
