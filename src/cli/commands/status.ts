import { Command } from 'commander';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

export function statusCommand({ out, host, answerNo }: Deps): Command {
  const command = new Command('status')
    .summary('say what is there, and what differs')
    .description(
      'Prints a line for each link and far end, and in words what differs from the file. Exits with 1 when something does. Changes nothing.',
    )
    .action(async (options: PlaceOptions) => {
      const [{ status }, { renderStatus, statusJson }] = await Promise.all([
        import('../../app/status.ts'),
        import('../render/status.ts'),
      ]);
      const found = await status(await host(), options);
      if (options.json === true) out.json(statusJson(found));
      else for (const line of renderStatus(found, out.paint)) out.line(line);
      if (found.absent || found.drift.length > 0) answerNo();
    });
  return withExamples(withPlace(command), [
    ['island status', 'this host in its island'],
    ['island status --json | jq .drift', 'what differs, for a program'],
  ]);
}
