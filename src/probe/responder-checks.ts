import { contains, type Ipv4 } from '../model/ip.ts';
import type { Island, LinkEnd } from '../model/island.ts';
import { tunnelName } from '../model/names.ts';
import { type Check, checkKey, type Outcome } from './check.ts';
import type { Sight } from './checks.ts';
import { answered, knocks } from './far-end.ts';
import { peerOf } from './host-checks.ts';
import type { Answer, Dns, Holder } from './question.ts';
import { wayKeys } from './reach-checks.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** An address at which names are to be answered. */
interface Responder extends Setting {
  readonly end: LinkEnd;
  readonly address: Ipv4;
  readonly isHere: boolean;
  /** Programs of this host ask there, so that its names depend on it. */
  readonly isAsked: boolean;
  /** The file says that there are names, be there a daemon or not. */
  readonly isPromised: boolean;
}

/** What tells whether the hub, whom every resolver of the island is pointed at, answers. */
export function hubQuestion(island: Island): Dns {
  return questionAt(island, island.hub.inner);
}

/** Names of another host may not be known there, as those of workers are not; the hub is in every file. */
function questionAt({ hub, zone }: Island, server: Ipv4): Dns {
  return { kind: 'dns', server, name: `${tunnelName(hub.name)}.${zone}` };
}

/** Whether names are answered on the hub, and by the gateways at the addresses that the file names for that. */
export function responderChecks(sight: Sight, setting: Setting): Check[] {
  const { island } = setting;
  const { listen, records } = island.dns;
  const isAsked = sight.desired.some(({ kind }) => kind === 'resolver');
  const isPromised = isAsked || listen.length + records.length > 0;
  const hub = { end: island.hub, address: island.hub.inner, isAsked, isPromised };
  const others = island.peers.flatMap((end) => {
    const address = listen.find((each) => end.networks.some(({ subnet }) => contains(subnet, each)));
    return address === undefined ? [] : [{ end, address, isAsked: false, isPromised }];
  });
  return [hub, ...others].map((each) =>
    responderCheck({
      ...{ ...each, ...setting, after: [...setting.after, ...wayTo(sight, each.end)] },
      isHere: sight.place.name === each.end.name,
    }),
  );
}

/** On the end itself the address is that of its links. */
function wayTo({ island, place, desired }: Sight, end: LinkEnd): string[] {
  if (place.name !== end.name) return wayKeys(island, end);
  return desired.flatMap((each) =>
    each.kind === 'link' ? [checkKey({ code: 'ISL-L01', subject: { name: peerOf(each) } })] : [],
  );
}

function responderCheck(responder: Responder): Check {
  const { island, end, address, after, isHere, isAsked, isPromised } = responder;
  const question = questionAt(island, address);
  const holder: Holder = { kind: 'holder', address };
  const reaches = knocks(address, island.port);
  return {
    ...{ code: 'ISL-N01', required: isAsked, after },
    subject: { name: end.name, part: 'names', address },
    asks: (answerTo) => {
      // A program is given more time than a host, which is not to be spent where there is none.
      if (answered(address, island.port, { answerTo }) === undefined) return reaches(answerTo);
      // Who else has the port is to be seen on its own host alone.
      return isHere && isStranger(answerTo(question)) ? [question, holder] : [question];
    },
    judge: ({ answerTo }): Outcome => {
      const answer = answerTo(question);
      if (answer === undefined) return { state: 'unknown', text: `${address} does not answer at all` };
      if (answer?.state === 'answered')
        return answerOutcome(answer, { ...responder, held: answerTo(holder) });
      const { text, fix } = failureOf(answer, responder);
      const typed = onEnd(fix, responder);
      if (isPromised) return { state: 'ko', text, fix: typed };
      return { state: 'unknown', text: `${text}; if there are to be names, ${typed}` };
    },
  };
}

function failureOf(answer: Answer | undefined, { address, isHere }: Responder) {
  switch (answer?.state) {
    case 'refused':
      return {
        text: `nobody answers for names at ${address}: islandd does not run ${isHere ? 'here' : 'there'}, or could not listen`,
        fix: 'island enable --persistent --now',
      };
    case 'unasked':
      return { text: `${address} gives no answer: ${answer.reason}`, fix: 'ss -lunp sport = :53' };
    default:
      return {
        text: `port 53 of ${address} is silent, where a host says if nobody listens: something drops what is sent there`,
        fix: `nft list ruleset, and accept UDP and TCP to port 53 of ${address} from the island`,
      };
  }
}

/** Another name server, or one of another zone. */
function isStranger(answer: Answer | undefined): boolean {
  return answer?.state === 'answered' && !isOurs(answer);
}

type Answered = Extract<Answer, { readonly state: 'answered' }>;

function isOurs({ dns }: Answered): boolean {
  return dns?.rcode === 'NOERROR' && dns.isAuthoritative;
}

interface Judged extends Responder {
  /** Who has the port, where that could be seen. */
  readonly held: Answer | undefined;
}

/** Whether what answers is the responder, and has the same file. */
function answerOutcome(answer: Answered, judged: Judged): Outcome {
  const { ms, values = [], dns } = answer;
  const { hub, zone } = judged.island;
  const name = `${tunnelName(hub.name)}.${zone}`;
  if (isOurs(answer)) {
    if (values.includes(hub.inner)) return { state: 'ok', ms };
    const said = values.length === 0 ? 'has no address' : `is ${values.join(' ')}`;
    return {
      state: 'ko',
      text: `says that ${name} ${said}, and here it is ${hub.inner}: the two hosts have another file`,
      fix: onEnd('island config check, and the same file on both hosts', judged),
    };
  }
  const what = dns?.rcode === 'NOERROR' ? 'answers without authority' : `answers ${dns?.rcode}`;
  const holder = judged.held?.state === 'answered' ? judged.held.holder : undefined;
  if (holder !== undefined) {
    return { state: 'ko', text: `${what} for ${name}: ${holder.who}`, fix: holder.hint };
  }
  return {
    state: 'ko',
    text: `${what} for ${name}: another name server has port 53 there, or its file has another zone`,
    fix: onEnd('ss -lunp sport = :53', judged),
  };
}

function onEnd(command: string, { end, isHere }: Responder): string {
  return isHere ? command : `on ${end.name}: ${command}`;
}
