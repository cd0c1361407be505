import { echoPortOf } from '../model/addressing.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { HostEntry, Island, LinkEnd } from '../model/island.ts';
import { type Check, checkKey } from './check.ts';
import { DIAGNOSES } from './diagnosis.ts';
import { answered, knocks } from './far-end.ts';
import type { Echo, Ping } from './question.ts';
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
