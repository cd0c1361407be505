import { Command, InvalidArgumentError, Option } from 'commander';
import type { Risk } from '../../app/consent.ts';
import type { Joined } from '../../app/join.ts';
import { durationFault, durationMs } from '../../model/duration.ts';
import type { Finding } from '../../plan/finding.ts';
import { acceptRiskOption, type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

interface JoinFlags extends PlaceOptions {
  /** Milliseconds. */
  readonly confirmWithin?: number;
  readonly acceptRisk?: readonly Risk[];
}

export function joinCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('join')
    .summary('make this host part of the island')
    .description(
      'Brings links, routes, rules, nftables and forwarding of this host to what the file says, and proves it. A failing step undoes what was done. Running it again does nothing, or repairs what has changed. With --confirm-within all that it did is undone, also when your session is cut, unless you confirm it.',
    )
    .addOption(
      new Option(
        '--confirm-within <duration>',
        'undo everything after this time, 1s to 1h, unless "island confirm" comes first',
      ).argParser(parseWithin),
    )
    .addOption(acceptRiskOption())
    .action(async ({ confirmWithin: confirmWithinMs, ...options }: JoinFlags) => {
      const [{ join }, { joinJson, renderJoin }, { findingLine }, { pendingSentence }] = await Promise.all([
        import('../../app/join.ts'),
        import('../render/join.ts'),
        import('../render/finding.ts'),
        import('../render/pending.ts'),
      ]);
      const machine = await host();
      const onCommand = out.echoes ? (line: string) => out.note(out.paint('dim', `[#] ${line}`)) : undefined;
      const { ask, note: say } = out;
      const joined = await join(machine, { ...options, confirmWithinMs, onCommand, interrupted, ask, say });
      const ms = Math.round(machine.now());
      if (options.json === true) out.json(joinJson(joined, ms));
      else out.line(renderJoin(joined, ms));
      for (const finding of newsOf(joined)) out.note(findingLine(finding));
      if (joined.pending !== undefined) out.note(pendingSentence(joined.pending));
    });
  return withExamples(withPlace(command), [
    ['island join', 'join the island of /etc/island'],
    ['island join -i r2lab', 'join one of several'],
    ['island join --name fit07', 'say who this host is'],
    ['island join --confirm-within 60s', 'undo it unless you confirm: you may be locked out'],
    ['island join --accept-risk ssh', 'from a script, even if your session changes its way'],
  ]);
}

/** What is good to know is said once, when something was done; what is in the way every time. */
function newsOf({ scene: { findings, steps } }: Joined): readonly Finding[] {
  return findings.filter(({ weight }) => steps.length > 0 || weight !== 'note');
}

function parseWithin(text: string): number {
  const fault = durationFault(text, ['1s', '1h']);
  if (fault !== undefined) throw new InvalidArgumentError(`${fault.message}; ${fault.hint}.`);
  return durationMs(text);
}
