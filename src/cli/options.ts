import { type Command, Option } from 'commander';
import type { Host } from '../host/host.ts';
import type { Output } from './output.ts';

/** What main gives the commands. */
export interface Deps {
  readonly out: Output;
  /** The real machine; made when a command needs it. */
  readonly host: () => Promise<Host>;
  /** Ends the process with exit status 1: the answer is no. */
  readonly answerNo: () => void;
  /** Whether the operator asked to stop. */
  readonly interrupted: () => boolean;
  /** Runs the daemon until it is asked to stop. */
  readonly serve: (flags: ServeFlags) => Promise<void>;
  /** Answers for names, and nothing else, until it is asked to stop. */
  readonly serveNames: (flags: ServeNamesFlags) => Promise<void>;
}

export interface ServeFlags extends PlaceOptions {
  readonly everyMs: number;
}

export interface ServeNamesFlags extends PlaceOptions {
  readonly listen?: readonly string[];
}

export interface SelectionOptions {
  readonly island?: string;
  readonly config?: string;
}

export interface PlaceOptions extends SelectionOptions {
  readonly name?: string;
  readonly json?: boolean;
}

/** `-i`. */
export function islandOption(): Option {
  return new Option('-i, --island <name>', 'the island of /etc/island/<name>.yaml');
}

/** `-i` and `-c`: which island. */
export function withSelection(command: Command): Command {
  return command
    .addOption(islandOption())
    .addOption(new Option('-c, --config <file>', 'the file that describes the island'));
}

/** The options of every command that looks at this host. */
export function withPlace(command: Command): Command {
  return withName(withSelection(command)).addOption(new Option('--json', 'print JSON for programs'));
}

/** `--name`: which host. */
export function withName(command: Command): Command {
  return command.addOption(
    new Option('--name <host>', 'who this host is, when its hostname and addresses do not tell'),
  );
}

/** For commands that may cut the session in which they are given. */
export function acceptRiskOption(): Option {
  return new Option(
    '--accept-risk <risk...>',
    'go on without asking: ssh, when your SSH session changes its way',
  ).choices(['ssh']);
}

/** Examples under `--help`, each as it would be typed. */
export function withExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const width = Math.max(...examples.map(([typed]) => typed.length));
  const lines = examples.map(([typed, meaning]) => `  ${typed.padEnd(width)}  ${meaning}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
