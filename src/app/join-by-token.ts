import { loadIsland } from '../config/load.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { HubClient } from '../hub/client.ts';
import type { HelloAnswer, JoinAnswer } from '../hub/wire.ts';
import { nftTableOf } from '../model/addressing.ts';
import { type Ipv4, isHostAddress, parseSubnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Lease, Worker } from '../model/worker.ts';
import { ownAddresses } from '../plan/observed.ts';
import { type Candidate, type Joined, type JoinOptions, joinAs } from './join.ts';
import { formatRecord, type LeaseRecord, leaseOf, readLease } from './record.ts';
import { requireRoot } from './root.ts';
import { refuseNeighbours } from './select.ts';
import { parseToken, requireName, requireRanges } from './token-words.ts';

export interface TokenOptions extends JoinOptions {
  /** Outer address of the hub. */
  readonly hub: Ipv4;
  readonly port: number;
  /** `<id>.<key>`, `-` for standard input, or `file:PATH`. */
  readonly token: string;
  /** Ranges behind this host. */
  readonly routes: readonly string[];
  /** Takes the name from another machine that is alive. */
  readonly takeover: boolean;
}

/** Joins the island that a hub knows, with a token: as a worker, or as a member where this host is on a gateway's LAN. */
export async function joinByToken(host: Host, options: TokenOptions): Promise<Joined> {
  requireRoot(host, 'join');
  const name = options.name ?? host.hostname.split('.')[0] ?? host.hostname;
  requireName(name);
  requireRanges(options.routes);
  const { id, key } = parseToken(await host.tokenText(options.token));
  const line = host.hubLine({ hub: options.hub, port: options.port, identity: `token:${id}`, key });
  const observed = await host.observe(nftTableOf('none'));
  const hello = await line.hello({ name, addresses: ownAddresses(observed).slice(0, MOST_ADDRESSES) });
  const island = loadIsland(hello.config, `the file of ${options.hub}`);
  await refuseOthers(host, island, options);
  const asked: Asked = { name, hello, island, line };
  return hello.role === 'worker' ? joinAsWorker(host, asked, options) : joinAsMember(host, asked, options);
}

/** As many of its own addresses as a host tells the hub. */
const MOST_ADDRESSES = 64;

interface Asked {
  readonly name: string;
  readonly hello: HelloAnswer;
  readonly island: Island;
  readonly line: HubClient;
}

/** A file of the operator's own says more than a hub that the host was told of. */
async function refuseOthers(host: Host, island: Island, { island: meant }: TokenOptions): Promise<void> {
  if (meant !== undefined && meant !== island.name) {
    throw new IslandError('E_USAGE', `the hub is that of ${island.name}, not of ${meant}`, {
      hint: `write "-i ${island.name}", or name the hub of ${meant} with --hub`,
    });
  }
  const files = await host.configFiles();
  const own = files.find(({ path }) => path === `/etc/island/${island.name}.yaml`);
  if (own !== undefined) {
    throw new IslandError('E_CONFIG', `${own.path}: this host has the file of ${island.name} itself`, {
      hint: 'run "island join" without --hub and --token, or remove the file',
    });
  }
  await refuseNeighbours(
    island,
    files.filter(({ path }) => !path.endsWith(`/${island.name}.yaml`)),
  );
}

async function joinAsMember(host: Host, asked: Asked, options: TokenOptions): Promise<Joined> {
  const { name, hello, island } = asked;
  if (hello.role === 'listed') {
    throw new IslandError('E_CONFIG', `${name} is the hub or a peer in the file of ${island.name}`, {
      hint: `say another name with --name; if this is ${name}, copy the file to /etc/island/${island.name}.yaml and join without a token`,
    });
  }
  if (options.routes.length > 0) {
    throw new IslandError('E_USAGE', `${name} is on a network of the island, and takes no --route`, {
      hint: `write the ranges under "hosts:", as "routes:" of ${name}, in the file on every host`,
    });
  }
  const { nextHop } = hello;
  if (
    nextHop !== undefined &&
    (await host.reach(nextHop, { port: options.port, timeoutMs: NEXT_HOP_MS })) === undefined
  ) {
    throw new IslandError(
      'E_CONFIG',
      `${name} seems to be on a network of ${island.name}, and ${nextHop}, the next hop there, does not answer`,
      { hint: `check with "ping ${nextHop}"; if this is another network with the same range, renumber it` },
    );
  }
  const records = [{ file: 'config', text: hello.config }] as const;
  return joinAs(host, { island, self: { name: placeName(island, name) }, records }, options);
}

const NEXT_HOP_MS = 1000;

/** A member that the file does not name is known by its address. */
function placeName({ hosts }: Island, name: string): string | undefined {
  return hosts.some((entry) => entry.name === name) ? name : undefined;
}

/** Whatever is in the way on this host is found before the hub leases anything. */
function joinAsWorker(host: Host, asked: Asked, options: TokenOptions): Promise<Joined> {
  const { name, island } = asked;
  const routes = options.routes.map(parseSubnet);
  const self = { name, lease: rehearsal(island, { name, routes }) };
  return joinAs(host, { island, self, complete: () => leased(host, asked, options) }, options);
}

/** What the host is with the lease that the hub gives it now. */
async function leased(host: Host, asked: Asked, options: TokenOptions): Promise<Candidate> {
  const { name, hello, island } = asked;
  const { answer, isNew } = await lend(host, asked, options);
  const record: LeaseRecord = {
    ...answer,
    hub: options.hub,
    port: options.port,
    routes: [...options.routes],
  };
  const line = host.hubLine({ ...options, identity: `lease:${name}`, key: answer.key });
  return {
    ...{ island, self: { name, lease: leaseOf(record) } },
    records: [
      { file: 'config', text: hello.config },
      { file: 'lease', text: formatRecord(record) },
    ],
    prove: () => proveLink(host, { island, answer }),
    ...(isNew && { giveUp: () => line.release().catch(() => undefined) }),
  };
}

interface Lent {
  readonly answer: JoinAnswer;
  /** Otherwise the host had it before, and keeps it whatever becomes of this join. */
  readonly isNew: boolean;
}

/** A host that has the key of its lease keeps it, and costs no use of the token. */
async function lend(host: Host, { name, island, line }: Asked, options: TokenOptions): Promise<Lent> {
  const { hub, port, routes, takeover } = options;
  const machine = host.machine(island.name);
  const wish = { name, routes: [...routes], takeover, ...(machine !== undefined && { machine }) };
  const kept = await readLease(host.store(island.name)).catch(() => undefined);
  if (kept?.name === name && kept.hub === hub && kept.port === port) {
    const again = host.hubLine({ hub, port, identity: `lease:${name}`, key: kept.key });
    try {
      return { answer: await again.join(wish), isNew: false };
    } catch (error) {
      if (!(error instanceof IslandError && error.code === 'E_PERMISSION')) throw error;
    }
  }
  return { answer: await line.join(wish), isNew: true };
}

/** A lease as the hub may give it: with an address of the pool, and MACs that nobody has. */
function rehearsal(island: Island, { name, routes }: Pick<Worker, 'name' | 'routes'>): Lease {
  const { pool } = requireWorkers(island);
  const inner = [pool.network].find((address) => isHostAddress(pool, address)) ?? pool.network;
  return { worker: { name, inner, mac: 'fe:00:00:00:00:01', routes }, hubMac: 'fe:00:00:00:00:00' };
}

function requireWorkers({ workers, name }: Island): NonNullable<Island['workers']> {
  if (workers !== undefined) return workers;
  throw new IslandError('E_CONFIG', `${name} has no workers: its file has no "workers:"`, {
    hint: 'add "workers: { pool: 10.3.1.64/26 }" to it on every host, and join again on the hub',
  });
}

/** The first packet is lost until the hub has learned where it came from. */
async function proveLink(
  host: Host,
  { island, answer }: { island: Island; answer: JoinAnswer },
): Promise<void> {
  const { hub, port } = island;
  const end = host.now() + PROOF_MS;
  while (host.now() < end) {
    const ms = await host.reach(hub.inner, { port, timeoutMs: TRY_MS });
    if (ms !== undefined) return;
  }
  throw new IslandError(
    'E_RETRY',
    `${hub.name} leased ${answer.inner} to ${answer.name}, and nothing came back through the link in ${PROOF_MS / 1000} s`,
    { hint: `see that UDP port ${port} gets from here to ${hub.outer}, and that "island serve" runs there` },
  );
}

const PROOF_MS = 8000;
const TRY_MS = 500;
