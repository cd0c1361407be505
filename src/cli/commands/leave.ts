import { Command } from 'commander';
import type { Risk } from '../../app/consent.ts';
import {
  acceptRiskOption,
  type Deps,
  type SelectionOptions,
  withExamples,
  withSelection,
} from '../options.ts';

interface LeaveOptions extends SelectionOptions {
  readonly json?: boolean;
  readonly acceptRisk?: readonly Risk[];
  readonly keepLease?: boolean;
}

export function leaveCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('leave')
    .summary('give the host back as it was')
    .description(
      'Removes all that the island put on this host and restores what it changed. Works without the file: what is the island’s is marked in the kernel.',
    )
    .addOption(acceptRiskOption())
    .option('--keep-lease', 'a worker keeps what it needs to join again without a token; the units do so')
    .option('--json', 'print JSON for programs')
    .action(async (options: LeaveOptions) => {
      const [{ leave }, { keptNamesLine, untoldLines }] = await Promise.all([
        import('../../app/leave.ts'),
        import('../render/leave.ts'),
      ]);
      const machine = await host();
      const onCommand = out.echoes ? (line: string) => out.note(out.paint('dim', `[#] ${line}`)) : undefined;
      const left = await leave(machine, { ...options, onCommand, interrupted, ask: out.ask, say: out.note });
      const ms = Math.round(machine.now());
      if (options.json === true) out.json({ schemaVersion: 1, ...left, ms });
      else if (left.changed) out.line(`left ${left.island} (${ms} ms)`);
      else out.line(`nothing of ${left.island} was on this host`);
      if (left.keepsNames === true) out.note(keptNamesLine(left.island));
      if (left.lease?.released === false) for (const line of untoldLines(left.lease)) out.note(line);
    });
  return withExamples(withSelection(command), [
    ['island leave', 'leave the only island of this host'],
    ['island leave -i r2lab', 'leave one of several'],
    ['island leave --keep-lease', 'until the next "island join", which needs no token'],
    ['island leave --accept-risk ssh', 'from a script, even if it cuts your session'],
  ]);
}
