import { Command, Option } from 'commander';
import type { Risk } from '../../app/consent.ts';
import { acceptRiskOption, type Deps, islandOption, withExamples } from '../options.ts';

interface DisableFlags {
  readonly island?: string;
  readonly now?: boolean;
  readonly plan?: boolean;
  readonly acceptRisk?: readonly Risk[];
  readonly json?: boolean;
}

export function disableCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('disable')
    .summary('join at boot no more')
    .description(
      'Undoes "island enable", also when the file of the island is gone: the next boot does not join. Until then all stays as it is, unless --now leaves the island as well.',
    )
    .addOption(islandOption())
    .addOption(new Option('--now', 'leave now as well'))
    .addOption(new Option('--plan', 'print what would be done, and do nothing'))
    .addOption(acceptRiskOption())
    .option('--json', 'print JSON for programs')
    .action(async (options: DisableFlags) => {
      const [{ disable }, { disableJson, disabledLines }, { untoldLines }] = await Promise.all([
        import('../../app/disable.ts'),
        import('../render/units.ts'),
        import('../render/leave.ts'),
      ]);
      const machine = await host();
      const onCommand = out.echoes ? (line: string) => out.note(out.paint('dim', `[#] ${line}`)) : undefined;
      const { ask, note: say } = out;
      const disabled = await disable(machine, { ...options, onCommand, interrupted, ask, say });
      const ms = Math.round(machine.now());
      if (options.json === true) out.json(disableJson(disabled, { ...options, ms }));
      else for (const line of disabledLines(disabled, { ...options, ms })) out.line(line);
      const { lease } = disabled.left ?? {};
      if (lease?.released === false) for (const line of untoldLines(lease)) out.note(line);
    });
  return withExamples(command, [
    ['island disable', 'the next boot does not join'],
    ['island disable --now', 'leave now as well'],
    ['island disable -i r2lab', 'one of several'],
  ]);
}
