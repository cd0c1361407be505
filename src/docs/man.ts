import { exitStatuses } from './errors.ts';
import { type CommandNode, flatten } from './tree.ts';

export interface ManOptions {
  readonly version: string;
  /** `2026-11-21` */
  readonly date: string;
}

const FILES: readonly (readonly [string, string])[] = [
  ['/etc/island/*.yaml', 'The islands of this host, a file each: the same one on every host of the island.'],
  ['/var/lib/island/', 'As what this host joined, a worker’s lease, and what a hub handed out.'],
  ['/run/island/', 'What a join found and changed, to be put back.'],
  ['island@.service', 'Joins the island of its instance at boot, and leaves it when it is stopped.'],
  [
    'islandd@.service',
    'Keeps the host part of that island. It may be stopped and replaced: no packet needs it.',
  ],
  [
    'islandd@<island>.socket',
    'Written by `island enable`: where it answers for names. What is asked while it starts anew waits there.',
  ],
  ['/usr/share/doc/island/docs/', 'All keys of the file, all checks, and why things are as they are.'],
];

const SEE_ALSO = ['ip(8)', 'bridge(8)', 'nft(8)', 'systemctl(1)', 'systemd.unit(5)'];

/** island(8) in the language of man(7), in ASCII alone. */
export function manPage(program: CommandNode, { version, date }: ManOptions): string {
  return [
    `.TH ${program.name.toUpperCase()} 8 "${date}" "${program.name} ${version}" "System Administration"`,
    ...section('NAME', [`${program.name} \\- ${prose(whatItDoes(program.description))}`]),
    ...section('SYNOPSIS', [
      `.B ${program.name}`,
      '.I command',
      '.RI [ options ]',
      '.br',
      `.B ${program.name} help`,
      '.RI [ command ]',
    ]),
    ...section('DESCRIPTION', [
      prose(program.description),
      ...paragraph('Results go to stdout, words about the work to stderr.'),
      ...paragraph('Without `-i` and `-c` a command is about the only island of `/etc/island`.'),
      ...example(program.examples),
    ]),
    ...section('COMMANDS', flatten(program).slice(1).flatMap(command)),
    ...section(
      'FILES',
      FILES.flatMap(([path, text]) => term(`\\fI${literal(path)}\\fR`, text)),
    ),
    ...section(
      'EXIT STATUS',
      exitStatuses().flatMap(({ status, code, when, remedy }) =>
        term(`\\fB${status}\\fR${code === undefined ? '' : ` (${code})`}`, `${when} ${remedy}`.trim()),
      ),
    ),
    ...section('SEE ALSO', SEE_ALSO.map(reference)),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return [`.SH ${title}`, ...lines];
}

function command({ path, usage, description, args, options, examples }: CommandNode): string[] {
  const terms = [
    ...args.map(({ name, description: text }) => term(`\\fI${literal(name)}\\fR`, text)),
    ...options
      .filter(({ flags }) => !flags.includes('--help'))
      .map((option) => term(`\\fB${literal(option.term)}\\fR`, option.description)),
  ];
  return [
    `.SS ${literal(path)}`,
    `.B ${literal(usage)}`,
    ...paragraph(description),
    ...terms.flat(),
    ...example(examples),
  ];
}

function paragraph(text: string): string[] {
  return ['.PP', prose(text)];
}

function term(name: string, text: string): string[] {
  return ['.TP', name, prose(text)];
}

/** An example is `command  meaning`; in a shell the meaning is a comment. */
function example(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.map((line) => line.replace(/ {2,}(?=\S)/, (gap) => `${gap}# `));
  return ['.PP', '.RS 4', '.EX', ...shown.map(literal), '.EE', '.RE'];
}

function reference(page: string, index: number): string {
  const [, name, rest] = /^(.*)(\(\d\))$/.exec(page) ?? [];
  return `.BR ${name} ${rest}${index < SEE_ALSO.length - 1 ? ' ,' : ''}`.replace(' ,', ',');
}

/** Text in which words between backticks are to be typed, and so is what begins with a dash. */
function prose(text: string): string {
  const words = text.split('`').map((part, index) => {
    if (index % 2 === 1) return `\\fB${escaped(part).replaceAll('-', '\\-')}\\fR`;
    return escaped(part).replaceAll(/(?<![\w-])-(-?)(?=\w)/g, (dashes) => '\\-'.repeat(dashes.length));
  });
  return guarded(words.join(''));
}

/** Text that somebody may copy into a shell: a hyphen that is one. */
function literal(text: string): string {
  return guarded(escaped(text).replaceAll('-', '\\-'));
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll(/[^\n -~]/gu, (character) => `\\[u${codeOf(character)}]`)
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** A line that begins with a dot is a request. */
function guarded(text: string): string {
  return text.replaceAll(/^\./gm, '\\&.');
}

/** Beside the name, for lists of pages. */
function whatItDoes(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, '');
}
