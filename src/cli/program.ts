import { Command } from 'commander';
import { completeCommand } from './commands/complete.ts';
import { configCommand } from './commands/config.ts';
import { confirmCommand } from './commands/confirm.ts';
import { disableCommand } from './commands/disable.ts';
import { dnsCommand } from './commands/dns.ts';
import { echoCommand } from './commands/echo.ts';
import { enableCommand } from './commands/enable.ts';
import { exportCommand } from './commands/export.ts';
import { hostsCommand } from './commands/hosts.ts';
import { initCommand } from './commands/init.ts';
import { joinCommand } from './commands/join.ts';
import { leaseCommand } from './commands/lease.ts';
import { leaveCommand } from './commands/leave.ts';
import { pingCommand } from './commands/ping.ts';
import { planCommand } from './commands/plan.ts';
import { revertCommand } from './commands/revert.ts';
import { serveCommand } from './commands/serve.ts';
import { statusCommand } from './commands/status.ts';
import { testCommand } from './commands/test.ts';
import { tokenCommand } from './commands/token.ts';
import { whoamiCommand } from './commands/whoami.ts';
import { type Deps, withExamples } from './options.ts';

/** Errors of usage begin as all others do. */
const OUTPUT = {
  outputError: (text: string, write: (text: string) => void) => write(text.replace(/^error: /, 'island: ')),
};

/** What the shell and island itself run. */
const INTERNAL: readonly string[] = ['complete', 'revert'];

/** The command tree: the one source of `--help`, the completion and docs/cli.md. */
export function createProgram(deps: Deps, version: string): Command {
  const program = new Command('island')
    .description('Join hosts behind a NAT and a cluster with public addresses into one routed network.')
    .version(version)
    .exitOverride()
    .configureOutput(OUTPUT)
    .showSuggestionAfterError();
  const commands = [
    initCommand(deps),
    configCommand(deps),
    whoamiCommand(deps),
    planCommand(deps),
    joinCommand(deps),
    confirmCommand(deps),
    leaveCommand(deps),
    enableCommand(deps),
    disableCommand(deps),
    statusCommand(deps),
    testCommand(deps),
    pingCommand(deps),
    echoCommand(deps),
    hostsCommand(deps),
    dnsCommand(deps),
    tokenCommand(deps),
    leaseCommand(deps),
    serveCommand(deps),
    exportCommand(deps),
    completeCommand(deps),
    revertCommand(deps),
  ];
  // exitOverride is not inherited by commands that are made apart.
  for (const command of commands) {
    for (const sub of [command, ...command.commands]) sub.exitOverride().configureOutput(OUTPUT);
    program.addCommand(command, { hidden: INTERNAL.includes(command.name()) });
  }
  return withExamples(program, [
    ['island init --name r2lab > /etc/island/r2lab.yaml', 'write a starter file'],
    ['island plan', 'print the commands that join would run'],
    ['island join', 'make this host part of the island'],
    ['island status', 'say what is there, and what differs'],
    ['island test', 'find out what is broken, and what to type'],
    ['island leave', 'give the host back as it was'],
    ['island enable --persistent --now', 'join now and at every boot'],
  ]);
}
