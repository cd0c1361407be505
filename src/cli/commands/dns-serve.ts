import { Command, Option } from 'commander';
import { type Deps, type ServeNamesFlags, withExamples, withName, withSelection } from '../options.ts';

export function dnsServeCommand({ serveNames }: Pick<Deps, 'serveNames'>): Command {
  const command = new Command('serve')
    .summary('answer for the names of the island, and do nothing else')
    .description(
      'Answers where "island serve" does: at the inner address of this host and at those of "dns.listen" that are its own. It needs neither to have joined nor, for ports from 1024 on, root; but on a hub only root knows the workers, and without them names that are not in the file are SERVFAIL. Runs in the foreground until SIGTERM or Ctrl-C. SIGHUP makes it go by the file as it is now; a broken one changes nothing.',
    )
    .addOption(
      new Option(
        '--listen <endpoint...>',
        'listen there instead, such as 127.0.0.1:5353: one of its addresses or of loopback, and a port if it is not 53',
      ),
    )
    .addOption(new Option('--json', 'log JSON on a terminal and to the journal, too'))
    .action((options: ServeNamesFlags) => serveNames(options));
  return withExamples(withName(withSelection(command)), [
    ['island dns serve', 'answer at the addresses of this host'],
    ['island dns serve --listen 127.0.0.1:5353', 'try a file without touching anything'],
  ]);
}
