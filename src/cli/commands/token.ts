import { Command, InvalidArgumentError, Option } from 'commander';
import { durationFault, durationMs } from '../../model/duration.ts';
import { type Deps, type SelectionOptions, withExamples, withSelection } from '../options.ts';

interface JsonOptions extends SelectionOptions {
  readonly json?: boolean;
}

interface CreateFlags extends JsonOptions {
  readonly name?: string;
  /** Milliseconds. */
  readonly ttl: number;
  readonly uses: number | 'unlimited';
}

export function tokenCommand(deps: Deps): Command {
  return new Command('token')
    .summary('let workers join, on the hub')
    .description(
      'Makes, lists and takes back the tokens with which workers join. Runs on the hub of an island whose file has "workers:".',
    )
    .addCommand(createCommand(deps))
    .addCommand(listCommand(deps))
    .addCommand(revokeCommand(deps));
}

function createCommand({ out, host }: Deps): Command {
  const command = new Command('create')
    .summary('print the command with which a worker joins')
    .description(
      'Makes a token and prints the command to type on the worker. Whoever has it may join until it expires or is used up: treat it as a password.',
    )
    .option('--name <worker>', 'the only name that it is good for')
    .addOption(
      new Option('--ttl <duration>', 'how long it is good for, 1s to 8760h')
        .argParser(parseTtl)
        .default(durationMs('24h'), '24h'),
    )
    .addOption(
      new Option('--uses <count>', 'how many joins it is good for, or "unlimited"')
        .argParser(parseUses)
        .default(1),
    )
    .addOption(jsonOption())
    .action(async ({ ttl: ttlMs, uses, ...options }: CreateFlags) => {
      const [{ makeToken }, { createdJson, createdNote }] = await Promise.all([
        import('../../app/token.ts'),
        import('../render/token.ts'),
      ]);
      const wish = { ttlMs, uses: uses === 'unlimited' ? undefined : uses };
      const created = await makeToken(await host(), { ...options, ...wish });
      if (options.json === true) return out.json(createdJson(created));
      out.line(created.command);
      out.note(createdNote(created));
    });
  return withExamples(withSelection(command), [
    ['island token create', 'one worker may join, until tomorrow'],
    ['island token create --name fit07 --ttl 1h', 'only fit07, and soon'],
    ['island token create --uses 30 --ttl 8h', 'thirty nodes that are about to be imaged'],
  ]);
}

function listCommand({ out, host }: Deps): Command {
  const command = new Command('list')
    .summary('say which tokens there are')
    .description(
      'Prints the tokens without their keys, and until when each is good. Those that have expired are forgotten after a week.',
    )
    .addOption(jsonOption())
    .action(async (options: JsonOptions) => {
      const [{ listTokens }, { renderTokens, tokensJson }] = await Promise.all([
        import('../../app/token.ts'),
        import('../render/token.ts'),
      ]);
      const listed = await listTokens(await host(), options);
      if (options.json === true) out.json(tokensJson(listed));
      else for (const line of renderTokens(listed)) out.line(line);
    });
  return withExamples(withSelection(command), [['island token list', 'what is good for how much longer']]);
}

function revokeCommand({ out, host }: Deps): Command {
  const command = new Command('revoke')
    .summary('take a token back')
    .description('Nobody joins with it any more. Workers that have joined with it keep their leases.')
    .argument('<token>', 'its id, as "island token list" prints it')
    .addOption(jsonOption())
    .action(async (token: string, options: JsonOptions) => {
      const { takeBackToken } = await import('../../app/token.ts');
      const id = await takeBackToken(await host(), { ...options, token });
      if (options.json === true) out.json({ schemaVersion: 1, revoked: id });
      else out.line(`nobody joins with ${id} any more`);
    });
  return withExamples(withSelection(command), [['island token revoke k3v7q2mz', 'by its id']]);
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs');
}

function parseTtl(text: string): number {
  const fault = durationFault(text, ['1s', '8760h'], '24h');
  if (fault !== undefined) throw new InvalidArgumentError(`${fault.message}; ${fault.hint}.`);
  return durationMs(text);
}

function parseUses(text: string): number | 'unlimited' {
  if (text === 'unlimited') return text;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('not a count; write a number from 1 to 999999, or unlimited.');
}
