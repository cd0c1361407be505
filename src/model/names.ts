/** What is wrong with a value, and the sentence that says what to write instead. */
export interface Fault {
  readonly message: string;
  readonly hint: string;
}

/** More addresses than a /16 holds are a mistake, and would only fill memory. */
export const MOST_HOSTS = 65_536;

/** RFC 1123 section 2.1: letters, digits and hyphens, no hyphen at either end, 63 bytes at most. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const LONGEST_LABEL = 63;

/** It becomes part of file names, of the names of units and nft tables, and of a zone. */
export const ISLAND_NAME = /^[a-z](?:[a-z0-9-]{0,29}[a-z0-9])?$/;

/** A range in brackets, with what stands in front of it and behind it: `10.244.[1-37].0/24`. */
const RANGE = /^([^[\]]*)\[(\d+)-(\d+)\]([^[\]]*)$/;

export function isHostName(text: string): boolean {
  return LABEL.test(text);
}

export function isIslandName(text: string): boolean {
  return ISLAND_NAME.test(text);
}

/** Why `text` names no host; undefined when it does. */
export function nameFault(text: string): Fault | undefined {
  if (isHostName(text)) return undefined;
  return { message: 'not a host name', hint: nameHint(text) };
}

/** The second name of who ends a link, for its inner address. */
export function tunnelName(name: string): string {
  return `${name}-tunnel`;
}

/** The name of the hub, a peer or a worker: that of its tunnel must be a label, too. */
export function endNameFault(text: string): Fault | undefined {
  const most = LONGEST_LABEL - tunnelName('').length;
  if (text.length <= most) return nameFault(text);
  return { message: 'name is too long', hint: `shorten it to ${most} characters` };
}

/** How many values the range in `text` stands for; 1 when there is none, undefined when it is broken. */
export function rangeSize(text: string): number | undefined {
  const range = rangeIn(text);
  if (range === undefined) return /[[\]]/.test(text) ? undefined : 1;
  return rangeFault(text) === undefined ? range.to - range.from + 1 : undefined;
}

/** Why the range in `text` cannot be expanded; undefined when it can, or when there is none. */
export function rangeFault(text: string): Fault | undefined {
  const range = rangeIn(text);
  if (range === undefined) {
    return /[[\]]/.test(text)
      ? { message: 'not a range', hint: 'write one range of numbers in brackets, such as fit[01-37]' }
      : undefined;
  }
  if (range.from > range.to) {
    return { message: 'range runs backwards', hint: 'write the smaller number first, such as [01-37]' };
  }
  if (range.to - range.from >= MOST_HOSTS) {
    return { message: 'range is too long', hint: `name at most ${MOST_HOSTS} hosts` };
  }
  if (range.padded && range.width > range.toWidth) {
    return {
      message: 'range is padded unevenly',
      hint: 'write both ends with as many digits, such as [01-37]',
    };
  }
  return undefined;
}

/** `fit[01-03]` as `fit01`, `fit02`, `fit03`: zeros in front of the first number set the width. */
export function expandRange(text: string): readonly string[] {
  const range = rangeIn(text);
  if (range === undefined || rangeFault(text) !== undefined) return [text];
  return Array.from({ length: range.to - range.from + 1 }, (_, index) => valueAt(range, range.from + index));
}

/** The first and the last value of the range in `text`; both are `text` where there is none. */
export function rangeEnds(text: string): readonly [string, string] {
  const range = rangeIn(text);
  if (range === undefined) return [text, text];
  return [valueAt(range, range.from), valueAt(range, range.to)];
}

/** The candidate that `word` was probably meant to be; only the first 256 are looked at, so that this stays cheap. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  let seen = 0;
  for (const candidate of candidates) {
    seen += 1;
    if (seen > 256) break;
    if (Math.abs(candidate.length - word.length) > 2) continue;
    const distance = editDistance(word, candidate);
    if (distance < (best?.distance ?? 3) && distance < candidate.length / 2 + 0.5)
      best = { candidate, distance };
  }
  return best?.candidate;
}

interface Range {
  readonly before: string;
  readonly after: string;
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly toWidth: number;
  readonly padded: boolean;
}

function rangeIn(text: string): Range | undefined {
  const [, before = '', from = '', to = '', after = ''] = RANGE.exec(text) ?? [];
  if (from === '') return undefined;
  return {
    before,
    after,
    from: Number(from),
    to: Number(to),
    width: from.length,
    toWidth: to.length,
    padded: from.length > 1 && from.startsWith('0'),
  };
}

function valueAt(range: Range, number: number): string {
  const digits = String(number).padStart(range.padded ? range.width : 0, '0');
  return `${range.before}${digits}${range.after}`;
}

function nameHint(text: string): string {
  const lower = text.toLowerCase();
  const [first = ''] = lower.split('.');
  if (text.length > LONGEST_LABEL) return `shorten it to ${LONGEST_LABEL} characters`;
  if (isHostName(lower)) return `write it in lower case: ${lower}`;
  if (lower.includes('.') && isHostName(first) && /[a-z]/.test(first))
    return `write the first label: ${first}`;
  const dashed = lower.replaceAll('_', '-');
  if (isHostName(dashed)) return `write hyphens: ${dashed}`;
  return 'use lower-case letters, digits and hyphens, such as fit01';
}

/** Edits between two words, where swapping two neighbours is one edit. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(above, column) + 1,
          at(current, column - 1) + 1,
          at(above, column - 1) + (same ? 0 : 1),
          swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = above;
    above = current;
  }
  return at(above, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
