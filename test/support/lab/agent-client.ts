import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Greeting, Order, PingTarget, Reply, Request, Target, TransferReply } from './agent-protocol.ts';

/** Opens a connection or sends a datagram and reports which source the far end saw. */
export async function probe(target: Target, deadlineMs: number): Promise<Reply> {
  const started = performance.now();
  try {
    const seen = await (target.protocol === 'udp' ? askUdp : askTcp)(target, AbortSignal.timeout(deadlineMs));
    return { ok: true, ms: performance.now() - started, ...seen };
  } catch (error) {
    return { ok: false, ms: performance.now() - started, error: reasonOf(error) };
  }
}

type Seen = Pick<Reply, 'saw' | 'sawPort' | 'local'>;

async function askTcp(target: Target, signal: AbortSignal): Promise<Seen> {
  const socket = open(target);
  try {
    await once(socket, 'connect', { signal });
    const [data] = await once(socket, 'data', { signal });
    const greeting: Greeting = JSON.parse(String(data));
    return { saw: greeting.source, sawPort: greeting.port, ...localOf(socket) };
  } finally {
    // A reset leaves no connection behind that could confuse the next probe.
    socket.on('error', () => undefined).resetAndDestroy();
  }
}

async function askUdp(target: Target, signal: AbortSignal): Promise<Seen> {
  const socket = createSocket('udp4');
  try {
    socket.bind(target.fromPort ?? 0, target.from);
    await once(socket, 'listening', { signal });
    socket.send(Buffer.alloc(target.bytes ?? 64), target.port, target.address);
    const [data] = await once(socket, 'message', { signal });
    const greeting: Greeting = JSON.parse(String(data));
    return { saw: greeting.source, sawPort: greeting.port };
  } finally {
    socket.close();
  }
}

/** An echo request to each target, all at once, that may not be fragmented. */
export async function ping(targets: readonly PingTarget[], deadlineMs: number): Promise<Reply[]> {
  const seconds = String(Math.max(1, Math.ceil(deadlineMs / 1000)));
  const words = targets.flatMap(({ address, packet }) => [address, String(packet - HEADERS)]);
  const { stdout } = await promisify(execFile)('sh', ['-c', PINGS, 'pings', seconds, ...words]);
  const replies = new Map(stdout.split('\n').map((line) => [line.split(' ', 2).join(' '), line]));
  return targets.map(({ address, packet }) => {
    const [, , ms, ...complaint] = (replies.get(`${address} ${packet - HEADERS}`) ?? '').split(' ');
    if (ms !== undefined && ms !== '-') return { ok: true, ms: Number(ms) };
    return { ok: false, ms: deadlineMs, error: complaint.join(' ') || 'no answer' };
  });
}

/** In front of what `ping -s` counts: 20 bytes of IPv4, 8 of ICMP. */
const HEADERS = 28;

/** One shell for all of them, because it starts a ping a good deal sooner than node does. */
const PINGS = `
seconds=$1; shift
while [ $# -gt 0 ]; do
  (
    if answer=$(LC_ALL=C ping -n -M do -c 1 -W "$seconds" -s "$2" "$1" 2>&1); then
      ms=\${answer#*time=}
      echo "$1 $2 \${ms%% *}"
    else
      case $answer in *'too long'*) why='message too long' ;; *needed*) why='a hop wants fragments' ;; *) why= ;; esac
      echo "$1 $2 - $why"
    fi
  ) &
  shift 2
done
wait
`;

/** Sends and fetches bytes over one connection and counts what arrived at either end. */
export function transfer(request: Extract<Request, { op: 'transfer' }>): Promise<TransferReply> {
  return converse(request, (socket) => {
    if (request.upload > 0) socket.write(Buffer.alloc(request.upload));
  });
}

/** Sends a byte every so often over one connection and counts what arrived. */
export function trickle(request: Extract<Request, { op: 'trickle' }>): Promise<TransferReply> {
  const { bytes, everyMs } = request;
  return converse({ ...request, upload: bytes, download: 0 }, async (socket) => {
    for (let sent = 0; sent < bytes && !socket.destroyed; sent += 1) {
      socket.write('.');
      await delay(everyMs);
    }
  });
}

interface Conversation extends Order, Pick<Target, 'address' | 'port'> {
  readonly deadlineMs: number;
}

async function converse(
  request: Conversation,
  send: (socket: Socket) => Promise<void> | void,
): Promise<TransferReply> {
  const started = performance.now();
  const socket = open(request);
  const progress = { uploaded: 0, downloaded: 0 };
  try {
    await exchange(socket, { ...request, send }, progress);
    const ok = progress.uploaded === request.upload && progress.downloaded === request.download;
    const error = ok ? {} : { error: 'the far end closed early' };
    return { ok, ms: performance.now() - started, ...localOf(socket), ...progress, ...error };
  } catch (error) {
    return { ok: false, ms: performance.now() - started, ...progress, error: reasonOf(error) };
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

async function exchange(
  socket: Socket,
  {
    upload,
    download,
    deadlineMs,
    send,
  }: Conversation & { readonly send: (socket: Socket) => Promise<void> | void },
  progress: { uploaded: number; downloaded: number },
): Promise<void> {
  const ended = once(socket, 'end', { signal: AbortSignal.timeout(deadlineMs) });
  let head = '';
  let lines = 0;
  socket.on('data', (data) => {
    if (lines === 2) {
      progress.downloaded += data.length;
      return;
    }
    head += data.toString('latin1');
    const [, receipt, ...rest] = head.split('\n');
    if (receipt === undefined || rest.length === 0) return;
    lines = 2;
    progress.uploaded = JSON.parse(receipt).received;
    progress.downloaded = rest.join('\n').length;
  });
  socket.write(`${JSON.stringify({ upload, download })}\n`);
  await Promise.all([ended, send(socket)]);
}

function open({ address, port, from }: Pick<Target, 'address' | 'port' | 'from'>): Socket {
  return connect({ host: address, port, ...(from === undefined ? {} : { localAddress: from }) });
}

function localOf(socket: Socket): Pick<Reply, 'local'> {
  return socket.localAddress === undefined ? {} : { local: socket.localAddress };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'no answer';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
