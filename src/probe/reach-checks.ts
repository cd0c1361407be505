import { echoPortOf } from '../model/addressing.ts';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
import type { Check as Configured, HostEntry, Island, LinkEnd } from '../model/island.ts';
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

const CODE_OF = { ping: 'ISL-C01', tcp: 'ISL-C02', dns: 'ISL-C03' } as const;

/** What has to hold before an end, or anything behind it, can be reached: who has no link to it goes by the hub. */
export function wayKeys({ hub }: Island, end: LinkEnd): string[] {
  return [...gatewayKeys(hub), ...gatewayKeys(end)];
}

/** What `checks:` of the file asks for. */
export function configuredCheck({ island, after }: Setting, configured: Configured): Check {
  const { kind, name, target, required } = configured;
  const question = questionOf(island, configured);
  return {
    ...{ code: CODE_OF[kind], required, after: [...after, ...ownerKeys(island, target)] },
    subject: { name, part: kind, address: target },
    asks: () => [question],
    judge: ({ answerTo }): Outcome => {
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

/** The hosts of the file are asked by their address: names are a layer of their own. */
function questionOf(island: Island, { kind, target }: Configured): Question {
  const [name = '', port] = target.split(':');
  if (kind === 'dns')
    return { kind: 'lookup', name: target.includes('.') ? target : `${target}.${island.zone}` };
  const address = addressOf(island, name);
  if (address === undefined) return { kind: 'lookup', name };
  return kind === 'ping' ? { kind: 'ping', address } : { kind: 'tcp', address, port: Number(port) };
}

function addressOf(island: Island, target: string): HostEntry['address'] | undefined {
  if (isIpv4(target)) return target;
  const name = target.endsWith(`.${island.zone}`) ? target.slice(0, -island.zone.length - 1) : target;
  const ends = [island.hub, ...island.peers];
  return (
    ends.find((end) => end.name === name || `${end.name}-tunnel` === name)?.inner ??
    island.hosts.find((host) => host.name === name)?.address
  );
}

/** The checks of the host that is aimed at: while these fail, its services do. */
function ownerKeys(island: Island, target: string): string[] {
  const [name = ''] = target.split(':');
  const end = [island.hub, ...island.peers].find((each) => each.name === name || each.inner === name);
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
