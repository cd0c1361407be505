/** What the bytes of a query hold at a place; everything here is total, and 0 stands for what cannot be read. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
const FIRST_POINTER = 0xc0;

/** Type, class, ttl and the length of the data. */
const FIXED_LENGTH = 10;

/** Where the name at `start` ends, behind the root's zero. A pointer is none: nothing in front of a question is a name. */
export function nameEnd(bytes: Buffer, start: number): number {
  let at = start;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > LONGEST_LABEL) return 0;
    at += length + 1;
  }
  return at - start < LONGEST_NAME ? at + 1 : 0;
}

/** Where the owner of the record at `start` ends; it may end in a pointer, which is not followed. */
export function ownerEnd(bytes: Buffer, start: number): number {
  let at = start;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined) return 0;
    if (length >= FIRST_POINTER) return at + 2;
    if (length > LONGEST_LABEL) return 0;
    at += length + 1;
  }
  return at + 1;
}

/** Where the record ends whose owner ends at `start`. */
export function recordEnd(bytes: Buffer, start: number): number {
  const end = start + FIXED_LENGTH + uint16(bytes, start + FIXED_LENGTH - 2);
  return start === 0 || end > bytes.length ? 0 : end;
}

export function uint16(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
