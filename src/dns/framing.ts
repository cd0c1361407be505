/** Messages out of a stream of bytes. */
export interface Framer {
  /** Gives it the next bytes; only when `next` has nothing left of those before. */
  push(chunk: Uint8Array): void;
  /** The next whole message; undefined when there is none. */
  next(): Uint8Array | undefined;
}

/**
 * DNS over TCP (RFC 1035 section 4.2.2): each message after its length in two bytes. What has come of a message is
 * copied once, into a buffer of its length: bytes that trickle in one by one cost no more than those that do not.
 */
export function createFramer(): Framer {
  let chunk: Uint8Array = new Uint8Array();
  let at = 0;
  let [length, digits] = [0, 0];
  let message: Uint8Array | undefined;
  let filled = 0;

  /** False when the bytes end before the length does. */
  function takeLength(): boolean {
    for (; digits < 2; digits += 1) {
      const byte = chunk[at];
      if (byte === undefined) return false;
      length = length * 256 + byte;
      at += 1;
    }
    return true;
  }

  return {
    push(bytes) {
      chunk = bytes;
      at = 0;
    },
    next() {
      if (message === undefined) {
        if (!takeLength()) return undefined;
        message = Buffer.allocUnsafe(length);
        filled = 0;
      }
      const piece = chunk.subarray(at, at + message.length - filled);
      message.set(piece, filled);
      at += piece.length;
      filled += piece.length;
      if (filled < message.length) return undefined;
      const whole = message;
      message = undefined;
      [length, digits] = [0, 0];
      return whole;
    },
  };
}

/** A copy of the message behind its length. */
export function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, 2);
  return frame;
}
