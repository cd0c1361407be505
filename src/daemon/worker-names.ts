import { termsOf } from '../app/terms.ts';
import { followPrimary, type Primary } from '../dns/secondary.ts';
import type { WorkerName } from '../dns/zone.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { hubWorkersOf } from '../hub/leases.ts';
import { registerStore } from '../hub/register-store.ts';
import { contains, type Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Log } from '../model/log.ts';
import { isHostName, tunnelName } from '../model/names.ts';
import type { Place } from '../model/place.ts';
import { DNS_PORT } from '../model/responder.ts';
import { type NamedAddress, namedAddresses } from '../model/zone.ts';

/** From whom a host knows which workers there are. */
export interface WorkerNames {
  /** In the order of their addresses; undefined while they are not known. */
  of(island: Island): readonly WorkerName[] | undefined;
  /** Looks at once whether there are others. */
  look(): void;
  /** Goes on with another file; false when it cannot. */
  follow(standing: Whose): boolean;
  close(): Promise<void>;
}

export interface Whose {
  readonly island: Island;
  readonly place: Place;
}

export interface WorkerNamesOptions {
  readonly host: Host;
  readonly log: Log;
  readonly onChange: () => void;
}

/** Of the file alone, where it has no workers; the hub's register; or a copy of the hub's zone. */
export function workerNames(standing: Whose, options: WorkerNamesOptions): WorkerNames {
  switch (knowledgeOf(standing, options.host)) {
    case 'none':
      return fixed(standing, options.host);
    case 'register':
      return fromRegister(standing, options);
    case 'copy':
      return fromHub(standing, options);
  }
}

type Knowledge = 'none' | 'register' | 'copy';

function knowledgeOf({ island, place }: Whose, { isRoot }: Pick<Host, 'isRoot'>): Knowledge {
  if (island.workers === undefined || place.role === 'member') return 'none';
  if (place.role !== 'hub') return 'copy';
  return isRoot ? 'register' : 'none';
}

/** A member has no inner address, to which alone the hub gives its zone; only root may read the register. */
function fixed(standing: Whose, host: Host): WorkerNames {
  return {
    of: ({ workers }) => (workers === undefined ? [] : undefined),
    look: () => undefined,
    follow: (next) => knowledgeOf(next, host) === 'none' && standing.place.role === next.place.role,
    close: () => Promise.resolve(),
  };
}

/** Another process may write the register, as "island lease release" does. */
const LOOK_MS = 500;

function fromRegister({ island: { name } }: Whose, { host, log, onChange }: WorkerNamesOptions): WorkerNames {
  const store = registerStore(host, name);
  let isTrouble = false;
  let last = read();

  /** What was known when it cannot be read. */
  function read(): ReturnType<typeof store.current> | 'unknown' {
    try {
      const register = store.current();
      isTrouble = false;
      return register;
    } catch (error) {
      if (!(error instanceof IslandError)) throw error;
      if (!isTrouble)
        log.error({ code: error.code, reason: error.message }, 'the names of workers are as they were');
      isTrouble = true;
      return last ?? 'unknown';
    }
  }

  function look(): void {
    const register = read();
    if (register === last) return;
    last = register;
    onChange();
  }

  const timer = setInterval(look, LOOK_MS);
  return {
    look,
    of(island) {
      if (last === 'unknown') return undefined;
      const workers = last === undefined ? [] : hubWorkersOf(last, termsOf(host, island)).workers;
      return workers.map(({ name: worker, inner }) => ({ name: worker, inner }));
    },
    follow: (next) => knowledgeOf(next, host) === 'register' && next.island.name === name,
    close: () => Promise.resolve(clearInterval(timer)),
  };
}

function fromHub(standing: Whose, { host, log, onChange }: WorkerNamesOptions): WorkerNames {
  let addresses: readonly NamedAddress[] | undefined;
  const secondary = followPrimary({
    ...{ primary: hubFor(standing), log, now: host.now },
    onCopied(copied) {
      addresses = copied;
      onChange();
    },
  });
  return {
    of: (island) => addresses && workersIn(addresses, island),
    look: () => undefined,
    follow(next) {
      if (knowledgeOf(next, host) !== 'copy') return false;
      secondary.follow(hubFor(next));
      return true;
    },
    close: secondary.close,
  };
}

function hubFor({ island, place }: Whose): Primary {
  if (place.role === 'member') throw new TypeError('a member has no inner address');
  return { address: island.hub.inner, port: DNS_PORT, from: place.end.inner, zone: island.zone };
}

/** Those of the hub's names that only a worker has: its own and that of its tunnel are the same address of the pool. */
export function workersIn(addresses: readonly NamedAddress[], island: Island): readonly WorkerName[] {
  const { workers } = island;
  if (workers === undefined) return [];
  const inFile = new Set(namedAddresses(island).map(({ name }) => name));
  const inPool = new Map<string, Ipv4>(
    addresses
      .filter(({ address }) => contains(workers.pool, address))
      .map(({ name, address }) => [name, address]),
  );
  return [...inPool].flatMap(([name, inner]) => {
    const isWorker = isHostName(name) && !inFile.has(name) && inPool.get(tunnelName(name)) === inner;
    return isWorker ? [{ name, inner }] : [];
  });
}
