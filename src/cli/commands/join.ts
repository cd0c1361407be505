import { Command } from 'commander';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

export function joinCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('join')
    .summary('make this host part of the island')
    .description(
      'Brings links, routes, rules, nftables and forwarding of this host to what the file says, and proves it. A failing step undoes what was done. Running it again does nothing, or repairs what has changed.',
    )
    .action(async (options: PlaceOptions) => {
      const [{ join }, { joinJson, renderJoin }] = await Promise.all([
        import('../../app/join.ts'),
        import('../render/join.ts'),
      ]);
      const machine = await host();
      const onCommand = out.echoes ? (line: string) => out.note(out.paint('dim', `[#] ${line}`)) : undefined;
      const joined = await join(machine, { ...options, onCommand, interrupted });
      const ms = Math.round(machine.now());
      if (options.json === true) out.json(joinJson(joined, ms));
      else out.line(renderJoin(joined, ms));
    });
  return withExamples(withPlace(command), [
    ['island join', 'join the island of /etc/island'],
    ['island join -i r2lab', 'join one of several'],
    ['island join --name fit07', 'say who this host is'],
  ]);
}
