import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Caller, Desk } from '../hub/desk.ts';
import { acquire, release } from '../hub/leases.ts';
import type { HeldLease } from '../hub/register.ts';
import type { RegisterStore } from '../hub/register-store.ts';
import { partsOf, tokenRefusal } from '../hub/tokens.ts';
import type { HelloAnswer, HelloRequest, JoinAnswer, JoinRequest } from '../hub/wire.ts';
import { contains, type Ipv4 } from '../model/ip.ts';
import { endsOf, type Island } from '../model/island.ts';
import type { Log } from '../model/log.ts';
import { networkOf } from '../model/place.ts';
import { termsOf } from './terms.ts';

/** What the desk of a hub works with. */
export interface DeskSetting {
  readonly island: Island;
  /** The island's file, which whoever joins is given. */
  readonly config: string;
  readonly register: RegisterStore;
  readonly keyOf: Desk['keyOf'];
  /** Brings this host's kernel to what the register says; resolves when all that was written before is there. */
  readonly apply: () => Promise<void>;
  /** A worker is about to come: where it is shall be learned soon. */
  readonly expect: (mac: string) => void;
  readonly log: Log;
}

/** Time for a worker to answer when somebody else wants its name. */
const ALIVE_MS = 500;

/** Decides about those who ask the hub to join or to leave. */
export function deskOf(host: Host, setting: DeskSetting): Desk {
  return {
    keyOf: setting.keyOf,
    hello: async (caller, request) => {
      const answer = hello(setting, caller, request);
      await requireToken(host, setting, { caller, name: request.name, isWorker: answer.role === 'worker' });
      return answer;
    },
    join: (caller, request) => admit(host, setting, { caller, request }),
    release: (caller) => dismiss(host, setting, caller),
  };
}

/**
 * A member is only who asks from inside a network, or from the outer address of a gateway and says to have an
 * address in that gateway's network: a home LAN may well use the same range.
 */
function hello(
  { island, config }: DeskSetting,
  { address: sawYou }: Caller,
  { name, addresses }: HelloRequest,
): HelloAnswer {
  const answer = { island: island.name, config, sawYou };
  const own = new Set<Ipv4>([sawYou, ...addresses]);
  const isEnd = endsOf(island).some(
    (end) => end.name === name || (own.has(end.outer) && addresses.includes(end.outer)),
  );
  if (isEnd) return { ...answer, role: 'listed' };
  const direct = networkOf(island, sawYou);
  if (direct !== undefined && addresses.includes(sawYou)) {
    return { ...answer, role: 'member', nextHop: direct.network.gateway };
  }
  const gateway = island.peers.find(({ outer }) => outer === sawYou);
  const behind = gateway?.networks.find(({ subnet }) => addresses.some((each) => contains(subnet, each)));
  if (behind !== undefined) return { ...answer, role: 'member', nextHop: behind.gateway };
  return { ...answer, role: 'worker' };
}

interface Greeting {
  readonly caller: Caller;
  readonly name: string;
  readonly isWorker: boolean;
}

/** A member asks for nothing else, so that its token is looked at here. */
async function requireToken(
  host: Host,
  { register }: DeskSetting,
  { caller, ...use }: Greeting,
): Promise<void> {
  const { kind, name: id } = partsOf(caller.identity);
  const known = kind === 'token' ? await register.read() : undefined;
  const refusal = known && tokenRefusal(known, { ...use, id }, host.date());
  if (refusal === undefined) return;
  const { code, message, hint } = refusal;
  throw new IslandError(code, message, { hint });
}

interface Application {
  readonly caller: Caller;
  readonly request: JoinRequest;
}

/** The lease is on the disk and in the kernel before the worker is told of it. */
async function admit(host: Host, setting: DeskSetting, application: Application): Promise<JoinAnswer> {
  const { register, apply, expect, log } = setting;
  requireWorkers(setting.island);
  const lease = await lend(host, setting, application);
  expect(lease.holder.mac);
  await apply();
  const { mac: hubMac } = (await register.read()) ?? { mac: '' };
  const { name, inner, holder } = lease;
  log.info({ name, inner, from: application.caller.address }, 'worker joined');
  return { name, inner, mac: holder.mac, hubMac, key: holder.key };
}

/** A name that another machine holds is that machine's as long as it answers. */
async function lend(
  host: Host,
  { island, register }: DeskSetting,
  { caller, request }: Application,
): Promise<HeldLease> {
  const wish = { ...request, identity: caller.identity };
  const terms = termsOf(host, island);
  const first = await register.update((before) => acquire(before, wish, terms));
  if (first.kind === 'lease') return first.lease;
  const { inner, mac } = first;
  const answered = (await host.reach(inner, { port: island.port, timeoutMs: ALIVE_MS })) !== undefined;
  const asked = { mac, answered };
  const second = await register.update((before) => acquire(before, { ...wish, asked }, terms));
  if (second.kind === 'lease') return second.lease;
  throw new IslandError('E_RETRY', `${request.name} was leased to somebody else meanwhile`, {
    hint: 'run the command again',
  });
}

async function dismiss(
  host: Host,
  { register, apply, log }: DeskSetting,
  { identity, address }: Caller,
): Promise<void> {
  const [kind, name = ''] = identity.split(':');
  if (kind !== 'lease') {
    throw new IslandError('E_PERMISSION', 'a token releases no lease', {
      hint: 'run "island leave" on the worker itself, or "island lease release NAME" on the hub',
    });
  }
  const now = host.date();
  await register.update((before) => release(before, { name }, now));
  await apply();
  log.info({ name, from: address }, 'worker released');
}

function requireWorkers({ workers, name, hub }: Island): void {
  if (workers !== undefined) return;
  throw new IslandError('E_CONFIG', `${hub.name}: ${name} has no workers`, {
    hint: 'add "workers: { pool: 10.3.1.64/26 }" to its file on every host, and join again on the hub',
  });
}
