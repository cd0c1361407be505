import { Command, InvalidArgumentError, Option } from 'commander';
import type { LinkKind } from '../../model/island.ts';
import { type Deps, withExamples } from '../options.ts';

interface InitFlags {
  readonly name?: string;
  readonly subnet?: string;
  readonly link?: LinkKind;
  readonly port?: number;
  readonly hub?: string;
  readonly peer?: readonly string[];
}

const END = '<name=outer[,subnet[@gateway]]...>';

export function initCommand({ out }: Deps): Command {
  const command = new Command('init')
    .summary('print a starter file')
    .description(
      'Prints a commented island file that is valid as it stands: the island of the flags, or without --hub a sample to edit. Touches nothing.',
    )
    .option('--name <island>', 'what the island is called; the file is /etc/island/<island>.yaml')
    .option('--subnet <subnet>', 'where inner addresses are taken from')
    .addOption(new Option('--link <kind>', 'the kind of the links').choices(['ipip', 'vxlan']))
    .addOption(
      new Option('--port <number>', 'UDP port, routing table and rule priorities').argParser(parsePort),
    )
    .option(`--hub ${END}`, 'the host every link ends on, and its networks')
    .addOption(
      new Option(`--peer ${END}`, 'a host at the other end, and its networks; repeatable').argParser(append),
    )
    .action(async ({ peer, ...flags }: InitFlags) => {
      const { starterFile } = await import('../../app/init.ts');
      out.line(starterFile({ ...flags, peers: peer }).trimEnd());
    });
  return withExamples(command, [
    ['island init > /etc/island/r2lab.yaml', 'a sample to edit'],
    ['island init --name lab --hub l1=192.0.2.50,192.0.2.0/24 --peer gw=198.51.100.97', 'one of your own'],
  ]);
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('not a port number.');
  return Number(text);
}

function append(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}
