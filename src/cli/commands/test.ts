import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { durationFault, durationMs } from '../../model/duration.ts';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

interface TestFlags extends PlaceOptions {
  readonly requiredOnly?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export function testCommand({ out, host, interrupted, answerNo }: Deps): Command {
  const command = new Command('test')
    .summary('find out what is broken, and say what to type')
    .description(
      'Asks the island from this host, layer by layer: host, firewall, underlay, link, MTU, routes, names, and the checks of the file. Names the cause, and not what follows from it. Changes nothing. Exits with 1 when something that is required fails.',
    )
    .addArgument(new Argument('[host...]', 'hosts or checks of the file; everything if left out'))
    .option('--required-only', 'leave out what is not required')
    .addOption(timeoutOption())
    .action(async (targets: readonly string[], { requiredOnly = false, timeout, ...options }: TestFlags) => {
      const [{ test }, { renderTest, testJson }] = await Promise.all([
        import('../../app/test.ts'),
        import('../render/test.ts'),
      ]);
      const machine = await host();
      const progress = out.progress('asking');
      const tested = await test(machine, {
        ...options,
        ...{ targets, requiredOnly, timeoutMs: timeout, interrupted, onAnswer: progress.at },
      }).finally(progress.end);
      const ms = Math.round(machine.now());
      if (options.json === true) out.json(testJson(tested, ms));
      else for (const line of renderTest(tested, out.paint)) out.line(line);
      if (!tested.report.isOk) answerNo();
    });
  return withExamples(withPlace(command), [
    ['island test', 'everything, from this host'],
    ['island test faraday fit07', 'only these, and what could explain that they fail'],
    ['island test --required-only', 'leave out hosts that may well be off'],
    ['island test --json', 'for programs'],
  ]);
}

export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'how long to wait for each answer, 100ms to 30s')
    .argParser(parseTimeout)
    .default(1000, '1s');
}

function parseTimeout(text: string): number {
  const fault = durationFault(text, ['100ms', '30s']);
  if (fault !== undefined) throw new InvalidArgumentError(`${fault.message}; ${fault.hint}.`);
  return durationMs(text);
}
