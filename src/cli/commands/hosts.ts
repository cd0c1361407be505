import { Command, Option } from 'commander';
import type { HostsChange } from '../../app/hosts.ts';
import { type Deps, type SelectionOptions, withExamples, withSelection } from '../options.ts';

interface HostsFlags extends SelectionOptions {
  readonly write?: boolean;
  readonly remove?: boolean;
  readonly json?: boolean;
}

export function hostsCommand(deps: Deps): Command {
  const command = new Command('hosts')
    .summary('print names and addresses as lines for /etc/hosts, or put them there')
    .description(
      'Prints the names of the island as this host knows them. With --write they become lines of their own in /etc/hosts, which stay until --remove, whoever joins or leaves: for a host without a resolver that knows the island, also one that is no part of it. Every other line stays as it is.',
    )
    .addOption(
      new Option('--write', 'put them into /etc/hosts, in place of those that are there').conflicts('remove'),
    )
    .option('--remove', 'take them out of /etc/hosts; needs no file of the island')
    .option('--json', 'print JSON for programs')
    .action((flags: HostsFlags) =>
      flags.write === true || flags.remove === true ? change(deps, flags) : print(deps, flags),
    );
  return withExamples(withSelection(command), [
    ['island hosts', 'the names of the only island of this host'],
    ['island hosts -c r2lab.yaml --write', 'on a laptop that has the file'],
    ['island hosts --remove', 'as it was before'],
  ]);
}

async function print({ out, host }: Deps, { json, ...selection }: HostsFlags): Promise<void> {
  const [{ listNames }, { nameLines, namesJson }] = await Promise.all([
    import('../../app/hosts.ts'),
    import('../render/hosts.ts'),
  ]);
  const listed = await listNames(await host(), selection);
  if (json === true) out.json(namesJson(listed));
  else for (const line of nameLines(listed)) out.line(line);
  if (listed.note !== undefined) out.note(`note: ${listed.note}`);
}

async function change({ out, host }: Deps, { write, json, ...selection }: HostsFlags): Promise<void> {
  const [{ removeNames, writeNames }, { changedJson, changedSentence, changeLines }] = await Promise.all([
    import('../../app/hosts.ts'),
    import('../render/hosts.ts'),
  ]);
  const onChange = (found: HostsChange) => {
    if (json !== true) for (const line of changeLines(found)) out.line(line);
  };
  const changed = await (write === true ? writeNames : removeNames)(await host(), { ...selection, onChange });
  if (json === true) out.json(changedJson(changed));
  else out.line(changedSentence(changed));
}
