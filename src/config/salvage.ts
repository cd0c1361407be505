import { fromNumber } from '../model/ip.ts';
import type { Fault } from '../model/names.ts';
import { type Container, formatPath, isContainer, type Path, type PlacedFault, valueAt } from './fault.ts';
import { faultsOf } from './issues.ts';
import { type Config, configSchema } from './schema.ts';

export interface Salvage {
  /** Every fault of the format; their paths are those of the file as it was written. */
  readonly faults: readonly PlacedFault[];
  /** What is left when everything faulty is cut out; undefined when that is nothing. */
  readonly config: Config | undefined;
  /** The way in the file as it was written to what stands at `path` of `config`. */
  readonly originOf: (path: Path) => Path;
  /** Whether a fault there, in the file as it was written, would only repeat another one. */
  readonly isConsequence: (path: Path) => boolean;
  /** The top-level keys of which something was cut out. */
  readonly incomplete: ReadonlySet<string>;
}

/** The file without what was cut out of it so far. */
interface Rest {
  readonly root: Container;
  /** Where the elements of a list stood, for lists that lost some. */
  readonly origins: Map<unknown, readonly number[]>;
  /** Paths, in the file as it was written, of what was cut out or replaced. */
  readonly cut: Set<string>;
  /** Checks and records that lost a key. */
  readonly touched: Set<string>;
  standIns: number;
}

interface Doomed {
  readonly path: Path;
  readonly container: Container;
  readonly keys: Set<string | number>;
}

/** A field, the entry that needs it, what judges entries, what judges lists: no file takes as many rounds as this. */
const ROUNDS = 12;

const TOO_MANY: Fault = {
  message: 'more is wrong than can be listed',
  hint: 'start with a few entries from an example of "island init"',
};

/** What the hub and every peer need. */
const END_KEY = /^(?:hub|peers\[\d+\])\.(name|outer|inner)$/;

/**
 * Every fault of the format at once, and the rest of the file without them, so that the rules between entries hold for
 * it in the same run. Whatever is faulty is cut out, and the rest is judged again until it has no fault.
 */
export function salvage(value: unknown): Salvage {
  try {
    return salvaged(value);
  } catch (error) {
    // The schema library hands on issues as the arguments of one call, and the stack does not hold any number.
    if (!(error instanceof RangeError)) throw error;
    const faults = [{ ...TOO_MANY, path: [], part: 'value' } as const];
    return {
      ...{ faults, config: undefined, incomplete: new Set() },
      ...{ originOf: (path) => path, isConsequence: () => false },
    };
  }
}

function salvaged(value: unknown): Salvage {
  let result = configSchema.safeParse(value);
  const root = (result.success ? value : structuredClone(value)) as Container;
  const rest: Rest = { root, origins: new Map(), cut: new Set(), touched: new Set(), standIns: 0 };
  const faults: PlacedFault[] = [];
  for (let round = 0; round < ROUNDS && !result.success; round += 1) {
    const found = result.error.issues.flatMap((issue) => faultsOf(issue, rest.root));
    for (const fault of newFaults(rest, found)) faults.push(fault);
    const paths = found.map(({ path }) => path);
    if (!cutOut(rest, paths)) break;
    result = configSchema.safeParse(rest.root);
  }
  return {
    faults,
    config: result.data,
    originOf: (path) => originIn(rest, path),
    isConsequence: (path) => isConsequence(rest, path),
    incomplete: new Set(Array.from(rest.cut, (path) => path.split(/[.[]/)[0] ?? path)),
  };
}

function newFaults(rest: Rest, found: readonly PlacedFault[]): readonly PlacedFault[] {
  for (const { path, meant } of found) {
    // The key that a misspelt one was to be is not missing.
    const meantPath = meant === undefined ? [] : [...path.slice(0, -1), meant];
    if (valueAt(rest.root, meantPath) === undefined) rest.cut.add(formatPath(originIn(rest, meantPath)));
  }
  return found
    .map((fault) => ({ ...fault, path: originIn(rest, fault.path) }))
    .filter(({ path }) => !isConsequence(rest, path));
}

/** Whether a fault says that what was cut out is missing, or judges what was put in its place. */
function isConsequence({ cut, touched }: Rest, path: Path): boolean {
  if (cut.has(formatPath(path)) || (path[0] === 'hub' && cut.has('hub'))) return true;
  if (touched.has(formatPath(entryOf(path)))) return true;
  const end = formatPath(path.slice(0, path[0] === 'hub' ? 1 : 2));
  return path.at(-1) === 'gateway' && ['outer', 'local'].some((key) => cut.has(`${end}.${key}`));
}

/** Removes what stands at each path, or what contains it where nothing does; false when that is everything. */
function cutOut(rest: Rest, paths: readonly Path[]): boolean {
  const doomed = new Map<Container, Doomed>();
  for (const path of paths) {
    const target = isReplaceable(path) || valueAt(rest.root, path) !== undefined ? path : path.slice(0, -1);
    const key = target.at(-1);
    const parent = target.slice(0, -1);
    const container = valueAt(rest.root, parent);
    if (key === undefined || !isContainer(container)) return false;
    const { keys } = doomed.get(container) ?? { keys: new Set() };
    doomed.set(container, { path: parent, container, keys: keys.add(key) });
    note(rest, originIn(rest, target));
  }
  for (const each of doomed.values()) remove(rest, each);
  return true;
}

function note({ cut, touched }: Rest, origin: Path): void {
  cut.add(formatPath(origin));
  const entry = entryOf(origin);
  if (entry.length > 0 && (origin[0] === 'checks' || origin[0] === 'dns')) touched.add(formatPath(entry));
}

/** The list element that `path` leads into; what one of its keys means hangs on the others. */
function entryOf(path: Path): Path {
  return path.slice(0, path.findIndex((key) => typeof key === 'number') + 1);
}

function remove(rest: Rest, { path, container, keys }: Doomed): void {
  if (Array.isArray(container)) {
    const origins = rest.origins.get(container) ?? container.map((_, index) => index);
    const kept = origins.map((_, index) => index).filter((index) => !keys.has(index));
    const elements: readonly unknown[] = [...container];
    container.length = 0;
    for (const index of kept) container.push(elements[index]);
    rest.origins.set(
      container,
      kept.map((index) => origins[index] ?? index),
    );
    return;
  }
  for (const key of keys) {
    const here = [...path, key];
    rest.standIns += 1;
    if (isReplaceable(here)) container[key] = standIn(formatPath(here), rest.standIns);
    else delete container[key];
  }
}

/** Whether its island, hub or peer cannot do without it: then it is replaced, so that the others are judged too. */
function isReplaceable(path: Path): boolean {
  const key = formatPath(path);
  return key === 'island' || key === 'hub' || END_KEY.test(key);
}

/** No two are the same, and hardly a file holds one. */
function standIn(key: string, count: number): unknown {
  const name = `stand-in-${count}`;
  const address = fromNumber(2 ** 24 + 2 * count);
  if (key === 'hub') return { name, outer: address, inner: fromNumber(2 ** 24 + 2 * count + 1) };
  return key === 'island' || key.endsWith('.name') ? name : address;
}

function originIn({ root, origins }: Rest, path: Path): Path {
  let here: unknown = root;
  return path.map((key) => {
    const list = here;
    here = valueAt(here, [key]);
    return typeof key === 'number' ? (origins.get(list)?.[key] ?? key) : key;
  });
}
