import { Command } from 'commander';
import { type Deps, type PlaceOptions, withExamples, withName, withSelection } from '../options.ts';

export function exportCommand(deps: Deps): Command {
  return new Command('export')
    .summary('print what does the work of island without island')
    .description('Prints what a host can use that has neither Node nor island.')
    .addCommand(scriptCommand(deps));
}

function scriptCommand({ out, host }: Deps): Command {
  const command = new Command('script')
    .summary('print a shell script that joins and leaves')
    .description(
      'Prints a POSIX shell script with start, stop, restart and status, made for this host as it is now; its first lines say how to use it. Only root sees what firewalls of others need.',
    )
    .action(async (options: PlaceOptions) => {
      const [{ exportScript }, { renderScript }, { findingLine }] = await Promise.all([
        import('../../app/export.ts'),
        import('../render/script.ts'),
        import('../render/finding.ts'),
      ]);
      const exported = await exportScript(await host(), options);
      for (const line of renderScript(exported)) out.line(line);
      for (const note of exported.notes) out.note(`note: ${note}`);
      for (const finding of exported.findings) out.note(findingLine(finding));
    });
  return withExamples(withName(withSelection(command)), [
    ['island export script > /usr/local/sbin/island-r2lab', 'for this host'],
    ['island export script -i r2lab --name fit07', 'say which island, and who this host is'],
  ]);
}
