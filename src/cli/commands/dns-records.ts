import { Command } from 'commander';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

interface RecordsFlags extends PlaceOptions {
  readonly reverse?: boolean;
}

export function dnsRecordsCommand({ out, host }: Deps): Command {
  const command = new Command('records')
    .summary('print what the responder says')
    .description(
      'Prints the zone of the names as a file that any name server loads. Workers are among them on the hub, for root. Asks nobody.',
    )
    .argument('[zone]', 'another zone of the island, such as 3.168.192.in-addr.arpa')
    .option('--reverse', 'the names of addresses, zone after zone')
    .action(async (zone: string | undefined, { reverse, ...options }: RecordsFlags) => {
      const [{ listRecords }, { recordsJson, renderRecords }] = await Promise.all([
        import('../../app/dns-records.ts'),
        import('../render/dns-records.ts'),
      ]);
      const listed = await listRecords(await host(), { ...options, zone, isReverse: reverse === true });
      if (options.json === true) out.json(recordsJson(listed));
      else for (const line of renderRecords(listed)) out.line(line);
      if (listed.missing !== undefined) out.note(`note: ${listed.missing}`);
    });
  return withExamples(withPlace(command), [
    ['island dns records', 'every name, and its address'],
    ['island dns records --reverse', 'every address, and its name'],
    ['island dns records 3.168.192.in-addr.arpa > 3.168.192.zone', 'one zone, for another name server'],
  ]);
}
