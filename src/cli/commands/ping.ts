import { Command } from 'commander';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';
import { timeoutOption } from './test.ts';

interface PingFlags extends PlaceOptions {
  /** Milliseconds. */
  readonly timeout: number;
}

export function pingCommand({ out, host, interrupted, answerNo }: Deps): Command {
  const command = new Command('ping')
    .summary('say which layer of one host answers')
    .description(
      'The short form of "island test" for one host of the file: underlay, link, inner address and full size, as far as it is reached. Exits with 1 when it is not.',
    )
    .argument('<host>', 'a host of the file')
    .addOption(timeoutOption())
    .action(async (target: string, { timeout, ...options }: PingFlags) => {
      const [{ test }, { renderPing, testJson }] = await Promise.all([
        import('../../app/test.ts'),
        import('../render/test.ts'),
      ]);
      const machine = await host();
      const asking = { targets: [target], requiredOnly: false, timeoutMs: timeout, interrupted };
      const tested = await test(machine, { ...options, ...asking });
      if (options.json === true) out.json(testJson(tested, Math.round(machine.now())));
      else for (const line of renderPing(tested, { name: target, paint: out.paint })) out.line(line);
      if (!tested.report.isOk) answerNo();
    });
  return withExamples(withPlace(command), [
    ['island ping faraday', 'underlay, link, inner address, full size'],
    ['island ping fit07', 'a host behind a gateway'],
  ]);
}
