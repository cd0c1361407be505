import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { type Deps, withExamples, withPlace } from '../options.ts';

const POLL_MS = 100;

export function echoCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('echo')
    .summary('tell who tests from elsewhere what arrives here')
    .description(
      'Answers on UDP and TCP at the inner address (a member: at its own), to hosts of the island alone, with the source address and the size that it saw. "island test" on another host then knows, too, what becomes of its packets on the way. Runs until Ctrl-C.',
    )
    .action(async (options) => {
      const { echo } = await import('../../app/echo.ts');
      const { address, port, close } = await echo(await host(), options);
      out.note(`answering the hosts of the island at ${address}, port ${port}; Ctrl-C ends it`);
      while (!interrupted()) await delay(POLL_MS);
      close();
    });
  return withExamples(withPlace(command), [
    ['island echo', 'answer until Ctrl-C'],
    ['island echo &', 'answer while you test from elsewhere'],
  ]);
}
