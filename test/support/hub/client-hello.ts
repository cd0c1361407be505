import { createHash, createHmac, randomBytes } from 'node:crypto';

export interface HelloOptions {
  readonly identity: string;
  readonly key: Uint8Array;
  /** RFC 8446, 4.2.9: 0 psk_ke, without a key exchange; 1 psk_dhe_ke. */
  readonly modes: readonly number[];
  readonly hasEarlyData?: boolean;
}

/**
 * The first record of TLS 1.3 with a pre-shared key, made by hand, for what no client offers by itself.
 * RFC 8446: 4.1.2 the message, 4.2.11 the key and its binder, 7.1 how the binder's key derives.
 */
export function clientHello({ identity, key, modes, hasEarlyData = false }: HelloOptions): Buffer {
  const extensions = [
    extension(43, vector(1, u16(0x0304))),
    extension(10, vector(2, u16(0x001d))),
    extension(13, vector(2, u16(0x0403))),
    extension(51, vector(2, Buffer.concat([u16(0x001d), vector(2, randomBytes(32))]))),
    extension(45, vector(1, Buffer.from(modes))),
    ...(hasEarlyData ? [extension(42, Buffer.alloc(0))] : []),
  ];
  const identities = vector(2, Buffer.concat([vector(2, Buffer.from(identity)), Buffer.alloc(4)]));
  const binders = vector(2, vector(1, Buffer.alloc(32)));
  const preShared = extension(41, Buffer.concat([identities, binders]));
  const body = Buffer.concat([
    u16(0x0303),
    randomBytes(32),
    vector(1, randomBytes(32)),
    vector(2, u16(0x1301)),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat([...extensions, preShared])),
  ]);
  const message = Buffer.concat([Buffer.from([1]), vector(3, body)]);
  binderOf(key, message.subarray(0, -binders.length)).copy(message, message.length - 32);
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(2, message)]);
}

function binderOf(key: Uint8Array, truncated: Buffer): Buffer {
  const early = hmac(Buffer.alloc(32), key);
  const binderKey = expand(early, 'ext binder', sha256(Buffer.alloc(0)));
  return hmac(expand(binderKey, 'finished', Buffer.alloc(0)), sha256(truncated));
}

/** HKDF-Expand-Label to 32 bytes, which is one block of SHA-256. */
function expand(secret: Buffer, label: string, context: Buffer): Buffer {
  const info = Buffer.concat([u16(32), vector(1, Buffer.from(`tls13 ${label}`)), vector(1, context)]);
  return hmac(secret, Buffer.concat([info, Buffer.from([1])]));
}

function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([u16(type), vector(2, data)]);
}

/** `data` behind its length in so many bytes. */
function vector(lengthBytes: number, data: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(data.length, 0, lengthBytes);
  return Buffer.concat([length, data]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}
