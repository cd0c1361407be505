import { Command, InvalidArgumentError, Option } from 'commander';
import type { Risk } from '../../app/consent.ts';
import type { Joined, JoinOptions } from '../../app/join.ts';
import { IslandError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { durationFault, durationMs } from '../../model/duration.ts';
import { type Ipv4, isIpv4 } from '../../model/ip.ts';
import type { Finding } from '../../plan/finding.ts';
import { acceptRiskOption, type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

interface JoinFlags extends PlaceOptions {
  /** Milliseconds. */
  readonly confirmWithin?: number;
  /** Milliseconds. */
  readonly wait?: number;
  readonly acceptRisk?: readonly Risk[];
  readonly hub?: HubAddress;
  readonly token?: string;
  readonly route?: readonly string[];
  readonly takeover?: boolean;
}

interface HubAddress {
  readonly hub: Ipv4;
  readonly port: number;
}

export function joinCommand({ out, host, interrupted }: Deps): Command {
  const command = new Command('join')
    .summary('make this host part of the island')
    .description(
      'Brings links, routes, rules, nftables and forwarding of this host to what the file says, and proves it. A failing step undoes what was done. Running it again does nothing, or repairs what has changed. With --confirm-within all that it did is undone, also when your session is cut, unless you confirm it. With --hub and --token a host without a file joins as a worker, from behind any NAT, or as a member where it is on the LAN of a gateway.',
    )
    .addOption(
      new Option(
        '--confirm-within <duration>',
        'undo everything after this time, 1s to 1h, unless "island confirm" comes first',
      ).argParser(parseWithin),
    )
    .addOption(
      new Option(
        '--wait <duration>',
        'wait so long, 1s to 1h, for an address, a link or the hub that is not there yet',
      ).argParser(parseWithin),
    )
    .addOption(acceptRiskOption())
    .addOption(
      new Option('--hub <address[:port]>', 'outer address of the hub to join with a token').argParser(
        parseHub,
      ),
    )
    .addOption(
      new Option('--token <token>', 'what "island token create" printed; "-" reads it, as does "file:PATH"'),
    )
    .addOption(new Option('--route <subnet...>', 'ranges behind this worker, such as its pods'))
    .addOption(new Option('--takeover', 'take the name from another machine that is still there'))
    .action(async ({ confirmWithin: confirmWithinMs, wait: waitMs, ...options }: JoinFlags) => {
      const [join, { joinJson, renderJoin }, { findingLine }, { pendingSentence }] = await Promise.all([
        joinFor(options, waitMs),
        import('../render/join.ts'),
        import('../render/finding.ts'),
        import('../render/pending.ts'),
      ]);
      const machine = await host();
      const onCommand = out.echoes ? (line: string) => out.note(out.paint('dim', `[#] ${line}`)) : undefined;
      const { ask, note: say } = out;
      const joined = await join(machine, { ...options, confirmWithinMs, onCommand, interrupted, ask, say });
      const ms = Math.round(machine.now());
      if (options.json === true) out.json(joinJson(joined, ms));
      else out.line(renderJoin(joined, ms));
      for (const finding of newsOf(joined)) out.note(findingLine(finding));
      if (joined.pending !== undefined) out.note(pendingSentence(joined.pending));
    });
  return withExamples(withPlace(command), [
    ['island join', 'join the island of /etc/island'],
    ['island join -i r2lab', 'join one of several'],
    ['island join --wait 30s', 'at boot: wait for the network, but not for ever'],
    ['island join --name fit07', 'say who this host is'],
    ['island join --confirm-within 60s', 'undo it unless you confirm: you may be locked out'],
    ['island join --hub 138.96.245.50 --token file:token', 'from behind a NAT, with a token'],
    ['island join --accept-risk ssh', 'from a script, even if your session changes its way'],
  ]);
}

type Join = (host: Host, options: JoinOptions) => Promise<Joined>;

/** Which way of joining the options ask for; E_USAGE when they ask for none. */
async function joinFor(flags: JoinFlags, waitMs: number | undefined): Promise<Join> {
  const join = await joinOnce(flags);
  if (waitMs === undefined) return join;
  const { joinInTime } = await import('../../app/wait.ts');
  return (host, options) => joinInTime(host, join, { ...options, waitMs });
}

async function joinOnce({ hub, token, route = [], takeover = false }: JoinFlags): Promise<Join> {
  if (hub !== undefined && token !== undefined) {
    const { joinByToken } = await import('../../app/join-by-token.ts');
    return (host, options) => joinByToken(host, { ...options, ...hub, token, routes: route, takeover });
  }
  const alone = [
    ...Object.entries({ '--hub': hub, '--token': token }).filter(([, value]) => value !== undefined),
    ...Object.entries({ '--route': route.length > 0, '--takeover': takeover }).filter(([, value]) => value),
  ];
  if (alone.length > 0) {
    throw new IslandError('E_USAGE', `${alone[0]?.[0]} is for who joins with --hub and --token`, {
      hint: 'run "island token create" on the hub: it prints the whole command',
    });
  }
  return (await import('../../app/rejoin.ts')).rejoin;
}

const DEFAULT_PORT = 10_310;

function parseHub(text: string): HubAddress {
  const [hub = '', port, ...rest] = text.split(':');
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  if (isIpv4(hub) && rest.length === 0 && Number.isInteger(number) && number > 0 && number <= 65_535) {
    return { hub, port: number };
  }
  throw new InvalidArgumentError(
    'Write an IPv4 address, and a port if it is not 10310: 138.96.245.50:10310.',
  );
}

/** What is good to know is said once, when something was done; what is in the way every time. */
function newsOf({ scene: { findings, steps } }: Joined): readonly Finding[] {
  return findings.filter(({ weight }) => steps.length > 0 || weight !== 'note');
}

function parseWithin(text: string): number {
  const fault = durationFault(text, ['1s', '1h']);
  if (fault !== undefined) throw new InvalidArgumentError(`${fault.message}; ${fault.hint}.`);
  return durationMs(text);
}
