import type { Fault } from '../model/names.ts';

/** The way to a value in the file: `['peers', 0, 'outer']`. */
export type Path = readonly (string | number)[];

/** A fault inside an entry of the file; `path` is relative to the entry. */
export interface EntryFault extends Fault {
  readonly path: Path;
  /** What to show, where it is not what stands at `path`. */
  readonly value?: string;
}

/** A fault at a place of the whole file, seen as a plain value. */
export interface PlacedFault extends EntryFault {
  /** Whether the value at `path` is at fault, or its key. */
  readonly part: 'key' | 'value';
  /** The key that an unknown one was probably meant to be. */
  readonly meant?: string | undefined;
}

/** Stands in a hint for what is written at the place; the plain value has lost that: 08 is 8 in it. */
export const WRITTEN = '\u2026';

/** Something wrong with the file, at a place that counts from 1. */
export interface Problem extends Fault {
  readonly line: number;
  readonly column: number;
  readonly path: Path;
  /** The offending value as it is written, where there is one. */
  readonly value?: string;
}

/** `peers[0].networks[1].gateway`; a key that is no word is quoted. */
export function formatPath(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^\w[\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

export function atRoot(fault: Fault | undefined): readonly EntryFault[] {
  return fault === undefined ? [] : [{ ...fault, path: [] }];
}

/** A schema library has one string for a fault; a line break keeps the hint apart in it. */
export function said({ message, hint }: Fault): string {
  return `${message}\n${hint}`;
}

/** What `said` put together; undefined for the library's own words. */
export function heard(text: string): Fault | undefined {
  const [message = '', hint] = text.split('\n');
  return hint === undefined ? undefined : { message, hint };
}

/** A map or a list of a plain value. */
export type Container = Record<string | number, unknown>;

export function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** What stands at `path`, undefined where nothing does. */
export function valueAt(root: unknown, path: Path): unknown {
  let here = root;
  for (const key of path) {
    if (!isContainer(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}
