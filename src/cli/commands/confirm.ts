import { Command, Option } from 'commander';
import { type Deps, withExamples } from '../options.ts';

interface ConfirmOptions {
  readonly island?: string;
  readonly json?: boolean;
}

export function confirmCommand({ out, host, answerNo }: Deps): Command {
  const command = new Command('confirm')
    .summary('keep what a join with a time limit did')
    .description(
      'Keeps what "island join --confirm-within" did, which is undone otherwise. Exits with 1 when no join waits for it.',
    )
    .addOption(new Option('-i, --island <name>', 'the island, when several wait'))
    .option('--json', 'print JSON for programs')
    .action(async ({ island, json }: ConfirmOptions) => {
      const { confirm } = await import('../../app/confirm.ts');
      const confirmed = await confirm(await host(), island);
      if (json === true) out.json({ schemaVersion: 1, confirmed: confirmed ?? null });
      else if (confirmed === undefined) out.line('no join waits to be confirmed');
      else
        out.line(
          `${confirmed.island} stays as it was joined (${Math.ceil(confirmed.leftMs / 1000)} s were left)`,
        );
      if (confirmed === undefined) answerNo();
    });
  return withExamples(command, [
    ['island confirm', 'keep what join did'],
    ['island confirm -i r2lab', 'when several wait'],
  ]);
}
