import { secretMacOf } from '../model/secret.ts';

/** So many bytes that nobody can guess. */
export type Random = (bytes: number) => Uint8Array;

/** RFC 4648 section 6, in lower case. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const KEY_BYTES = 32;
const ID_LENGTH = 8;
const MAC_BYTES = 6;

export const TOKEN_ID = /^[a-z2-7]{8}$/;
export const KEY = /^[A-Za-z0-9_-]{43}$/;

/** A key as base64url. */
export function randomKey(random: Random): string {
  return Buffer.from(random(KEY_BYTES)).toString('base64url');
}

export function bytesOfKey(key: string): Uint8Array {
  return Buffer.from(key, 'base64url');
}

/** 40 bits, as eight letters and digits that are not mistaken for one another. */
export function randomId(random: Random, isTaken: (id: string) => boolean): string {
  const letters = Array.from(random(ID_LENGTH), (byte) => BASE32.charAt(byte % BASE32.length)).join('');
  return isTaken(letters) ? randomId(random, isTaken) : letters;
}

/** What only the two ends of a link know. */
export function randomMac(random: Random, isTaken: (mac: string) => boolean): string {
  const mac = secretMacOf(random(MAC_BYTES));
  return isTaken(mac) ? randomMac(random, isTaken) : mac;
}
