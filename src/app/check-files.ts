import { checkConfig, formatProblem } from '../config/load.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { nameOfFile, type Selection, selectIsland } from './select.ts';

type Problem = ReturnType<typeof checkConfig>[number];

export interface CheckedFile {
  readonly path: string;
  /** `text` is `file:line:column: path: what, "value"`. */
  readonly problems: readonly (Problem & { readonly text: string })[];
}

export interface CheckedFiles {
  readonly files: readonly CheckedFile[];
  /** Throws E_CONFIG when a file has a problem, or when the files clash with each other. */
  readonly refuse: () => Promise<void>;
}

/** Every problem of the file of `-c`, of the one of `-i`, or of all of /etc/island. */
export async function checkFiles(host: Host, selection: Selection): Promise<CheckedFiles> {
  const all = await host.configFiles(selection.config);
  const { island } = selection;
  const meant =
    island === undefined || selection.config !== undefined
      ? all
      : all.filter(({ path }) => path.endsWith(`/${island}.yaml`));
  if (meant.length === 0) await selectIsland(host, selection);
  const files = meant.map(({ path, text }) => ({
    path,
    problems: checkConfig(text).map((problem) => ({ ...problem, text: formatProblem(path, problem) })),
  }));
  return { files, refuse: () => refuse(host, { files, selection }) };
}

interface Refusal {
  readonly files: readonly CheckedFile[];
  readonly selection: Selection;
}

async function refuse(host: Host, { files, selection }: Refusal): Promise<void> {
  const wrong = files.filter(({ problems }) => problems.length > 0);
  const count = wrong.reduce((sum, { problems }) => sum + problems.length, 0);
  if (count > 0) {
    throw new IslandError(
      'E_CONFIG',
      `${count} problem${count === 1 ? '' : 's'} in ${wrong.map(({ path }) => path).join(', ')}`,
      {
        hint: 'correct what the lines above name, and check again',
      },
    );
  }
  for (const { path } of files) await selectIsland(host, nameOf(path, selection));
}

/** A file of /etc/island is checked against its neighbours there, which a file of -c has none of. */
function nameOf(path: string, { config }: Selection): Selection {
  return config === undefined ? { island: nameOfFile({ path, text: '' }) } : { config };
}
