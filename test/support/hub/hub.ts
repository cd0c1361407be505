import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type Api, serveApi } from '../../../src/hub/api.ts';
import { callHub, type HubClient } from '../../../src/hub/client.ts';
import type { Caller, Desk } from '../../../src/hub/desk.ts';
import type { ApiLimits } from '../../../src/hub/limits.ts';
import type { Ipv4 } from '../../../src/model/ip.ts';
import type { LogFields } from '../../../src/model/log.ts';

export const LOOPBACK = '127.0.0.1' as Ipv4;

export const HELLO = { name: 'fit07', addresses: ['192.168.3.7' as Ipv4] };
export const JOIN = { name: 'fit07', routes: ['10.244.7.0/24'], takeover: false };
export const ANSWER = {
  island: 'r2lab',
  role: 'worker',
  config: 'island: r2lab\n',
  sawYou: LOOPBACK,
} as const;
export const JOINED = {
  name: 'fit07',
  inner: '10.3.1.64' as Ipv4,
  mac: '0e:11:22:33:44:55',
  hubMac: '0e:66:77:88:99:aa',
  key: randomBytes(32).toString('base64url'),
};

/** A desk that knows the keys it is given, answers the same to everybody, and remembers what it was asked. */
export function deskOf(keys: Readonly<Record<string, Uint8Array>>, desk: Partial<Desk> = {}) {
  const asked: { readonly call: string; readonly caller: Caller; readonly request?: unknown }[] = [];
  const whole: Desk = {
    keyOf: (identity) => keys[identity],
    hello(caller, request) {
      asked.push({ call: 'hello', caller, request });
      return Promise.resolve(ANSWER);
    },
    join(caller, request) {
      asked.push({ call: 'join', caller, request });
      return Promise.resolve(JOINED);
    },
    release(caller) {
      asked.push({ call: 'release', caller });
      return Promise.resolve();
    },
    ...desk,
  };
  return { asked, desk: whole };
}

/** A log that keeps its lines. */
export function memoryLog() {
  const lines: string[] = [];
  const add = (level: string) => (fields: LogFields, text: string) => {
    lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  };
  return { lines, log: { info: add('info'), warn: add('warn'), error: add('error') } };
}

export interface Hub {
  readonly api: Api;
  readonly port: number;
  readonly key: Uint8Array;
  readonly asked: ReturnType<typeof deskOf>['asked'];
  readonly lines: readonly string[];
  /** A client with the right token, unless it is said otherwise. */
  client(options?: Partial<Parameters<typeof callHub>[0]>): HubClient;
}

export interface HubOptions {
  readonly desk?: Partial<Desk>;
  readonly limits?: Partial<ApiLimits>;
}

/** Serves on a free port of loopback while `use` runs. */
export async function withHub<T>(use: (hub: Hub) => Promise<T>, options: HubOptions = {}): Promise<T> {
  const key = randomBytes(32);
  const { asked, desk } = deskOf({ 'token:abcdefgh': key }, options.desk);
  const { lines, log } = memoryLog();
  const port = await freePort();
  const api = await serveApi({ address: LOOPBACK, port, desk, log, limits: options.limits ?? {} });
  const common = { hub: LOOPBACK, port, identity: 'token:abcdefgh', key, timeoutMs: 3000 };
  try {
    return await use({ api, port, key, asked, lines, client: (own) => callHub({ ...common, ...own }) });
  } finally {
    await api.close();
  }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** A connection of bytes, and all that has come over it until it ended. */
export async function rawConnection(
  port: number,
  from?: string,
): Promise<{ socket: Socket; ended: Promise<Buffer> }> {
  const socket = connect({ host: LOOPBACK, port, ...(from === undefined ? {} : { localAddress: from }) });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const ended = new Promise<Buffer>((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(chunks)));
  });
  await once(socket, 'connect').catch(() => undefined);
  return { socket, ended };
}

/** What a promise is refused with. */
export function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  return promise.then(
    () => {
      throw new Error('nothing was refused');
    },
    (error) => error,
  );
}

/** Something to wait for, and what ends the wait. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export interface Recorder {
  readonly port: number;
  /** What the client's and the hub's side said, by connection. */
  readonly sessions: readonly { readonly client: Buffer[]; readonly hub: Buffer[] }[];
  close(): void;
}

/** A wire between a client and the hub that remembers every byte. */
export async function recorderTo(hubPort: number): Promise<Recorder> {
  const sessions: { client: Buffer[]; hub: Buffer[] }[] = [];
  const server = createServer((near) => {
    const session = { client: [] as Buffer[], hub: [] as Buffer[] };
    sessions.push(session);
    const far = connect({ host: LOOPBACK, port: hubPort });
    near.on('data', (chunk: Buffer) => session.client.push(chunk));
    far.on('data', (chunk: Buffer) => session.hub.push(chunk));
    for (const side of [near, far]) side.on('error', () => undefined);
    near.pipe(far).pipe(near);
  }).listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { port, sessions, close: () => void server.close() };
}
