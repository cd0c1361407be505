import { echoPortOf } from '../model/addressing.ts';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
import {
  type Check as Configured,
  endsOf,
  type HostEntry,
  type Island,
  type LinkEnd,
} from '../model/island.ts';
import { hostIn } from '../model/service-rules.ts';
import { type Check, checkKey, type Outcome } from './check.ts';
import { DIAGNOSES } from './diagnosis.ts';
import { answered, knocks } from './far-end.ts';
import type { Echo, Ping, Question } from './question.ts';
import { ECHO_BYTES, NOBODY_TELLS } from './source-check.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** A host of the file at its own address, behind the end that serves its network. */
export function hostCheck({ island, after }: Setting, host: HostEntry, gateway: LinkEnd | undefined): Check {
  const { name, address } = host;
  const behind = gateway === undefined ? [] : wayKeys(island, gateway);
  return {
    ...{ code: 'ISL-R04', required: false, after: [...after, ...behind] },
    subject: { name, address },
    asks: knocks(address, island.port),
    judge: (evidence) => {
      const answer = answered(address, island.port, evidence);
      if (answer !== undefined) return { state: 'ok', ms: answer.ms };
      const gate =
        gateway === undefined ? 'it is on a network of this host' : `${gateway.name}, its gateway, does`;
      return {
        state: 'ko',
        text: `does not answer, while ${gate}: it is off, has not joined, or drops what it receives`,
        fix: `on ${name}: island join && island test`,
      };
    },
  };
}

/**
 * Whether a network of this gateway carries packets whose source lies elsewhere, as those of the island do; known
 * only where the host on it is known to have its way back, because its `island echo` answers.
 */
export function foreignSourceCheck({ island, after }: Setting, host: HostEntry, inner: Ipv4): Check {
  const { name, address } = host;
  const own: Echo = { kind: 'echo', address, port: echoPortOf(island), bytes: ECHO_BYTES };
  const foreign: Ping = { kind: 'ping', address, from: inner };
  return {
    ...{ code: 'ISL-U02', required: true, after },
    subject: { name, part: 'source', address },
    asks: (answerTo) => (answerTo(own)?.state === 'answered' ? [foreign] : [own]),
    judge: ({ answerTo }) => {
      const answer = answerTo(foreign);
      if (answer === undefined) return { state: 'unknown', text: NOBODY_TELLS };
      if (answer.state === 'answered') return { state: 'ok', ms: answer.ms };
      return {
        state: 'ko',
        text: `answers this host at its own address there, and not at ${inner}: the network between drops sources of elsewhere`,
        fix: `switch off the source check of this machine where the network is made, then: ping -I ${inner} ${address}`,
      };
    },
  };
}

/** What has to hold of a gateway before anything behind it can be reached. */
export function gatewayKeys(gateway: LinkEnd): string[] {
  return (['ISL-U01', ...DIAGNOSES] as const).map((code) => checkKey({ code, subject: gateway }));
}

/** What has to hold before an end, or anything behind it, can be reached: who has no link to it goes by the hub. */
export function wayKeys({ hub }: Island, end: LinkEnd): string[] {
  return [...gatewayKeys(hub), ...gatewayKeys(end)];
}

const CODE_OF = { ping: 'ISL-C01', tcp: 'ISL-C02', dns: 'ISL-C03' } as const;

/** What `checks:` of the file asks for. */
export function configuredCheck({ island, after }: Setting, configured: Configured): Check {
  const { kind, name, target, required } = configured;
  const question = questionOf(island, configured);
  return {
    ...{ code: CODE_OF[kind], required, after: [...after, ...ownerKeys(island, configured)] },
    subject: { name, part: kind, address: target },
    asks: () => (question === undefined ? [] : [question]),
    judge: ({ answerTo }): Outcome => {
      if (question === undefined) {
        return {
          state: 'unknown',
          text: `the file gives ${target} no address, and nobody answers for names yet`,
        };
      }
      const answer = answerTo(question);
      if (answer?.state === 'answered') return { state: 'ok', ms: answer.ms };
      const text = {
        refused: 'refuses the connection',
        silent: 'does not answer',
        unasked: 'cannot be asked',
      };
      const reason = answer?.state === 'unasked' ? `: ${answer.reason}` : '';
      return {
        state: 'ko',
        text: `${target} ${text[answer?.state ?? 'silent']}${reason}`,
        fix: fixOf(configured),
      };
    },
  };
}

/** The hosts of the file are asked by their address: names are a layer of their own. Undefined for one without. */
function questionOf(island: Island, check: Configured): Question | undefined {
  const { kind, target } = check;
  const name = hostIn(check, island.zone);
  if (kind === 'dns') return { kind: 'lookup', name: isIpv4(name) ? name : `${name}.${island.zone}` };
  const address = addressOf(island, name);
  if (address === undefined) return undefined;
  return kind === 'ping'
    ? { kind: 'ping', address }
    : { kind: 'tcp', address, port: Number(target.slice(target.indexOf(':') + 1)) };
}

function addressOf(island: Island, name: string): Ipv4 | undefined {
  if (isIpv4(name)) return name;
  const record = island.dns.records.find((each) => each.name === name && each.type === 'A')?.value;
  return (
    endOf(island, name)?.inner ??
    island.hosts.find((host) => host.name === name)?.address ??
    (record !== undefined && isIpv4(record) ? record : undefined)
  );
}

function endOf(island: Island, name: string): LinkEnd | undefined {
  return endsOf(island).find((end) => [end.name, `${end.name}-tunnel`, end.inner].includes(name));
}

/** The checks of the host that is aimed at: while these fail, its services do. */
function ownerKeys(island: Island, check: Configured): string[] {
  // A name is looked up whether its host is there or not.
  if (check.kind === 'dns') return [];
  const name = hostIn(check, island.zone);
  const end = endOf(island, name);
  if (end !== undefined) return wayKeys(island, end);
  const host = island.hosts.find((each) => each.name === name || each.address === name);
  return host === undefined ? [] : [checkKey({ code: 'ISL-R04', subject: host })];
}

function fixOf({ kind, target }: Configured): string {
  const [host, port] = target.split(':');
  return {
    ping: `ping ${host}`,
    tcp: `on ${host}: ss -tlnp sport = :${port}`,
    dns: `getent hosts ${target}`,
  }[kind];
}
