import { blockIn, HOSTS_FILE, writtenFor } from '../model/hosts-file.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { namedAddresses } from '../model/zone.ts';
import { type Contradiction, contradictionsIn } from '../plan/names.ts';
import { type Check, checkKey, type Outcome } from './check.ts';
import type { Sight } from './checks.ts';
import { peerOf } from './host-checks.ts';
import type { Answer, Dns, NameOf, Question } from './question.ts';
import { wayKeys } from './reach-checks.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** What these checks need to know of this host. */
interface Seeker extends Setting {
  readonly isHub: boolean;
  /** By what its programs are meant to find the names; undefined where nobody said that they should. */
  readonly finder: 'resolver' | 'hosts' | undefined;
  readonly hubAnswers: Dns;
}

/** Its programs, not what it has of the island. */
export const PROGRAMS = { name: 'this host', part: 'names' } as const;

/** Whether names are answered, and whether the programs of this host find them. */
export function nameChecks(sight: Sight, { island, after }: Setting): Check[] {
  const { place, desired, observed } = sight;
  const { hub, name: own, zone } = island;
  const isWritten = blockIn(observed.hostsFile?.text ?? '', writtenFor(own)) !== undefined;
  const hosts = isWritten || desired.some(({ kind }) => kind === 'hosts') ? 'hosts' : undefined;
  const seeker: Seeker = {
    ...{ island, after, isHub: place.role === 'hub' },
    finder: desired.some(({ kind }) => kind === 'resolver') ? 'resolver' : hosts,
    hubAnswers: { kind: 'dns', server: hub.inner, name: `${hub.name}-tunnel.${zone}` },
  };
  const other = seeker.isHub ? island.peers[0] : hub;
  return [
    responderCheck({ ...seeker, after: [...after, ...wayToHub(sight)] }),
    lookupCheck(
      seeker,
      contradictionsIn(sight).filter(({ name }) => name.toLowerCase().endsWith(`.${zone}`)),
    ),
    ...(other === undefined ? [] : [reverseCheck(seeker, other.inner)]),
  ];
}

/** On the hub itself the address is that of its links. */
function wayToHub({ island, place, desired }: Sight): string[] {
  if (place.role !== 'hub') return wayKeys(island, island.hub);
  return desired.flatMap((each) =>
    each.kind === 'link' ? [checkKey({ code: 'ISL-L01', subject: { name: peerOf(each) } })] : [],
  );
}

/** Whether the hub, whom every resolver of the island is pointed at, answers. */
function responderCheck({ island, after, isHub, finder, hubAnswers }: Seeker): Check {
  const { hub, dns } = island;
  const isPromised = finder === 'resolver' || dns.listen.length + dns.records.length > 0;
  return {
    ...{ code: 'ISL-N01', required: finder === 'resolver' },
    after,
    subject: { name: hub.name, part: 'names', address: hub.inner },
    asks: () => [hubAnswers],
    judge: ({ answerTo }): Outcome => {
      const answer = answerTo(hubAnswers);
      if (answer?.state === 'answered') return answerOutcome(answer, { island, isHub });
      const { text, fix } = {
        refused: {
          text: `nobody answers for names at ${hub.inner}: islandd does not run there, or somebody else has port 53`,
          fix: 'island enable --persistent --now',
        },
        silent: {
          text: `port 53 of ${hub.inner} is silent, where a host says if nobody listens: something drops what is sent there`,
          fix: `nft list ruleset, and accept UDP and TCP to port 53 of ${hub.inner} from the island`,
        },
        unasked: { text: `${hub.inner} gives no answer${reasonOf(answer)}`, fix: 'ss -lunp sport = :53' },
      }[answer?.state ?? 'silent'];
      return isPromised
        ? { state: 'ko', text, fix: onHub(fix, { island, isHub }) }
        : { state: 'unknown', text };
    },
  };
}

type Where = Pick<Seeker, 'island' | 'isHub'>;

/** Whether what answers is the responder, and has the same file. */
function answerOutcome({ ms, values = [], dns }: Answered, where: Where): Outcome {
  const { hub, zone } = where.island;
  const name = `${hub.name}-tunnel.${zone}`;
  if (dns?.rcode === 'NOERROR' && dns.isAuthoritative) {
    if (values.includes(hub.inner)) return { state: 'ok', ms };
    const said = values.length === 0 ? 'has no address' : `is ${values.join(' ')}`;
    return {
      state: 'ko',
      text: `says that ${name} ${said}, and here it is ${hub.inner}: the two hosts have another file`,
      fix: onHub('island config check, and the same file on both hosts', where),
    };
  }
  const what = dns?.rcode === 'NOERROR' ? 'answers without authority' : `answers ${dns?.rcode}`;
  return {
    state: 'ko',
    text: `${what} for ${name}: another name server has port 53 there, or its file has another zone`,
    fix: onHub('ss -lunp sport = :53', where),
  };
}

type Answered = Extract<Answer, { readonly state: 'answered' }>;

function onHub(command: string, { island, isHub }: Where): string {
  return isHub ? command : `on ${island.hub.name}: ${command}`;
}

function reasonOf(answer: Answer | undefined): string {
  return answer?.state === 'unasked' ? `: ${answer.reason}` : '';
}

/** Who asks a hub that does not answer waits for long, and learns nothing by it. */
function whenAnswered({ finder, hubAnswers }: Seeker, questions: readonly Question[]): Check['asks'] {
  return (answerTo) => (finder === 'hosts' || answerTo(hubAnswers)?.state === 'answered' ? questions : []);
}

const UNSOUGHT =
  'programs of this host do not ask for the names of the island: see "island dns client", or "island hosts --write"';

/** Whether programs of this host find what the file says. */
function lookupCheck(seeker: Seeker, [wrong]: readonly Contradiction[]): Check {
  const { island, after, isHub, finder } = seeker;
  const { hub, zone } = island;
  const asked = finder === 'hosts' ? [] : [checkKey({ code: 'ISL-N01', subject: hub })];
  // A host knows its own name by other means.
  const expected = namedAddresses(island)
    .filter(({ name }) => name === `${hub.name}-tunnel` || (name === hub.name && !isHub))
    .map(({ name, address }) => ({
      question: { kind: 'lookup', name: `${name}.${zone}` } as const,
      address,
    }));
  return {
    ...{ code: 'ISL-N02', required: finder !== undefined, subject: PROGRAMS },
    after: wrong === undefined ? [...after, ...asked] : [],
    asks: whenAnswered(
      seeker,
      expected.map(({ question }) => question),
    ),
    judge: ({ answerTo }): Outcome => {
      if (wrong !== undefined) return { state: 'ko', ...contradicted(wrong) };
      const outcomes = expected.map(({ question, address }) =>
        lookupOutcome(answerTo(question), { finder, address, name: question.name }),
      );
      return outcomes.find(({ state }) => state !== 'ok') ?? outcomes[0] ?? { state: 'ok' };
    },
  };
}

interface Sought extends Pick<Seeker, 'finder'> {
  readonly name: string;
  readonly address: Ipv4;
}

function lookupOutcome(answer: Answer | undefined, { name, address, finder }: Sought): Outcome {
  if (answer?.state === 'answered') {
    const { ms, values = [] } = answer;
    if (values.includes(address)) return { state: 'ok', ms };
    return {
      state: 'ko',
      text: `programs of this host find ${name} at ${values.join(' ')}, and it is ${address}`,
      fix: `getent ahostsv4 ${name}, and look in /etc/nsswitch.conf for who says so`,
    };
  }
  if (finder === undefined) return { state: 'unknown', text: UNSOUGHT };
  const text = `programs of this host do not find ${name}${reasonOf(answer)}`;
  if (finder === 'hosts')
    return { state: 'ko', text, fix: 'grep hosts: /etc/nsswitch.conf, which has to say "files"' };
  // It knows whom to ask, and whom it asks answers.
  return {
    state: 'ko',
    text: `${text}: they do not ask systemd-resolved, or it does not take the answer`,
    fix: `resolvectl query ${name}; where that finds it, apt-get install libnss-resolve, or ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf`,
  };
}

function contradicted({ line, name, address, meant, isWritten }: Contradiction) {
  return {
    text: `${HOSTS_FILE}:${line}: ${name} is ${address} there, and ${meant} in the island`,
    fix: isWritten ? 'island hosts --write' : `take ${name} out of line ${line} of ${HOSTS_FILE}`,
  };
}

/** Whether they find the name of an address: that of another host, since its own a host knows by other means. */
function reverseCheck(seeker: Seeker, address: Ipv4): Check {
  const { island, after, finder } = seeker;
  const names = namedAddresses(island)
    .filter((each) => each.address === address)
    .map(({ name }) => `${name}.${island.zone}`);
  const question: NameOf = { kind: 'name', address };
  return {
    ...{ code: 'ISL-N03', required: finder !== undefined, subject: PROGRAMS },
    after: [...after, checkKey({ code: 'ISL-N02', subject: PROGRAMS })],
    asks: whenAnswered(seeker, [question]),
    judge: ({ answerTo }): Outcome => {
      const answer = answerTo(question);
      if (answer?.state !== 'answered') {
        if (finder === undefined) return { state: 'unknown', text: UNSOUGHT };
        return {
          state: 'ko',
          text: `programs of this host find no name of ${address}${reasonOf(answer)}`,
          fix: `getent hosts ${address}`,
        };
      }
      if (names.some((name) => answer.values?.includes(name))) return { state: 'ok', ms: answer.ms };
      return {
        state: 'ko',
        text: `programs of this host find that ${address} is ${answer.values?.join(' ')}, and it is ${names[0]}`,
        fix: `getent hosts ${address}`,
      };
    },
  };
}
