import { Command } from 'commander';
import { type Deps, withExamples } from '../options.ts';
import { dnsServeCommand } from './dns-serve.ts';

export function dnsCommand(deps: Deps): Command {
  const command = new Command('dns')
    .summary("the names of the island's hosts")
    .description("Names of the island's hosts, and who answers for them.")
    .addCommand(dnsServeCommand(deps));
  return withExamples(command, [['island dns serve', 'answer for the names of the island']]);
}
