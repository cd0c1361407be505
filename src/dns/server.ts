import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../model/endpoint.ts';
import type { Log } from '../model/log.ts';
import type { Duty } from './duty.ts';
import { createGuests, DEFAULT_TCP_LIMITS, type Guests, type TcpLimits } from './guests.ts';
import { type EndpointState, type FindOwner, openSlot, type Slot } from './slot.ts';
import { adopt, type Makers } from './sockets.ts';
import { tcpServer } from './tcp.ts';
import { udpSocket } from './udp.ts';

/** What a responder answers with, whom, and whom it tells. */
export interface ServerOptions extends Omit<Duty, 'onFault'> {
  readonly log: Log;
  /** Who has a port that is wanted here. */
  readonly portOwner?: FindOwner;
  readonly limits?: Partial<TcpLimits>;
  /** When an address is answered at, or not any more. */
  readonly onState?: () => void;
}

/** Answers questions at addresses of this host, and at no others. */
export interface DnsServer {
  /**
   * Listens at these from now on; what is not among them any more is closed. Returns when each has been tried once:
   * one that cannot be had yet is tried again, and is never an error. `passed` are descriptors of sockets that
   * systemd holds: those of the endpoints are used, and others closed.
   */
  listen(endpoints: readonly Endpoint[], passed?: readonly number[]): Promise<void>;
  /** Tries at once what waits: there may be new addresses. */
  retry(): void;
  state(): readonly EndpointState[];
  /** Answers what has been read, and resolves when nothing is left. */
  close(): Promise<void>;
}

/** A responder that listens nowhere yet. */
export function createDnsServer({
  log,
  portOwner,
  onState,
  limits: given,
  ...rest
}: ServerOptions): DnsServer {
  const duty: Duty = { ...rest, onFault: faultTo(log) };
  const limits = { ...DEFAULT_TCP_LIMITS, ...given };
  const guests = createGuests(limits);
  const makers: Makers = { udp: () => udpSocket(duty), tcp: () => tcpServer({ duty, guests, limits }) };
  const slots = new Map<string, Slot>();

  function take(fd: number): void {
    const adopted = adopt(fd, makers);
    if (adopted === undefined) return;
    const slot = adopted.endpoint && slots.get(keyOf(adopted.endpoint));
    const part = adopted.kind === 'udp' ? { udp: adopted.socket } : { tcp: adopted.socket };
    if (!slot?.adopt(part)) adopted.close();
  }

  return {
    async listen(endpoints, passed = []) {
      const wanted = new Map(endpoints.map((endpoint) => [keyOf(endpoint), endpoint]));
      for (const [key, slot] of slots) {
        if (wanted.has(key)) continue;
        slot.close();
        slots.delete(key);
      }
      const added = [...wanted].filter(([key]) => !slots.has(key));
      for (const [key, endpoint] of added)
        slots.set(key, openSlot({ ...makers, endpoint, log, portOwner, onState }));
      for (const fd of passed) take(fd);
      await Promise.all(added.map(([key]) => slots.get(key)?.start()));
    },
    retry() {
      for (const slot of slots.values()) slot.retry();
    },
    state: () => [...slots.values()].map((slot) => slot.state()),
    async close() {
      for (const slot of slots.values()) slot.close();
      slots.clear();
      await sayGoodbye(guests, limits.closeMs);
    },
  };
}

function keyOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

/** Once: who has found one that we cannot answer may send it a thousand times a second. */
function faultTo(log: Log): Duty['onFault'] {
  let isSaid = false;
  return (query, cause) => {
    if (isSaid) return;
    isSaid = true;
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    log.error({ query: Buffer.from(query).toString('hex'), error: what }, 'a question is not answered');
  };
}

async function sayGoodbye(guests: Guests, patienceMs: number): Promise<void> {
  for (const guest of guests.all()) guest.finish();
  for (let waitedMs = 0; waitedMs < patienceMs && guests.all().length > 0; waitedMs += 10) await delay(10);
  for (const guest of guests.all()) guest.cut('tcp-closed');
}
