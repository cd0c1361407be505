import type { Command, Option } from 'commander';

/** A command as its help shows it, with what is below it. */
export interface CommandNode {
  /** `island config check`. */
  readonly path: string;
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly args: readonly ArgumentNode[];
  readonly options: readonly OptionNode[];
  /** Lines under "Examples:", without their indentation. */
  readonly examples: readonly string[];
  readonly commands: readonly CommandNode[];
}

export interface ArgumentNode {
  readonly name: string;
  readonly description: string;
  readonly choices: readonly string[];
}

export interface OptionNode {
  /** `-i, --island <name>` */
  readonly term: string;
  /** `-i` and `--island`, as typed. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What its value is called, `name`; undefined for a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
}

/** The tree of visible commands; `help`, which commander adds by itself, is left out. */
export function treeOf(command: Command, parents = ''): CommandNode {
  const help = command.createHelp();
  const path = `${parents}${command.name()}`;
  return {
    path,
    name: command.name(),
    usage: help.commandUsage(command),
    summary: help.subcommandDescription(command),
    description: help.commandDescription(command),
    args: help.visibleArguments(command).map((argument) => ({
      name: argument.name(),
      description: help.argumentDescription(argument),
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map((option) => ({
      term: help.optionTerm(option),
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      description: help.optionDescription(option),
      value: valueName(option),
      choices: option.argChoices ?? [],
    })),
    examples: examplesOf(command),
    commands: help
      .visibleCommands(command)
      .filter((sub) => sub.name() !== 'help')
      .map((sub) => treeOf(sub, `${path} `)),
  };
}

/** The command and all below it, parents first. */
export function flatten(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(flatten)];
}

function valueName({ flags }: Option): string | undefined {
  return /[<[](?<name>[^\]>.]+)/.exec(flags)?.groups?.['name'];
}

/** Text that is added to a help is kept by commander as a listener: only the whole help has it. */
function examplesOf(command: Command): readonly string[] {
  let text = '';
  command.configureOutput({
    writeOut: (written) => {
      text += written;
    },
  });
  command.outputHelp();
  const [, examples = ''] = text.split('\nExamples:\n');
  return examples
    .trimEnd()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
