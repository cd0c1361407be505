import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Fault } from '../model/names.ts';
import type { Path, Problem } from './fault.ts';

/** What a text says, and where it says it. */
export interface Parsed {
  /** Maps as objects, lists as arrays; undefined when the text is not one map. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The place of a value, or of its key; that of what contains it where there is none. */
  readonly locate: (path: Path, part?: 'key' | 'value') => Place;
}

/** A place in the text, counted from 1, with what is written there if that is a scalar. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly source: string | undefined;
}

interface Spot {
  readonly offset: number;
  readonly keyOffset: number;
  readonly source: string | undefined;
  readonly children: Map<string | number, Spot>;
}

interface Reading {
  readonly value: unknown;
  readonly spot: Spot;
}

interface Context {
  readonly lines: LineCounter;
  readonly problems: Problem[];
}

/** 10 000 peers take less than one million; a hostile text of this length takes some seconds. */
const MOST_CHARACTERS = 4_000_000;
const DEEPEST = 32;

const TOO_DEEP: Fault = {
  message: 'nested too deeply',
  hint: 'write the keys that "island config schema" lists',
};
const NOT_A_MAP: Fault = {
  message: 'not a map of keys',
  hint: 'start with "island: NAME", or let "island init" write the file',
};
const NOT_A_KEY: Fault = { message: 'not a key', hint: 'write a word and a colon, such as "name: fit01"' };

/** Words of our own for what operators run into; the rest keeps the parser's message. */
const SYNTAX: Readonly<Record<string, Partial<Fault>>> = {
  BAD_DQ_ESCAPE: { hint: 'write two backslashes for one, or use single quotes' },
  BAD_INDENT: {
    message: 'indented unlike its neighbours, or a bracket is open',
    hint: 'line it up with its neighbours and close each [ and {',
  },
  BAD_SCALAR_START: { hint: 'put the value in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a "key: value" inside a value',
    hint: 'line up the next line with this one, or put a value that contains ": " in quotes',
  },
  MISSING_CHAR: { hint: 'close the quote or bracket, and put a space behind each colon' },
  MULTILINE_IMPLICIT_KEY: {
    message: 'not a key with a value',
    hint: 'write "key: value", with a space behind the colon',
  },
  MULTIPLE_DOCS: {
    message: 'a second document in one file',
    hint: 'remove the line "---": one file holds one island',
  },
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: { message: 'a tab in the indentation', hint: 'indent with spaces' },
  TAG_RESOLVE_FAILED: { hint: 'remove the tag: the word that starts with !' },
  UNEXPECTED_TOKEN: {
    message: 'cannot be read from here on',
    hint: 'put a value that contains brackets or quotes in quotes, such as "fit[01-37]"',
  },
};

/** Errors behind which the parser still reads the text as it was meant. */
const HARMLESS: ReadonlySet<string> = new Set(['BAD_DQ_ESCAPE', 'BAD_SCALAR_START', 'TAG_RESOLVE_FAILED']);

/** The plain value of a YAML text with the place of everything in it; total: what is wrong is in `problems`. */
export function parseText(text: string): Parsed {
  const context: Context = { lines: new LineCounter(), problems: [] };
  if (text.length > MOST_CHARACTERS) {
    const fault = { message: 'file is too long', hint: `shorten it to ${MOST_CHARACTERS} characters` };
    return unread([{ ...fault, line: 1, column: 1, path: [], value: String(text.length) }]);
  }
  const body = text.replace(/^\uFEFF/, '');
  const document = documentIn(body, context);
  if (document === undefined) return unread([{ ...problemAt(0, TOO_DEEP, context), path: [] }]);
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) return unread(syntaxProblems(errors, body, context));
  const { value, spot } = read(document.contents, [], context);
  const shown = spot.source === undefined || spot.source === '' ? {} : { value: spot.source };
  const root = isMap(document.contents) ? [] : [{ ...problemAt(spot.offset, NOT_A_MAP, context), ...shown }];
  return {
    value: root.length === 0 ? value : undefined,
    problems: [...context.problems, ...root],
    locate: (path, part = 'value') => locate(spot, { path, part }, context.lines),
  };
}

/** Undefined for what the parser, which calls itself for each level of some texts, has not the stack to read. */
function documentIn(text: string, { lines }: Context) {
  try {
    // Comparing every key with every other one takes minutes on a large map; `read` finds duplicates in one pass.
    return parseDocument(text, {
      ...{ lineCounter: lines, prettyErrors: false, schema: 'core', uniqueKeys: false },
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function unread(problems: readonly Problem[]): Parsed {
  return { value: undefined, problems, locate: () => ({ line: 1, column: 1, source: undefined }) };
}

function syntaxProblems(errors: readonly YAMLError[], text: string, context: Context): readonly Problem[] {
  return reliable(errors).map((error): Problem => {
    const [offset] = error.pos;
    const [rest = ''] = text.slice(offset, offset + 60).split(/\r?\n/);
    const fault = {
      message: `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`,
      hint: 'compare the line and the one above it with an example from "island init"',
      ...SYNTAX[error.code],
    };
    const problem = problemAt(offset, fault, context);
    return rest.trim() === '' ? problem : { ...problem, value: rest.trim() };
  });
}

/** The errors up to the first one that makes the parser lose its way: what it says of the text behind is guesswork. */
function reliable(errors: readonly YAMLError[]): readonly YAMLError[] {
  const deepest = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (deepest !== undefined) return [deepest];
  const inOrder = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const lost = inOrder.findIndex(({ code }) => !HARMLESS.has(code));
  return lost === -1 ? inOrder : inOrder.slice(0, lost + 1);
}

function read(node: Node | null, path: Path, context: Context): Reading {
  const offset = node?.range?.[0] ?? 0;
  const spot: Spot = { offset, keyOffset: offset, source: undefined, children: new Map() };
  if (path.length > DEEPEST) {
    context.problems.push({ ...problemAt(offset, TOO_DEEP, context), path });
    return { value: undefined, spot };
  }
  if (isMap<unknown, Node | null>(node)) return { value: readMap(node.items, { path, spot }, context), spot };
  if (isSeq<Node | null>(node)) return { value: readList(node.items, { path, spot }, context), spot };
  if (isScalar(node)) return { value: node.value, spot: { ...spot, source: node.source ?? '' } };
  if (isAlias(node)) {
    const fault = { message: 'aliases are not followed', hint: 'write the value out' };
    context.problems.push({ ...problemAt(offset, fault, context), path, value: `*${node.source}` });
  }
  return { value: null, spot };
}

interface Within {
  readonly path: Path;
  readonly spot: Spot;
}

function readMap(pairs: readonly Pair<unknown, Node | null>[], within: Within, context: Context): unknown {
  const { path, spot } = within;
  const entries = pairs.flatMap(({ key: keyNode, value: node }): readonly (readonly [string, unknown])[] => {
    const { key, offset: keyOffset } = readKey(keyNode, spot.offset);
    if (key === undefined) {
      context.problems.push({ ...problemAt(keyOffset, NOT_A_KEY, context), path });
      return [];
    }
    const first = spot.children.get(key);
    if (first !== undefined) {
      const { line } = context.lines.linePos(first.keyOffset);
      const fault = { message: 'duplicate key', hint: `remove one of the two; the first is on line ${line}` };
      context.problems.push({ ...problemAt(keyOffset, fault, context), path: [...path, key], value: key });
      return [];
    }
    const reading = read(node, [...path, key], context);
    // An empty value has no text of its own; its key is what the operator sees.
    const isEmpty = reading.value === null && reading.spot.source === '';
    spot.children.set(key, { ...reading.spot, keyOffset, offset: isEmpty ? keyOffset : reading.spot.offset });
    return [[key, reading.value]];
  });
  // Not by assignment: that would take "__proto__" for the prototype.
  return Object.fromEntries(entries);
}

function readKey(
  node: unknown,
  fallback: number,
): { readonly key: string | undefined; readonly offset: number } {
  const offset = isNode(node) ? (node.range?.[0] ?? fallback) : fallback;
  // A quoted key's source still has its escapes: only what YAML takes for another type is read from it.
  if (!isScalar(node)) return { key: undefined, offset };
  return { key: typeof node.value === 'string' ? node.value : (node.source ?? String(node.value)), offset };
}

function readList(nodes: readonly (Node | null)[], { path, spot }: Within, context: Context): unknown {
  return nodes.map((node, index) => {
    const reading = read(node, [...path, index], context);
    spot.children.set(index, { ...reading.spot, keyOffset: reading.spot.offset });
    return reading.value;
  });
}

interface Target {
  readonly path: Path;
  readonly part: 'key' | 'value';
}

function locate(root: Spot, { path, part }: Target, lines: LineCounter): Place {
  let spot = root;
  let found = true;
  for (const key of path) {
    const child = spot.children.get(key);
    if (child === undefined) {
      found = false;
      break;
    }
    spot = child;
  }
  const { line, col } = lines.linePos(part === 'key' && found ? spot.keyOffset : spot.offset);
  return { line, column: col, source: found ? spot.source : undefined };
}

function problemAt(offset: number, fault: Fault, { lines }: Context): Problem {
  const { line, col } = lines.linePos(offset);
  return { message: fault.message, hint: fault.hint, line, column: col, path: [] };
}
