import { Command } from 'commander';
import type { Deps } from '../options.ts';

/** What "island join --confirm-within" starts; not for people. */
export function revertCommand({ out, host, interrupted }: Deps): Command {
  return new Command('revert')
    .description('wait until a join is confirmed, or undo it when its time is over')
    .requiredOption('-i, --island <name>')
    .action(async ({ island }: { readonly island: string }) => {
      const [{ watch }, { requireIslandName }] = await Promise.all([
        import('../../app/revert.ts'),
        import('../../app/select.ts'),
      ]);
      await watch(await host(), requireIslandName(island), { interrupted, say: out.note });
    });
}
