import type { Message } from 'dbus-next/lib/message-type.js';
import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import { lost, noBus, refused } from './bus-faults.ts';
import { reasonOf } from './errno.ts';

/** The system's bus: what systemd, resolved and others are asked through. Everything that is asked of it settles. */
export interface Bus {
  /**
   * Asks a service, which is never started for it, and resolves with the body of its answer as `shape` has it.
   * E_APPLY when it refuses (`busErrorName` tells why), E_RETRY when there is no answer in time or the bus has ended.
   */
  call<T extends z.ZodMiniType>(call: BusCall, shape: T): Promise<z.output<T>>;
  /** Tells of signals from now on: resolves when the bus has heard of it, with the function that ends it. */
  listen(match: SignalMatch, tell: (signal: Signal) => void): Promise<() => void>;
  /** Whether somebody has that name now; nobody is started for the answer. */
  hasOwner(name: string): Promise<boolean>;
  /** Resolves, with the reason, when the bus has ended or was closed. */
  readonly ended: Promise<string>;
  close(): void;
}

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The types of `body`, such as `ss`. */
  readonly signature?: string;
  readonly body?: readonly unknown[];
  readonly timeoutMs?: number;
}

export interface SignalMatch {
  /** Only the signals of who has this name now; who comes after it has to be listened to anew. */
  readonly sender: string;
  readonly path?: string;
  readonly interface: string;
  readonly member: string;
}

export interface Signal {
  readonly path: string;
  /** Variants are their values; numbers of 64 bits are bigints. */
  readonly body: readonly unknown[];
}

const SYSTEM_BUS = '/run/dbus/system_bus_socket';
const TIMEOUT_MS = 10_000;
const DAEMON = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;
/** D-Bus specification, "Message Format": types of messages, and the flag that starts nobody. */
const RETURN = 2;
const REFUSAL = 3;
const SIGNAL = 4;
const NO_AUTO_START = 2;

export interface BusOptions {
  readonly socket?: string;
  readonly timeoutMs?: number;
}

/**
 * Connects to the system's bus. E_HOST_UNSUPPORTED where there is none, E_RETRY when it does not answer in time.
 * Not by the MessageBus of dbus-next: a bus that refuses its first call (256 connections of root) ends the process.
 */
export async function connectBus({ socket = SYSTEM_BUS, timeoutMs = 5000 }: BusOptions = {}): Promise<Bus> {
  const line = await openLine(socket);
  try {
    await withDeadline(line.connected, timeoutMs, () => `the system bus at ${socket} does not answer`);
    await line.send({ ...DAEMON, member: 'Hello', timeoutMs });
    return busOver(line);
  } catch (error) {
    line.end('closed');
    throw error;
  }
}

function busOver(line: Line): Bus {
  const call: Bus['call'] = async (wish, shape) => {
    const body = await line.send(wish);
    try {
      return shape.parse(body);
    } catch (cause) {
      const what = `${wish.destination} answered ${wish.member} with something unexpected`;
      throw new IslandError('E_APPLY', what, { hint: 'report this with "systemctl --version"', cause });
    }
  };
  return {
    call,
    hasOwner: async (name) => {
      const wish = { ...DAEMON, member: 'NameHasOwner', signature: 's', body: [name] };
      return (await call(wish, z.tuple([z.boolean()])))[0];
    },
    listen: async (match, tell) => {
      const isDaemon = match.sender === DAEMON.destination;
      const ask = { ...DAEMON, member: 'GetNameOwner', signature: 's', body: [match.sender] };
      // Anybody may send a signal under any interface, so it is known by its sender.
      const owner = isDaemon ? match.sender : (await call(ask, z.tuple([z.string()])))[0];
      const stop = line.hear({ ...match, sender: owner }, tell);
      const rule = { ...DAEMON, signature: 's', body: [ruleOf(match)] };
      const end = () => {
        stop();
        line.send({ ...rule, member: 'RemoveMatch' }).catch(() => undefined);
      };
      await line.send({ ...rule, member: 'AddMatch' }).catch((error: unknown) => {
        stop();
        throw error;
      });
      return end;
    },
    ended: line.ended,
    close: () => line.end('closed'),
  };
}

function ruleOf({ sender, path, interface: iface, member }: SignalMatch): string {
  const fields = { type: 'signal', sender, interface: iface, member, ...(path !== undefined && { path }) };
  return Object.entries(fields)
    .map(([key, value]) => `${key}='${value}'`)
    .join(',');
}

/** One connection: what is sent is answered or rejected, whatever becomes of it. */
interface Line {
  readonly connected: Promise<void>;
  readonly ended: Promise<string>;
  send(call: BusCall): Promise<readonly unknown[]>;
  hear(match: SignalMatch, tell: (signal: Signal) => void): () => void;
  end(reason: string): void;
}

interface Waiting {
  readonly resolve: (body: readonly unknown[]) => void;
  readonly reject: (error: IslandError) => void;
  readonly call: BusCall;
}

async function openLine(socket: string): Promise<Line> {
  const [{ default: createConnection }, { Message: NewMessage }] = await Promise.all([
    import('dbus-next/lib/connection.js'),
    import('dbus-next/lib/message-type.js'),
  ]);
  // Only this method: the next one that it would try reads and believes files of a home directory.
  const connection = createConnection({ busAddress: `unix:socket=${socket}`, authMethods: ['EXTERNAL'] });
  const waiting = new Map<number, Waiting>();
  const ears = new Set<(message: Message) => void>();
  const over = new AbortController();
  let serial = 0;

  const end = (reason: string) => {
    if (over.signal.aborted) return;
    over.abort(reason);
    connection.stream.destroy();
    for (const { reject, call } of waiting.values()) reject(lost(call, reason));
    waiting.clear();
    ears.clear();
  };
  const ended = new Promise<string>((resolve) => {
    over.signal.addEventListener('abort', () => resolve(over.signal.reason));
  });
  const connected = new Promise<void>((resolve, reject) => {
    connection.on('connect', resolve);
    void ended.then((reason) => reject(noBus(socket, reason)));
  });
  connection.on('error', (error: unknown) => end(reasonOf(error)));
  connection.stream.on('close', () => end('it closed the connection'));
  connection.on('message', (message: Message) => {
    if (message.type === SIGNAL) for (const ear of ears) ear(message);
    if (message.type === RETURN || message.type === REFUSAL) settle(waiting, message);
  });

  return {
    ...{ connected, ended, end },
    hear: (match, tell) => {
      const ear = (message: Message) => {
        if (matches(match, message)) tell({ path: message.path, body: message.body.map(plain) });
      };
      ears.add(ear);
      return () => void ears.delete(ear);
    },
    send: (call) => {
      serial += 1;
      const number = serial;
      const answer = new Promise<readonly unknown[]>((resolve, reject) => {
        if (over.signal.aborted) throw lost(call, over.signal.reason);
        const { timeoutMs: _, body = [], ...rest } = call;
        const message = new NewMessage({ ...rest, body: [...body], serial: number, flags: NO_AUTO_START });
        waiting.set(number, { resolve, reject, call });
        connection.message(message);
      });
      const late = () => `${call.destination} does not answer ${call.member}`;
      return withDeadline(answer, call.timeoutMs ?? TIMEOUT_MS, late).finally(() => waiting.delete(number));
    },
  };
}

function settle(waiting: ReadonlyMap<number, Waiting>, message: Message): void {
  const { resolve, reject, call } = waiting.get(message.replySerial) ?? {};
  if (call === undefined) return;
  const body = message.body.map(plain);
  if (message.type === RETURN) resolve?.(body);
  else reject?.(refused(call, { name: message.errorName, text: String(body[0] ?? message.errorName) }));
}

function matches({ sender, path, interface: iface, member }: SignalMatch, message: Message): boolean {
  const isThere = path === undefined || path === message.path;
  return isThere && message.sender === sender && message.interface === iface && message.member === member;
}

/** A variant stands for what is in it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  // Of what dbus-next gives only a variant is more than a literal.
  if ('value' in value && Object.getPrototypeOf(value) !== Object.prototype) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function withDeadline<T>(work: Promise<T>, timeoutMs: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new IslandError('E_RETRY', `${what()} within ${timeoutMs / 1000} s`, { hint: 'run it again' }));
    }, timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
