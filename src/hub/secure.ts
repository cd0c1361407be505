import { constants, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isIdentity, KEY_BYTES, TLS } from './wire.ts';

export interface Secure {
  /** Not listening: it is handed connections by its event `connection`. */
  readonly server: Server;
  /** Who a connection has proven to be; only to be asked once its handshake is over. */
  readonly identityOf: (socket: unknown) => string | undefined;
}

const HIGHEST_HEADERS = 4096;

/** HTTPS whose only proof, of either side, is a key that both have. */
export function createSecure(keyOf: (identity: string, socket: Socket) => Uint8Array | undefined): Secure {
  const identities = new WeakMap<object, string>();
  // For identities that nobody has: the handshake goes as far, takes as long and fails in the same way
  // as with a wrong key. Random, or everybody would have it.
  const dummy = randomBytes(KEY_BYTES);

  function pskCallback(socket: TLSSocket, identity: string): Uint8Array {
    // A client may be asked for a second hello and name somebody else in it: the last one counts, as it does for OpenSSL.
    identities.delete(socket);
    const key = isIdentity(identity) ? keyOf(identity, socket) : undefined;
    if (key?.length !== KEY_BYTES) return dummy;
    identities.set(socket, identity);
    return key;
  }

  const server = createServer({
    ...TLS,
    pskCallback,
    // Without this a ticket would be honoured for minutes, also after its token was revoked. With it one is
    // still sent, but it names a session in a store that is not there.
    secureOptions: constants.SSL_OP_NO_TICKET,
    maxHeaderSize: HIGHEST_HEADERS,
  });
  return { server, identityOf: (socket) => identities.get(socket as object) };
}
