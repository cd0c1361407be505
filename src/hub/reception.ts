import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
import type { Log } from '../model/log.ts';
import { answer } from './answer.ts';
import type { Desk } from './desk.ts';
import { createDoor, type Door, EVICTED, type Visit } from './door.ts';
import type { ApiLimits } from './limits.ts';
import { createSecure, type Secure } from './secure.ts';
import { createTally, type Tally } from './tally.ts';

export interface ReceptionOptions {
  readonly desk: Desk;
  readonly log: Log;
  readonly limits: ApiLimits;
}

interface Guest extends Visit {
  readonly address: Ipv4;
  readonly raw: Socket;
  /** Replaced as the connection gets on; what it runs ends the connection. */
  deadline: NodeJS.Timeout | undefined;
  isProven: boolean;
  isEnded: boolean;
  isAsking: boolean;
  /** What TLS says was wrong. */
  fault: string;
}

/** What everybody can make happen is logged no more often than this. */
const TALLY_MS = 10_000;

/** Takes connections from the first byte to the last, and keeps their number and each one's time within the limits. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #door: Door;
  readonly #secure: Secure;
  readonly #failed: Tally<Happening>;
  readonly #turned: Tally<Happening>;
  /** By the other end's address and port, which the TLS socket on top of a connection knows as well. */
  readonly #guests = new Map<string, Guest>();
  #closing: (() => void) | undefined;

  constructor(options: ReceptionOptions) {
    const { log, limits } = options;
    this.#options = options;
    this.#door = createDoor(limits);
    this.#failed = createTally(TALLY_MS, (times, latest) =>
      log.warn({ times, ...latest }, 'handshakes failed'),
    );
    this.#turned = createTally(TALLY_MS, (times, latest) =>
      log.warn({ times, ...latest }, 'connections refused'),
    );
    this.#secure = createSecure((identity, socket) => this.#keyOf(identity, socket));
    const { server } = this.#secure;
    server.on('secureConnection', (socket) => this.#proven(socket));
    server.on('tlsClientError', ({ code = 'closed' }: NodeJS.ErrnoException, socket) => {
      const guest = this.#guestOf(socket);
      if (guest !== undefined) guest.fault = code;
    });
    // HTTP that is none, from somebody who holds a key.
    server.on('clientError', (_, socket) => socket.destroy());
    server.on('request', (request, response) => void this.#asked(request, response));
  }

  receive(raw: Socket): void {
    // A connection that is reset is no concern of anybody.
    raw.on('error', () => undefined);
    const { remoteAddress: from = '' } = raw;
    if (!isIpv4(from) || this.#closing !== undefined) return void raw.destroy();
    const guest: Guest = {
      ...{ address: from, raw, deadline: undefined, fault: 'closed' },
      ...{ isProven: false, isAsking: false, isEnded: false },
      drop: (why) => this.#end(guest, why),
    };
    const now = performance.now();
    const reason = this.#door.admit(guest, now);
    if (reason !== undefined) {
      // By a reset: what a closed connection leaves behind in the kernel would be a flood's to multiply.
      raw.resetAndDestroy();
      this.#turned.note({ from, reason }, now);
      return;
    }
    const place = placeOf(raw);
    this.#guests.set(place, guest);
    raw.once('close', () => {
      this.#guests.delete(place);
      this.#end(guest, guest.fault);
      if (this.#guests.size === 0) this.#closing?.();
    });
    this.#allow(guest, this.#options.limits.handshakeMs);
    this.#secure.server.emit('connection', raw);
  }

  /** Ends every connection, but those with a request in hand only after a moment. */
  async close(): Promise<void> {
    const emptied = new Promise<void>((resolve) => {
      this.#closing = resolve;
    });
    const over = new AbortController();
    for (const guest of this.#guests.values()) if (!guest.isAsking) this.#end(guest, 'closing');
    if (this.#guests.size > 0) {
      await Promise.race([emptied, delay(this.#options.limits.closeMs, undefined, { signal: over.signal })]);
      over.abort();
    }
    for (const guest of this.#guests.values()) this.#end(guest, 'closing');
    this.#failed.flush();
    this.#turned.flush();
  }

  #keyOf(identity: string, socket: Socket): Uint8Array | undefined {
    try {
      const key = this.#options.desk.keyOf(identity);
      const guest = this.#guestOf(socket);
      // Its proof is looked at next: when that is wrong, it is gone before anybody could take its place.
      if (key !== undefined && guest !== undefined) this.#door.keep(guest);
      return key;
    } catch (cause) {
      // OpenSSL is in the middle of a handshake: an error that left here would end the process.
      this.#options.log.warn({ error: String(cause) }, 'cannot look up a key');
      return undefined;
    }
  }

  #guestOf(socket: Socket): Guest | undefined {
    return this.#guests.get(placeOf(socket));
  }

  #allow(guest: Guest, ms: number): void {
    clearTimeout(guest.deadline);
    guest.deadline = setTimeout(() => this.#end(guest, 'too slow'), ms);
  }

  #proven(socket: Socket): void {
    const guest = this.#guestOf(socket);
    if (guest === undefined || this.#secure.identityOf(socket) === undefined) return void socket.destroy();
    guest.isProven = true;
    this.#allow(guest, this.#options.limits.headersMs);
  }

  async #asked(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { desk, log, limits } = this.#options;
    const guest = this.#guestOf(request.socket);
    const identity = this.#secure.identityOf(request.socket);
    // One request for each connection: who sends another with it has no answer to either.
    if (guest === undefined || identity === undefined || guest.isAsking) return void request.socket.destroy();
    guest.isAsking = true;
    this.#allow(guest, limits.requestMs + limits.deliverMs);
    const caller = { identity, address: guest.address };
    const { status, body } = await answer(request, { caller, desk, log, requestMs: limits.requestMs });
    this.#allow(guest, limits.deliverMs);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    });
    response.end(body);
  }

  #end(guest: Guest, reason: string): void {
    const { raw, address: from } = guest;
    if (guest.isEnded) return;
    guest.isEnded = true;
    clearTimeout(guest.deadline);
    // To connect and go is what a monitor does, to be pushed out what happens to many that come at once.
    const hasTried = reason !== EVICTED && (raw.bytesRead > 0 || !raw.destroyed);
    const hasFailed = hasTried && !guest.isProven;
    const now = performance.now();
    raw.resetAndDestroy();
    this.#door.leave(guest, now, hasFailed);
    if (hasFailed) this.#failed.note({ from, reason }, now);
    if (reason === EVICTED) this.#turned.note({ from, reason }, now);
  }
}

interface Happening {
  readonly from: string;
  readonly reason: string;
}

function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
