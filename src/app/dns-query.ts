import type { DnsAnswer, DnsAnswered, DnsEndpoint } from '../dns/client.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import { formatNameServer, nameServerOf } from '../model/name-server.ts';
import { DNS_PORT, responderAddresses } from '../model/responder.ts';
import { ownAddresses } from '../plan/observed.ts';
import { type OwnView, ownViewOf } from './dns-own-view.ts';
import { type NameQuestion, questionFor } from './dns-question.ts';
import type { SceneOptions } from './scene.ts';
import { type Whoami, whoami } from './whoami.ts';

export interface QueryOptions extends SceneOptions {
  /** A name, relative to the zone or full, or an address. */
  readonly target: string;
  readonly type?: string | undefined;
  /** Whom to ask, if not the responder that this host would. */
  readonly server?: DnsEndpoint | undefined;
  readonly isTcp: boolean;
  readonly timeoutMs: number;
}

export interface Queried {
  readonly island: Island;
  readonly question: NameQuestion;
  readonly server: DnsEndpoint;
  readonly answer: DnsAnswered;
  /** What programs on this host are told; undefined for types that they do not ask for. */
  readonly own: OwnView | undefined;
  /** The name is there, and programs are told the same. */
  readonly isYes: boolean;
}

/** Asks the responder for a name, and this host too. E_RETRY when no responder says what there is. */
export async function queryName(host: Host, options: QueryOptions): Promise<Queried> {
  const seen = await whoami(host, options);
  const { island } = seen;
  const question = questionFor(island.zone, options.target, options.type);
  const servers = options.server === undefined ? respondersFor(seen) : [options.server];
  const { server, answer } = await firstAnswer(host, { ...options, seen, question, servers });
  const own = await ownViewOf(host, { ...seen, question, answer, timeoutMs: options.timeoutMs });
  const isThere = answer.rcode === 'NOERROR' && answer.records.length > 0;
  return { island, question, server, answer, own, isYes: isThere && own?.isSame !== false };
}

/** This host's own first: it is what its programs would get if the tunnel is down. */
function respondersFor({ island, place, observed }: Whoami): readonly DnsEndpoint[] {
  const [own] = place.role === 'none' ? [] : responderAddresses(island, place, ownAddresses(observed));
  const addresses = new Set([
    ...(own === undefined ? [] : [own]),
    nameServerOf(island, place),
    island.hub.inner,
  ]);
  return [...addresses].map((address) => ({ address, port: DNS_PORT }));
}

interface Asking extends QueryOptions {
  readonly seen: Whoami;
  readonly question: NameQuestion;
  readonly servers: readonly DnsEndpoint[];
}

interface Refusal {
  readonly server: DnsEndpoint;
  readonly answer: DnsAnswer;
}

async function firstAnswer(
  host: Host,
  { seen, question, servers, isTcp, timeoutMs, server: other }: Asking,
): Promise<{ readonly server: DnsEndpoint; readonly answer: DnsAnswered }> {
  const refusals: Refusal[] = [];
  for (const server of servers) {
    const transport = isTcp ? 'tcp' : 'udp';
    const answer = await host.askServer({ ...question, server, transport }, timeoutMs);
    if (answer.state === 'answered' && (other !== undefined || saysWhatThereIs(answer)))
      return { server, answer };
    refusals.push({ server, answer });
  }
  const said = refusals.map(({ server, answer }) => `${formatNameServer(server)} ${wordsFor(answer)}`);
  throw new IslandError('E_RETRY', `nobody says whether there is ${question.name}: ${said.join(', ')}`, {
    hint: hintFor(seen, refusals.at(-1)),
  });
}

/** One that does not know all names says SERVFAIL; and who is no responder of ours has been put in front of it. */
function saysWhatThereIs({ rcode, isAuthoritative }: DnsAnswered): boolean {
  return rcode !== 'SERVFAIL' && (isAuthoritative || rcode === 'REFUSED');
}

function wordsFor(answer: DnsAnswer): string {
  switch (answer.state) {
    case 'answered':
      return answer.rcode === 'SERVFAIL'
        ? 'does not know now (SERVFAIL)'
        : 'is answered for by somebody else';
    case 'refused':
      return 'has nobody at that port';
    case 'silent':
      return 'is silent';
    case 'malformed':
      return `sent what is no answer (${answer.reason})`;
    case 'unasked':
      return `cannot be asked (${answer.reason})`;
  }
}

function hintFor({ island, place }: Whoami, last: Refusal | undefined): string {
  const { hub, name } = island;
  if (last === undefined || last.server.address !== hub.inner)
    return 'see what listens there: ss -lunp sport = 53';
  const onHub = place.name === hub.name ? '' : `on ${hub.name}: `;
  switch (last.answer.state) {
    case 'answered':
      if (last.answer.rcode !== 'SERVFAIL') return `island ping ${hub.name}`;
      return `${onHub}systemctl status islandd@${name}`;
    case 'refused':
      return `${onHub}systemctl status islandd@${name}, or run "island dns serve"`;
    case 'malformed':
      return `${onHub}ss -lunp sport = 53`;
    case 'silent':
      return place.role === 'hub' ? `systemctl status islandd@${name}` : `island ping ${hub.name}`;
    case 'unasked':
      return 'island status';
  }
}
