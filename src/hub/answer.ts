import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, IslandError } from '../errors.ts';
import type { Log } from '../model/log.ts';
import type { Caller, Desk, Refusal } from './desk.ts';
import { CALLS, type Call, callAt, MAX_REQUEST_BYTES, readWire } from './wire.ts';

export interface Answering {
  readonly caller: Caller;
  readonly desk: Desk;
  readonly log: Log;
  readonly requestMs: number;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

const STATUS: Readonly<Record<ErrorCode, number>> = {
  E_USAGE: 400,
  E_PERMISSION: 403,
  E_CONFIG: 409,
  E_HOST_UNSUPPORTED: 501,
  E_RETRY: 503,
  E_APPLY: 500,
  E_BUG: 500,
};

const SAME_VERSION = 'run the same version of island here and on the hub';

/** What the desk says to one request, or why it was not asked. Never fails, and never takes much longer than it may. */
export async function answer(request: IncomingMessage, answering: Answering): Promise<Reply> {
  const { caller, log, requestMs } = answering;
  const started = performance.now();
  const over = new AbortController();
  const call = callAt(request.url ?? '');
  const reply = await Promise.race([
    perform(request, call, answering).catch((cause) => refuse(cause, log)),
    delay(requestMs, tooLate(requestMs), { signal: over.signal }),
  ]);
  over.abort();
  const { status } = reply;
  const spentMs = Math.round(performance.now() - started);
  const fields = {
    call: call ?? 'unknown',
    identity: caller.identity,
    from: caller.address,
    status,
    spentMs,
  };
  log.info(fields, 'answered a call');
  return reply;
}

async function perform(
  request: IncomingMessage,
  call: Call | undefined,
  { caller, desk }: Answering,
): Promise<Reply> {
  if (request.method !== 'POST' || call === undefined) {
    throw new IslandError('E_USAGE', 'the hub does not know this call', { hint: SAME_VERSION });
  }
  const text = await bodyOf(request);
  const value = await ask(call, text, { caller, desk });
  return { status: 200, body: JSON.stringify(value) };
}

function ask(
  call: Call,
  text: string,
  { caller, desk }: Pick<Answering, 'caller' | 'desk'>,
): Promise<unknown> {
  switch (call) {
    case 'hello':
      return desk.hello(caller, understood(readWire(text, CALLS.hello.request), call));
    case 'join':
      return desk.join(caller, understood(readWire(text, CALLS.join.request), call));
    case 'release':
      understood(readWire(text, CALLS.release.request), call);
      return desk.release(caller).then(() => ({}));
  }
}

function understood<T>(read: { readonly value: T } | { readonly fault: string }, call: Call): T {
  if ('value' in read) return read.value;
  throw new IslandError('E_USAGE', `the hub does not understand this ${call}: ${read.fault}`, {
    hint: SAME_VERSION,
  });
}

/** By events: a loop over the chunks would destroy the connection where it is left, and the refusal with it. */
function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_REQUEST_BYTES) chunks.push(chunk);
      else {
        request.pause();
        reject(new IslandError('E_USAGE', `the request is larger than ${MAX_REQUEST_BYTES / 1024} KiB`));
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    request.once('error', reject);
    request.once('close', () => reject(new IslandError('E_RETRY', 'the request broke off')));
  });
}

function refuse(cause: unknown, log: Log): Reply {
  if (cause instanceof IslandError && cause.code !== 'E_BUG') return refusal(cause);
  log.warn({ error: String(cause) }, 'a call failed');
  return refusal({
    code: 'E_APPLY',
    message: 'the hub failed to answer',
    hint: 'the log of "island serve" on the hub says why',
  });
}

function tooLate(requestMs: number): Reply {
  return refusal({
    code: 'E_RETRY',
    message: `the hub did not finish within ${requestMs / 1000} s`,
    hint: 'try again; the log of "island serve" on the hub says more',
  });
}

function refusal({ code, message, hint }: Refusal): Reply {
  return { status: STATUS[code], body: JSON.stringify({ error: { code, message, hint } }) };
}
