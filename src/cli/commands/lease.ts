import { Command, Option } from 'commander';
import { type Deps, type SelectionOptions, withExamples, withSelection } from '../options.ts';

interface JsonOptions extends SelectionOptions {
  readonly json?: boolean;
}

interface ReleaseFlags extends JsonOptions {
  readonly forget?: boolean;
}

interface PinFlags extends JsonOptions {
  readonly address?: string;
  readonly remove?: boolean;
}

export function leaseCommand(deps: Deps): Command {
  return new Command('lease')
    .summary('see and change who has which inner address, on the hub')
    .description(
      'The inner addresses of workers, by name: a worker that was imaged anew gets its address back. Runs on the hub.',
    )
    .addCommand(listCommand(deps))
    .addCommand(releaseCommand(deps))
    .addCommand(pinCommand(deps));
}

function listCommand({ out, host }: Deps): Command {
  const command = new Command('list')
    .summary('say who has which address')
    .description(
      'Prints a line for each lease: held by a machine that has joined, or reserved for a name that comes back, and pinned if nobody else ever gets the address.',
    )
    .addOption(jsonOption())
    .action(async (options: JsonOptions) => {
      const [{ listLeases }, { leasesJson, renderLeases }] = await Promise.all([
        import('../../app/lease.ts'),
        import('../render/lease.ts'),
      ]);
      const listed = await listLeases(await host(), options);
      if (options.json === true) out.json(leasesJson(listed));
      else for (const line of renderLeases(listed)) out.line(line);
    });
  return withExamples(withSelection(command), [
    ['island lease list', 'every lease of the island'],
    ['island lease list --json | jq .leases', 'for a program'],
  ]);
}

function releaseCommand({ out, host }: Deps): Command {
  const command = new Command('release')
    .summary('take a lease from the machine that has it')
    .description(
      'Cuts a worker off: its machine needs a new token to join again. The name keeps its address, unless --forget is given. For a worker that can run it, "island leave" is the way.',
    )
    .argument('<worker>', 'its name')
    .option('--forget', 'keep no address for the name, not even a pinned one')
    .addOption(jsonOption())
    .action(async (name: string, options: ReleaseFlags) => {
      const [{ releaseLease }, { releasedSentence }] = await Promise.all([
        import('../../app/lease.ts'),
        import('../render/lease.ts'),
      ]);
      const released = await releaseLease(await host(), { ...options, name });
      if (options.json === true) out.json({ schemaVersion: 1, ...released });
      else out.line(releasedSentence(released));
    });
  return withExamples(withSelection(command), [
    ['island lease release fit07', 'its machine is gone, its address stays its own'],
    ['island lease release fit07 --forget', 'the address is free for others'],
  ]);
}

function pinCommand({ out, host }: Deps): Command {
  const command = new Command('pin')
    .summary('keep an address for a name for good')
    .description(
      'Keeps the address that the name has, or a given one before it first joins. Other reservations are given to new names once the pool is full, the oldest first.',
    )
    .argument('<worker>', 'its name')
    .option('--address <address>', 'a free address of the pool')
    .option('--remove', 'make it a lease like any other again')
    .addOption(jsonOption())
    .action(async (name: string, options: PinFlags) => {
      const [{ pinLease }, { pinnedSentence }] = await Promise.all([
        import('../../app/lease.ts'),
        import('../render/lease.ts'),
      ]);
      const pinned = await pinLease(await host(), { ...options, name });
      if (options.json === true) out.json({ schemaVersion: 1, ...pinned });
      else out.line(pinnedSentence(pinned));
    });
  return withExamples(withSelection(command), [
    ['island lease pin fit07', 'the address that it has'],
    ['island lease pin fit08 --address 10.3.1.80', 'before it joins for the first time'],
    ['island lease pin fit07 --remove', 'like any other again'],
  ]);
}

function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs');
}
