import { IslandError } from '../errors.ts';
import type { Island } from '../model/island.ts';
import { problemsOf } from '../model/rules.ts';
import { printable } from '../model/text.ts';
import { formatPath, type PlacedFault, type Problem, WRITTEN } from './fault.ts';
import { islandOf } from './island-of.ts';
import { type Parsed, parseText } from './parse.ts';
import { salvage } from './salvage.ts';

/** An error lists as many problems; `island config check` lists them all. */
const MOST_LISTED = 20;

/**
 * The island that `text` describes; E_CONFIG lists what is wrong with it, each problem on a line of its own with its
 * hint below it. The last one's hint is that of the error.
 */
export function loadIsland(text: string, file: string): Island {
  const { problems, island } = examine(text);
  if (problems.length === 0 && island !== undefined) return island;
  const listed = problems.slice(0, MOST_LISTED);
  const lines = listed.flatMap((problem) => [formatProblem(file, problem), `hint: ${problem.hint}`]);
  if (problems.length > MOST_LISTED) {
    const more = `${file}: ${problems.length - MOST_LISTED} more problems`;
    throw new IslandError('E_CONFIG', [...lines, more].join('\n'), {
      hint: `run "island config check ${file}"`,
    });
  }
  throw new IslandError('E_CONFIG', lines.slice(0, -1).join('\n'), { hint: listed.at(-1)?.hint ?? '' });
}

/** Everything that is wrong with `text`, in its order; empty when it describes an island. Never throws. */
export function checkConfig(text: string): readonly Problem[] {
  return examine(text).problems;
}

/** `file:line:column: path: what, "value"` */
export function formatProblem(file: string, { line, column, path, message, value }: Problem): string {
  const where = path.length === 0 ? '' : `${formatPath(path)}: `;
  const shown = value === undefined ? '' : `, ${JSON.stringify(value)}`;
  return printable(`${file}:${line}:${column}: ${where}${message}${shown}`);
}

interface Examined {
  readonly problems: readonly Problem[];
  /** What the file describes, without what is wrong with it. */
  readonly island: Island | undefined;
}

function examine(text: string): Examined {
  const parsed = parseText(text);
  if (parsed.value === undefined) return { problems: parsed.problems, island: undefined };
  const { faults, config, originOf, isConsequence, incomplete } = salvage(parsed.value);
  const known = new Set(parsed.problems.map(({ path }) => formatPath(path)));
  const incompleteKeys = new Set<unknown>([...incomplete, ...parsed.problems.map(({ path }) => path[0])]);
  const island = config === undefined ? undefined : islandOf(config);
  const ofRules = (island === undefined ? [] : problemsOf(island))
    .filter(({ restsOn = [] }) => !restsOn.some((key) => incompleteKeys.has(key)))
    .map((issue): PlacedFault => ({ ...issue, path: originOf(issue.path), part: 'value' }))
    .filter(({ path }) => !isConsequence(path));
  const placedProblems = [...faults, ...ofRules]
    .filter(({ path }) => !known.has(formatPath(path)))
    .map((fault) => placed(fault, parsed));
  return { problems: [...parsed.problems, ...placedProblems].toSorted(byPlace), island };
}

function placed({ path, part, message, hint, value }: PlacedFault, { locate }: Parsed): Problem {
  const { line, column, source } = locate(path, part);
  const shown = value ?? source;
  return {
    line,
    column,
    path,
    message,
    hint: printable(hint.replace(WRITTEN, () => source ?? '')),
    ...(shown === undefined || shown === '' ? {} : { value: shown }),
  };
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
