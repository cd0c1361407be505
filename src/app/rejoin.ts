import { loadIsland } from '../config/load.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type Joined, type JoinOptions, join, joinAs } from './join.ts';
import { formatRecord, type LeaseRecord, leaseOf, readLease } from './record.ts';

/**
 * Joins as before. A worker whose hub does not answer through the link then asks it over the underlay, with the
 * key of its lease: E_PERMISSION when the hub has none for it any more, and whatever has changed there is taken on.
 */
export async function rejoin(host: Host, options: JoinOptions): Promise<Joined> {
  const joined = await join(host, options);
  const { island, place } = joined.scene;
  if (place.role !== 'worker' || joined.reached.some(({ ms }) => ms !== undefined)) return joined;
  const record = await readLease(host.store(island.name));
  if (record === undefined) return joined;
  return (await renewed(host, record, { ...options, joined })) ?? joined;
}

/** The hub learns where a worker is from its first packets, some of which are lost. */
const ASK_MS = 5000;

interface Renewal extends JoinOptions {
  readonly joined: Joined;
}

/** Undefined where the hub cannot be asked: perhaps later. */
async function renewed(
  host: Host,
  record: LeaseRecord,
  { joined, ...options }: Renewal,
): Promise<Joined | undefined> {
  const { name, hub, port, key, routes } = record;
  const line = host.hubLine({ hub, port, identity: `lease:${name}`, key, timeoutMs: ASK_MS });
  const machine = host.machine(joined.scene.island.name);
  const wish = { name, routes, takeover: false, ...(machine !== undefined && { machine }) };
  try {
    const { config } = await line.hello({ name, addresses: [] });
    const later: LeaseRecord = { ...(await line.join(wish)), hub, port, routes };
    const candidate = {
      ...{ island: loadIsland(config, `the file of ${hub}`), self: { name, lease: leaseOf(later) } },
      records: [
        { file: 'config', text: config },
        { file: 'lease', text: formatRecord(later) },
      ] as const,
    };
    const again = await joinAs(host, candidate, options);
    if (again.reached.every(({ ms }) => ms === undefined)) options.say?.(silence(record));
    return again;
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    if (error.code === 'E_PERMISSION') throw leaseGone(record, error);
    if (error.code !== 'E_RETRY') throw error;
    options.say?.(`${error.message}; this host is ready for when it does`);
    return undefined;
  }
}

function silence({ hub, port }: LeaseRecord): string {
  return `the hub still has the lease of this host, but nothing comes back through the link: see that UDP port ${port} gets from here to ${hub}`;
}

function leaseGone({ name, hub }: LeaseRecord, cause: unknown): IslandError {
  return new IslandError(
    'E_PERMISSION',
    `the hub has no lease for this host any more: that of ${name} was released there, or is another machine's`,
    {
      hint: `run "island token create --name ${name}" on the hub, which has ${hub}, and here what it prints; or "island leave"`,
      cause,
    },
  );
}
