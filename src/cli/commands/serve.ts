import { Command, InvalidArgumentError, Option } from 'commander';
import { durationFault, durationMs } from '../../model/duration.ts';
import { type Deps, type PlaceOptions, withExamples, withSelection } from '../options.ts';

export function serveCommand({ serve }: Pick<Deps, 'serve'>): Command {
  const command = new Command('serve')
    .summary('keep this host part of the island: repair what breaks')
    .description(
      'Joins if this host has not, then repairs whatever somebody changes of links, routes, rules, nftables and forwarding, within a moment. Runs in the foreground until SIGTERM or Ctrl-C and leaves all as it is then: packets do not need it. SIGHUP makes it go by the file as it is now, as "island join" would; a broken one changes nothing. After "island leave" it does nothing until somebody joins again; an edited file counts from the next "island join" on.',
    )
    .addOption(new Option('--name <host>', 'who this host is, when its hostname and addresses do not tell'))
    .addOption(
      new Option(
        '--every <duration>',
        'look at the host this often even if nothing tells of a change, 1s to 1h',
      )
        .default(90_000, '90s')
        .argParser(parseEvery),
    )
    .addOption(new Option('--json', 'log JSON on a terminal and to the journal, too'))
    .action(({ every, ...options }: PlaceOptions & { readonly every: number }) =>
      serve({ ...options, everyMs: every }),
    );
  return withExamples(withSelection(command), [
    ['island serve', 'keep this host on the island of /etc/island'],
    ['island serve -i r2lab --every 5m', 'look at it every five minutes, and after each change'],
  ]);
}

function parseEvery(text: string): number {
  const fault = durationFault(text, ['1s', '1h']);
  if (fault !== undefined) throw new InvalidArgumentError(`${fault.message}; ${fault.hint}.`);
  return durationMs(text);
}
