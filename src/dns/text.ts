/** RFC 1035 section 5.1: in quotes, and what is not printable as the decimal number of its byte. */
export function quote(bytes: Uint8Array): string {
  const characters = [...bytes].map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\') return `\\${character}`;
    return byte >= 32 && byte < 127 ? character : `\\${String(byte).padStart(3, '0')}`;
  });
  return `"${characters.join('')}"`;
}

/** The bytes of one string in quotes, as `quote` writes it. */
export function unquote(text: string): Uint8Array {
  const bytes = text
    .slice(1, -1)
    .replaceAll(/\\(\d{3}|.)/g, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number(escaped)) : escaped,
    );
  return Buffer.from(bytes, 'latin1');
}
