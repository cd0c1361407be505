import { blockIn, HOSTS_FILE, writtenFor } from '../model/hosts-file.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { tunnelName } from '../model/names.ts';
import { namedAddresses } from '../model/zone.ts';
import { type Contradiction, contradictionsIn } from '../plan/names.ts';
import { type Check, checkKey, type Outcome } from './check.ts';
import type { Sight } from './checks.ts';
import type { Answer, Dns, NameOf, Question } from './question.ts';
import { hubQuestion, responderChecks } from './responder-checks.ts';

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
    hubAnswers: hubQuestion(island),
  };
  const other = seeker.isHub ? island.peers[0] : hub;
  return [
    ...responderChecks(sight, { island, after }),
    lookupCheck(
      seeker,
      contradictionsIn(sight).filter(({ name }) => name.toLowerCase().endsWith(`.${zone}`)),
    ),
    ...(other === undefined ? [] : [reverseCheck(seeker, other.inner)]),
  ];
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
    .filter(({ name }) => name === tunnelName(hub.name) || (name === hub.name && !isHub))
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
