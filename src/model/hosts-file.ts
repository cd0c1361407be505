import type { NamedAddress } from './zone.ts';

/** Where a host keeps names and addresses that it knows by itself (hosts(5)). */
export const HOSTS_FILE = '/etc/hosts';

/**
 * Who has the lines that `island hosts --write` puts there. What joins and leaves is the island's own block alone: an
 * operator's stays until `island hosts --remove`.
 */
export function writtenFor(island: string): string {
  return `${island} names`;
}

/** The islands of which somebody wrote names there so; in the order in which they come. */
export function islandsWritten(text: string): readonly string[] {
  const begins = text.matchAll(/^# island:(?<island>[a-z0-9-]+) names begin\s*$/gm);
  return [...new Set([...begins].flatMap(({ groups }) => groups?.['island'] ?? []))];
}

/** What stands around the lines of an owner, which is an island or whoever `writtenFor` names. */
export function markersOf(owner: string): { readonly begin: string; readonly end: string } {
  return { begin: `# island:${owner} begin`, end: `# island:${owner} end` };
}

/** `138.96.245.51  w1.r2lab.internal w1`: the full name first, which is what the address is called then. */
export function hostsLine({ name, address }: NamedAddress, zone: string): string {
  return `${address}  ${name}.${zone} ${name}`;
}

/** Why the lines of an island cannot be told from others'. */
export interface BlockFault {
  /** Where, counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** The lines between the markers of the owner; undefined where there are none, or their markers are broken. */
export function blockIn(text: string, owner: string): readonly string[] | undefined {
  const found = findBlock(text, owner);
  if (found === undefined || 'message' in found) return undefined;
  return linesOf(text)
    .slice(found.begin + 1, found.end)
    .map((line) => line.replace(/\n$/, ''));
}

export function blockFault(text: string, owner: string): BlockFault | undefined {
  const found = findBlock(text, owner);
  return found !== undefined && 'message' in found ? found : undefined;
}

/**
 * The text with these lines as the owner's, or without any; every other byte as it was. New ones come at the end, so
 * that what the operator wrote comes first. A last line that nobody ended stays the last one.
 */
export function withBlock(text: string, owner: string, block: readonly string[] | undefined): string {
  const found = findBlock(text, owner);
  if (found !== undefined && 'message' in found) return text;
  const { begin, end } = markersOf(owner);
  const added = block === undefined ? [] : [begin, ...block, end].map((line) => `${line}\n`);
  const lines = linesOf(text);
  if (found !== undefined)
    return lines.toSpliced(found.begin, found.end + 1 - found.begin, ...added).join('');
  const isEnded = text === '' || text.endsWith('\n');
  return lines.toSpliced(isEnded ? lines.length : -1, 0, ...added).join('');
}

/** A line that gives names to an address. */
export interface HostsEntry {
  readonly line: number;
  readonly address: string;
  readonly names: readonly string[];
}

/** What others have in the file: not this owner, but perhaps another island. */
export function otherEntries(text: string, owner: string): HostsEntry[] {
  const found = findBlock(text, owner);
  const own = found === undefined || 'message' in found ? { begin: -1, end: -1 } : found;
  return linesOf(text).flatMap((line, index): HostsEntry[] => {
    if (index >= own.begin && index <= own.end) return [];
    const [address = '', ...names] = line.replace(/#.*/s, '').trim().split(/\s+/);
    return names.length === 0 ? [] : [{ line: index + 1, address, names }];
  });
}

interface Block {
  /** Of the lines with the markers, counted from 0. */
  readonly begin: number;
  readonly end: number;
}

/** An editor on another system may have ended the lines in its own way. */
const MARKER = /^# island:(?<owner>[a-z0-9-]+(?: names)?) (?<side>begin|end)\s*$/;

function findBlock(text: string, owner: string): Block | BlockFault | undefined {
  const { begin, end } = markersOf(owner);
  // Lists of a hundred thousand names are in use, and none of them is ours.
  if (!text.includes(begin) && !text.includes(end)) return undefined;
  const markers = linesOf(text).flatMap((line, index): Marker[] => {
    const { owner: whose, side } = MARKER.exec(line)?.groups ?? {};
    return whose === undefined || side === undefined ? [] : [{ index, owner: whose, side }];
  });
  const [first, second, third] = markers.filter((each) => each.owner === owner);
  if (first === undefined) return undefined;
  const faultAt = ({ index }: Marker, message: string): BlockFault => ({ line: index + 1, message });
  if (first.side === 'end') return faultAt(first, `"${end}" without its begin`);
  if (second === undefined) return faultAt(first, `"${begin}" without its end`);
  if (second.side === 'begin') return faultAt(second, `a second "${begin}"`);
  if (third !== undefined) return faultAt(third, `a second "${third.side === 'begin' ? begin : end}"`);
  const between = markers.find(({ index }) => index > first.index && index < second.index);
  if (between !== undefined)
    return faultAt(between, `a marker of ${between.owner} inside the lines of ${owner}`);
  return { begin: first.index, end: second.index };
}

interface Marker {
  /** Of its line, counted from 0. */
  readonly index: number;
  readonly owner: string;
  readonly side: string;
}

/** Each with the newline that ends it. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
