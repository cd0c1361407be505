import { Command, Option } from 'commander';
import { type Deps, type SelectionOptions, withExamples, withSelection } from '../options.ts';

interface StatsFlags extends SelectionOptions {
  readonly json?: boolean;
}

export function dnsStatsCommand({ out, host, answerNo }: Deps): Command {
  const command = new Command('stats')
    .summary('say how much the responder of this host has answered')
    .description(
      'Prints what was answered, by type and by result, and what was not, and why, since the responder was started; up to ten seconds old. Exits with 1 when no responder has answered here.',
    )
    .addOption(new Option('--json', 'print JSON for programs'))
    .action(async (options: StatsFlags) => {
      const [{ readStats }, { renderStats, statsJson }] = await Promise.all([
        import('../../app/dns-stats.ts'),
        import('../render/dns-stats.ts'),
      ]);
      const counted = await readStats(await host(), options);
      if (options.json === true) out.json(statsJson(counted));
      else for (const line of renderStats(counted)) out.line(line);
      if (counted.stats === undefined) answerNo();
    });
  return withExamples(withSelection(command), [
    ['island dns stats', 'this host'],
    ['island dns stats --json | jq .rcodes', 'for a program'],
  ]);
}
