import { type IncomingMessage, request as requestOver } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { z } from 'zod/mini';
import { IslandError } from '../errors.ts';
import type { CallOptions } from './client.ts';
import {
  type Asked,
  answerFault,
  brokenOff,
  handshakeFault,
  isSentAway,
  tokenFault,
} from './client-faults.ts';
import {
  CALLS,
  type Call,
  isIdentity,
  KEY_BYTES,
  MAX_ANSWER_BYTES,
  readWire,
  refusalAnswer,
  TLS,
} from './wire.ts';

/** What the hub answers to one call. */
export async function ask<C extends Call>(
  options: CallOptions,
  call: C,
  request: unknown,
): Promise<z.output<(typeof CALLS)[C]['answer']>> {
  const { path, answer } = CALLS[call];
  const { status, text } = await exchange(options, path, JSON.stringify(request));
  const at = { ...options, call };
  if (status === 200) {
    const read = readWire(text, answer);
    if ('value' in read) return read.value as z.output<(typeof CALLS)[C]['answer']>;
    throw answerFault(at, read.fault);
  }
  const read = readWire(text, refusalAnswer);
  if ('fault' in read) throw answerFault(at, `status ${status}, ${read.fault}`);
  const { code, message, hint } = read.value.error;
  throw new IslandError(code, message, hint === undefined ? {} : { hint });
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

async function exchange(options: CallOptions, path: string, body: string): Promise<Reply> {
  // OpenSSL would show the key in its complaint.
  if (!isIdentity(options.identity) || options.key.length !== KEY_BYTES) throw tokenFault(options);
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const socket = await dialAgain(options, deadline);
  try {
    return await post(socket, { ...options, path, body });
  } catch (cause) {
    throw cause instanceof IslandError ? cause : brokenOff(options, deadline.aborted, cause);
  } finally {
    socket.destroy();
  }
}

/**
 * A hub that has no room, or has heard too much nonsense from this address, sends everybody away for a moment,
 * and many hosts that come at once would come at once again: each waits for a time of its own.
 */
async function dialAgain(options: CallOptions, deadline: AbortSignal): Promise<TLSSocket> {
  for (const patienceMs of PATIENCE_MS) {
    try {
      return await dial(options, deadline);
    } catch (cause) {
      if (!(cause instanceof IslandError && isSentAway(cause.cause))) throw cause;
      await delay(patienceMs * (0.5 + Math.random()), undefined, { signal: deadline }).catch(() => undefined);
      if (deadline.aborted) throw cause;
    }
  }
  return dial(options, deadline);
}

const PATIENCE_MS = [250, 500, 500, 500, 1000, 1000, 1000];

/** A connection over which both sides have proven that they have the key. */
function dial(options: CallOptions, deadline: AbortSignal): Promise<TLSSocket> {
  const { hub, port, identity, key } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...TLS,
      host: hub,
      port,
      pskCallback: () => ({ psk: key, identity }),
      // Whoever shows a certificate has not got the key, and no authority can vouch for it.
      ca: [],
      rejectUnauthorized: true,
      checkServerIdentity: () => undefined,
    });
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
    });
    deadline.addEventListener('abort', () => socket.destroy(new Error('the time is over')));
    // It stays for as long as the socket: what comes after the handshake comes to the request as well.
    socket.on('error', (cause) =>
      reject(handshakeFault(options, { isConnected, isTooLate: deadline.aborted }, cause)),
    );
    socket.once('secureConnect', () => resolve(socket));
  });
}

interface Post extends Asked {
  readonly path: string;
  readonly body: string;
}

function post(socket: TLSSocket, { hub, port, identity, path, body }: Post): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = requestOver({
      method: 'POST',
      host: hub,
      port,
      path,
      headers,
      createConnection: () => socket,
    });
    request.once('error', reject);
    request.once('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_ANSWER_BYTES) return void chunks.push(chunk);
        socket.destroy();
        reject(answerFault({ hub, port, identity }, 'it is larger than 16 MiB'));
      });
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    request.end(body);
  });
}
