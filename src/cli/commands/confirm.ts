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
      'Keeps what "island join --confirm-within" did, which is undone otherwise. Exits with 1 when no join waits for it, which is so as well when its time is over and it was undone.',
    )
    .addOption(new Option('-i, --island <name>', 'the island, when several wait'))
    .option('--json', 'print JSON for programs')
    .action(async ({ island, json }: ConfirmOptions) => {
      const [{ confirm }, { confirmedSentence }] = await Promise.all([
        import('../../app/confirm.ts'),
        import('../render/pending.ts'),
      ]);
      const confirmed = await confirm(await host(), island);
      if (json === true) out.json({ schemaVersion: 1, confirmed: confirmed ?? null });
      else out.line(confirmedSentence(confirmed));
      if (confirmed === undefined) answerNo();
    });
  return withExamples(command, [
    ['island confirm', 'keep what join did'],
    ['island confirm -i r2lab', 'when several wait'],
  ]);
}
