import { type CommandNode, flatten } from './tree.ts';

/** docs/cli.md: every command with usage, description, options and examples. */
export function cliDocs(program: CommandNode): string {
  const commands = flatten(program).slice(1);
  return [
    '# Commands',
    '',
    program.description,
    '',
    'Results go to stdout, words about the work to stderr. Exit status 0: done, or yes. 1: the answer is no.',
    '64 and above: island could not answer, see [errors.md](errors.md). `--help` prints what is below; so does',
    '`island help <command>`. Without `-i` and `-c` a command is about the only island of `/etc/island`.',
    '',
    '| command | |',
    '|-|-|',
    ...commands.map(
      ({ path, summary }) => `| [\`${path}\`](#${path.replaceAll(' ', '-')}) | ${cell(summary)} |`,
    ),
    '',
    ...block('sh', program.examples),
    ...commands.flatMap(section),
  ].join('\n');
}

function section({ path, usage, description, args, options, examples }: CommandNode): string[] {
  const rows = [
    ...args.map((argument) => [argument.name, argument.description] as const),
    ...options
      .filter(({ flags }) => !flags.includes('--help'))
      .map((option) => [option.term, option.description] as const),
  ];
  return [
    `## ${path}`,
    '',
    description,
    '',
    ...block('text', [usage]),
    ...(rows.length === 0
      ? []
      : ['| | |', '|-|-|', ...rows.map(([term, text]) => `| \`${term}\` | ${cell(text)} |`), '']),
    ...block('sh', examples),
  ];
}

/** An example is `command  meaning`; in a shell the meaning is a comment. */
function block(language: 'sh' | 'text', lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown =
    language === 'sh' ? lines.map((line) => line.replace(/ {2,}(?=\S)/, (gap) => `${gap}# `)) : lines;
  return [`\`\`\`${language}`, ...shown, '```', ''];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<');
}
