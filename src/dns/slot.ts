import type { Socket } from 'node:dgram';
import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint, PortOwner } from '../model/endpoint.ts';
import type { Log } from '../model/log.ts';
import type { Makers } from './sockets.ts';
import { listenTcp } from './tcp.ts';
import { bindUdp } from './udp.ts';

export type FindOwner = (endpoint: Endpoint) => Promise<PortOwner | undefined>;

/** How it stands with one address. */
export type EndpointState = Endpoint &
  (
    | { readonly state: 'listening' }
    | { readonly state: 'waiting'; readonly why: string; readonly hint?: string }
  );

export interface SlotOptions extends Makers {
  readonly endpoint: Endpoint;
  readonly log: Log;
  readonly portOwner?: FindOwner | undefined;
  /** When its state is another. */
  readonly onState?: (() => void) | undefined;
}

/** An address at which the responder listens, as soon as it can. */
export interface Slot {
  readonly endpoint: Endpoint;
  /** A socket of this address that was passed; false when there is one already. */
  adopt(part: Parts): boolean;
  /** Tries once, and returns; goes on trying in the background. */
  start(): Promise<void>;
  /** Tries at once. */
  retry(): void;
  state(): EndpointState;
  close(): void;
}

/** Of one address: both are bound, or none is. Else half of the questions would go to another program. */
export interface Parts {
  readonly udp?: Socket;
  readonly tcp?: Server;
}

/** An address comes with a link, mostly soon; another program keeps its port for longer. */
const FIRST_PAUSE_MS = 1000;
const PAUSE_MS = 10_000;
const OWNER_MS = 60_000;

export function openSlot(options: SlotOptions): Slot {
  const { endpoint, log, onState = () => undefined } = options;
  const portOwner = sparingly(options.portOwner);
  const ended = new AbortController();
  let alarm = new AbortController();
  let parts: Parts = {};
  let state: EndpointState = { ...endpoint, state: 'waiting', why: 'not tried yet' };
  let pauseMs = FIRST_PAUSE_MS;

  /** Whether there is nothing left to try. */
  async function attempt(): Promise<boolean> {
    try {
      const bound = await bindBoth(parts, options);
      parts = bound;
      if (ended.signal.aborted) closeParts(bound);
      else become({ ...endpoint, port: bound.udp.address().port, state: 'listening' });
      return true;
    } catch (cause) {
      const next = await waitingFor(cause, { endpoint, portOwner });
      if (ended.signal.aborted) return true;
      pauseMs = next.level === 'info' ? pauseMs : PAUSE_MS;
      become(next.state, next.level);
      return false;
    }
  }

  /** Says what is new, once. */
  function become(next: EndpointState, level: 'info' | 'error' = 'info'): void {
    const { address, port } = next;
    const before = state;
    state = next;
    onState();
    if (next.state === 'listening') log.info({ address, port }, 'names are answered');
    else if (before.state !== 'waiting' || before.why !== next.why) {
      const fields = { address, port, why: next.why, ...(next.hint && { hint: next.hint }) };
      log[level](fields, 'names are not answered at this address yet');
    }
  }

  async function goOn(): Promise<void> {
    do {
      alarm = new AbortController();
      const signal = AbortSignal.any([alarm.signal, ended.signal]);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS);
    } while (!ended.signal.aborted && !(await attempt()));
  }

  return {
    endpoint,
    adopt(part) {
      if (Object.keys(part).some((kind) => parts[kind as keyof Parts] !== undefined)) return false;
      parts = { ...parts, ...part };
      return true;
    },
    async start() {
      if (!(await attempt())) void goOn();
    },
    retry() {
      pauseMs = FIRST_PAUSE_MS;
      alarm.abort();
    },
    state: () => state,
    close() {
      ended.abort();
      closeParts(parts);
    },
  };
}

async function bindBoth(held: Parts, { endpoint, udp, tcp }: SlotOptions): Promise<Required<Parts>> {
  const server = held.tcp ?? tcp();
  if (held.tcp === undefined) await listenTcp(server, endpoint);
  try {
    const socket = held.udp ?? udp();
    if (held.udp === undefined) await bindUdp(socket, { ...endpoint, port: portOf(server) });
    return { udp: socket, tcp: server };
  } catch (cause) {
    if (held.tcp === undefined) server.close();
    throw cause;
  }
}

/** Of port 0 the kernel makes one that is free. */
function portOf(server: Server): number {
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

function closeParts({ udp, tcp }: Parts): void {
  udp?.close();
  tcp?.close();
}

/** It looks at every process, and who has a port mostly keeps it. */
function sparingly(find: FindOwner = () => Promise.resolve(undefined)): FindOwner {
  let last: { readonly found: ReturnType<FindOwner>; readonly untilMs: number } | undefined;
  return (endpoint) => {
    const now = performance.now();
    if (last === undefined || now > last.untilMs) last = { found: find(endpoint), untilMs: now + OWNER_MS };
    return last.found;
  };
}

interface Wanted {
  readonly endpoint: Endpoint;
  readonly portOwner: FindOwner;
}

interface Waiting {
  readonly level: 'info' | 'error';
  readonly state: EndpointState;
}

async function waitingFor(cause: unknown, { endpoint, portOwner }: Wanted): Promise<Waiting> {
  const waiting = (why: string, hint?: string): EndpointState => ({
    ...{ ...endpoint, state: 'waiting', why },
    ...(hint !== undefined && { hint }),
  });
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  switch (code) {
    case 'EADDRNOTAVAIL':
      return { level: 'info', state: waiting('this host does not have the address') };
    case 'EADDRINUSE': {
      const owner = await portOwner(endpoint).catch(() => undefined);
      const hint = owner?.hint ?? `"ss -lntup sport = :${endpoint.port}" shows which`;
      return { level: 'error', state: waiting(owner?.who ?? 'another program has the port', hint) };
    }
    case 'EACCES':
      return { level: 'error', state: waiting('not allowed to listen there', 'run it as root') };
    default:
      return { level: 'error', state: waiting(code) };
  }
}
