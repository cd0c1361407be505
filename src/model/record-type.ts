/** The types that an island has, and ANY; others go by their number. */
export const RECORD_TYPES = {
  ...{ A: 1, AAAA: 28, CNAME: 5, TXT: 16, SRV: 33, PTR: 12, NS: 2, SOA: 6, ANY: 255 },
} as const;

/** `A` and `a`, `TYPE257` and `257`; undefined for what names no type. */
export function recordTypeOf(text: string): string | undefined {
  const upper = text.toUpperCase();
  if (upper in RECORD_TYPES) return upper;
  const number = Number(/^(?:TYPE)?([1-9]\d{0,4})$/.exec(upper)?.[1]);
  if (!(number <= 65_535)) return undefined;
  const named = Object.entries(RECORD_TYPES).find(([, each]) => each === number);
  return named?.[0] ?? `TYPE${number}`;
}
