import { createProgram } from '../cli/program.ts';
import { configDocs } from '../config/docs.ts';
import { IslandError } from '../errors.ts';
import { version } from '../version.ts';
import { cliDocs } from './cli.ts';
import { completionScript } from './completion.ts';
import { errorDocs } from './errors.ts';
import { manPage } from './man.ts';
import { treeOf } from './tree.ts';

/** Every file that is derived from the code, by its path in the repository. */
export function pages(): Readonly<Record<string, string>> {
  const program = treeOf(commandTree());
  return {
    'docs/config.md': page(configDocs()),
    'docs/cli.md': page(cliDocs(program)),
    'docs/errors.md': page(errorDocs()),
    'bash-completion/island': `# ${NOTICE}\n${completionScript(program)}`,
  };
}

/** island(8), for the version of this build. */
export function man(date: string): string {
  return manPage(treeOf(commandTree()), { version, date });
}

const NOTICE = 'Written by "npm run docs" from src/: edit that.';

function page(text: string): string {
  return `<!-- ${NOTICE} -->\n${text.trimEnd()}\n`;
}

/** The commands to look at; none of them is run. */
function commandTree() {
  const out = {
    line: () => undefined,
    json: () => undefined,
    note: () => undefined,
    paint: (_: unknown, text: string) => text,
    progress: () => ({ at: () => undefined, end: () => undefined }),
    echoes: false,
  };
  const host = () => Promise.reject(new IslandError('E_BUG', 'the docs ran a command'));
  const run = () => Promise.resolve();
  return createProgram(
    { out, host, answerNo: () => undefined, interrupted: () => false, serve: run, serveNames: run },
    version,
  );
}
