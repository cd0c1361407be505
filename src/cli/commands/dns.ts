import { Command } from 'commander';
import { type Deps, withExamples } from '../options.ts';
import { dnsClientCommand } from './dns-client.ts';
import { dnsQueryCommand } from './dns-query.ts';
import { dnsRecordsCommand } from './dns-records.ts';
import { dnsServeCommand } from './dns-serve.ts';
import { dnsStatsCommand } from './dns-stats.ts';

export function dnsCommand(deps: Deps): Command {
  const command = new Command('dns')
    .summary("the names of the island's hosts")
    .description("Names of the island's hosts, and who answers for them.")
    .addCommand(dnsQueryCommand(deps))
    .addCommand(dnsRecordsCommand(deps))
    .addCommand(dnsClientCommand(deps))
    .addCommand(dnsStatsCommand(deps))
    .addCommand(dnsServeCommand(deps));
  return withExamples(command, [
    ['island dns query fit07', 'its address, and what programs here are told'],
    ['island dns serve', 'answer for the names of the island'],
  ]);
}
