import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type NameServer, nameServerIn } from '../../model/name-server.ts';
import { RECORD_TYPES, recordTypeOf } from '../../model/record-type.ts';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';
import { timeoutOption } from './test.ts';

interface QueryFlags extends PlaceOptions {
  readonly server?: NameServer;
  readonly tcp?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export function dnsQueryCommand({ out, host, answerNo }: Deps): Command {
  const command = new Command('query')
    .summary('ask the responder for a name, and what programs here are told')
    .description(
      "Asks this host's own responder, else that of the hub, and then this host as its programs do. Exits with 1 when there is no such name, or when the two differ, and with 75 when no responder says what there is.",
    )
    .argument('<name>', 'a host, a name of the zone or, with a final dot, any; an address asks for its name')
    .addArgument(typeArgument())
    .addOption(serverOption('ask this one instead'))
    .option('--tcp', 'ask over TCP from the start')
    .addOption(timeoutOption())
    .action(async (target: string, type: string | undefined, { tcp, timeout, ...options }: QueryFlags) => {
      const [{ queryName }, { queryJson, renderQuery }] = await Promise.all([
        import('../../app/dns-query.ts'),
        import('../render/dns-query.ts'),
      ]);
      const asking = { target, type, isTcp: tcp === true, timeoutMs: timeout };
      const queried = await queryName(await host(), { ...options, ...asking });
      if (options.json === true) out.json(queryJson(queried));
      else for (const line of renderQuery(queried)) out.line(line);
      if (!queried.isYes) answerNo();
    });
  return withExamples(withPlace(command), [
    ['island dns query fit07', 'its address'],
    ['island dns query 192.168.3.7', 'the name of an address'],
    ['island dns query @ SOA --server 10.3.1.2', 'of the zone itself, from the hub'],
  ]);
}

/** `--server`, for what it is good for. */
export function serverOption(meaning: string): Option {
  return new Option(
    '--server <address>',
    `${meaning}: an address, with :port where that is not 53`,
  ).argParser((text) => {
    const server = nameServerIn(text);
    if (server !== undefined) return server;
    throw new InvalidArgumentError('not a server; write an address such as 10.3.1.2 or 10.3.1.2:5353.');
  });
}

/** The choices are for the help and the shell: any number is taken. */
function typeArgument(): Argument {
  return new Argument('[type]', 'the type of record, or its number; A if left out')
    .choices(Object.keys(RECORD_TYPES))
    .argParser((text) => {
      const type = recordTypeOf(text);
      if (type !== undefined) return type;
      throw new InvalidArgumentError(
        `not a type; write ${Object.keys(RECORD_TYPES).join(', ')}, or a number.`,
      );
    });
}
