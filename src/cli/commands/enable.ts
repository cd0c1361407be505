import { Command, Option } from 'commander';
import type { Risk } from '../../app/consent.ts';
import { IslandError } from '../../errors.ts';
import { acceptRiskOption, type Deps, islandOption, withExamples } from '../options.ts';

interface EnableFlags {
  readonly island?: string;
  readonly persistent?: boolean;
  readonly runtime?: boolean;
  readonly now?: boolean;
  readonly plan?: boolean;
  readonly acceptRisk?: readonly Risk[];
  readonly json?: boolean;
}

export function enableCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('enable')
    .summary('join at every boot, and stay joined')
    .description(
      'Has systemd join the island of /etc/island at every boot before kubelet starts, repair what others take away, and leave at shutdown. The file is checked first; if anything fails, all is as it was before. Running it again does nothing.',
    )
    .addOption(islandOption())
    .addOption(new Option('--persistent', 'from now on, at every boot'))
    .addOption(new Option('--runtime', 'until the next boot, which then knows nothing of it'))
    .addOption(new Option('--now', 'join now as well, and prove it'))
    .addOption(new Option('--plan', 'print what would be done, and do nothing'))
    .addOption(acceptRiskOption())
    .option('--json', 'print JSON for programs')
    .action(async ({ persistent, runtime, ...options }: EnableFlags) => {
      const term = termOf({ persistent, runtime });
      const [{ enable }, { enableJson, enabledLines }] = await Promise.all([
        import('../../app/enable.ts'),
        import('../render/units.ts'),
      ]);
      const machine = await host();
      const onCommand = out.echoes ? (line: string) => out.note(out.paint('dim', `[#] ${line}`)) : undefined;
      const { ask, note: say } = out;
      const enabled = await enable(machine, { ...options, term, onCommand, interrupted, ask, say });
      const ms = Math.round(machine.now());
      if (options.json === true) out.json(enableJson(enabled, { ...options, ms }));
      else for (const line of enabledLines(enabled, { ...options, ms })) out.line(line);
      for (const path of enabled.foreign) out.note(`note: ${path} is not island's, and was left as it is`);
    });
  return withExamples(command, [
    ['island enable --persistent --now', 'join now and at every boot'],
    ['island enable --persistent', 'at every boot, from the next one on'],
    ['island enable --runtime --now', 'join now, and keep it so until the next boot'],
    ['island enable --persistent --now --plan', 'what that would do'],
  ]);
}

interface TermFlags {
  readonly persistent: boolean | undefined;
  readonly runtime: boolean | undefined;
}

function termOf({ persistent = false, runtime = false }: TermFlags): 'persistent' | 'runtime' {
  if (persistent !== runtime) return persistent ? 'persistent' : 'runtime';
  throw new IslandError(
    'E_USAGE',
    `say for how long: --persistent is for every boot from now on (files in /etc/systemd), --runtime until the next boot (files in /run/systemd)${persistent ? '; not both' : ''}`,
    { hint: 'island enable --persistent --now' },
  );
}
