import { isDeepStrictEqual } from 'node:util';
import type { Step } from './diff.ts';
import type { NftSet, NftTable } from './resource.ts';
import { comparableParts } from './ruleset-parts.ts';

export interface NftStep extends Step {
  readonly resource: NftTable;
}

export function isNftStep(step: Step): step is NftStep {
  return step.resource.kind === 'nft';
}

/**
 * What `nft -f` reads for the step: one transaction. A table that is there goes first; one that is not is created,
 * which fails rather than mixes where somebody was faster, and takes a third of the time.
 */
export function tableInput(step: NftStep): string {
  const { action, resource } = step;
  const { name, listing = tableText(resource) } = resource;
  if (action === 'remove') return `delete table inet ${name}\n`;
  const changed = changedBy(step);
  if (changed !== undefined) return changed.flatMap((set) => elementLines(name, set)).join('');
  return `${action === 'add' ? 'create' : 'delete'} table inet ${name}\n${listing}`;
}

/** Whether it leaves the table in its place, so that an undo needs to know no more of it than was observed. */
export function isElementwise(step: Step): boolean {
  return isNftStep(step) && changedBy(step) !== undefined;
}

function changedBy({ action, resource, current }: NftStep): ChangedSet[] | undefined {
  if (action !== 'change' || current?.kind !== 'nft' || resource.listing !== undefined) return undefined;
  return changedSets(current, resource);
}

interface ChangedSet {
  readonly set: NftSet;
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

/**
 * The sets that differ, where nothing else does: then the table stays, with its counters and with what packets have
 * written into it, such as where workers are. Undefined where more differs.
 */
function changedSets(current: NftTable, wanted: NftTable): ChangedSet[] | undefined {
  const [before, after] = [current, wanted].map((table) => withoutElements(table));
  if (!isDeepStrictEqual(before, after)) return undefined;
  const present = new Map(current.sets.map((set) => [set.name, set]));
  return wanted.sets
    .filter(({ timeoutSeconds }) => timeoutSeconds === undefined)
    .map((set) => {
      const had = new Set(present.get(set.name)?.elements);
      const has = new Set(set.elements);
      return {
        set,
        gone: [...had].filter((element) => !has.has(element)),
        come: [...has].filter((element) => !had.has(element)),
      };
    });
}

function withoutElements(table: NftTable): ReadonlyMap<string, string> {
  return comparableParts({ ...table, sets: table.sets.map((set) => ({ ...set, elements: [] })) });
}

function elementLines(table: string, { set, gone, come }: ChangedSet): string[] {
  const line = (verb: string, elements: readonly string[]) =>
    elements.length === 0 ? [] : [`${verb} element inet ${table} ${set.name} { ${listOf(set, elements)} }\n`];
  return [...line('delete', gone), ...line('add', come)];
}

function tableText({ name, sets, chains }: NftTable): string {
  const blocks = [
    ...sets.map(setLines),
    ...chains.map((chain) => [
      `  chain ${chain.name} {`,
      ...(chain.hook === undefined ? [] : [`    ${chain.hook}; policy accept;`]),
      ...chain.rules.map(({ words, mark }) => `    ${words ?? ''} comment "${mark}"`),
      '  }',
    ]),
  ];
  return [`table inet ${name} {`, ...blocks.flat(), '}', ''].join('\n');
}

/** As many workers as ever, each with as many addresses as its NAT has. */
const MOST_SEEN = 65_535;

function setLines(set: NftSet): string[] {
  const { name, type, typeOf, interval, timeoutSeconds, elements } = set;
  return [
    `  ${type.includes(':') ? 'map' : 'set'} ${name} {`,
    `    ${typeOf === undefined ? `type ${type}` : `typeof ${typeOf}`}`,
    ...(interval ? ['    flags interval'] : []),
    ...(timeoutSeconds === undefined
      ? []
      : [`    size ${MOST_SEEN}`, '    flags dynamic,timeout', `    timeout ${timeoutSeconds}s`]),
    ...(elements.length === 0 ? [] : [`    elements = { ${listOf(set, elements)} }`]),
    '  }',
  ];
}

function listOf({ type }: NftSet, elements: readonly string[]): string {
  return elements.map((element) => (type === 'ifname' ? `"${element}"` : element)).join(', ');
}
