import { Command } from 'commander';
import type { Deps } from '../options.ts';

/** What the shell completion asks for; not for people. Prints nothing rather than an error. */
export function completeCommand({ out, host }: Deps): Command {
  return new Command('complete')
    .description('print words for the shell completion')
    .argument('<what>', '"islands", "hosts", "workers" or "tokens"')
    .option('-i, --island <name>')
    .option('-c, --config <file>')
    .action(async (what: string, options: { readonly island?: string; readonly config?: string }) => {
      const { completions } = await import('../../app/complete.ts');
      for (const word of await completions(await host(), what, options)) out.line(word);
    });
}
