import { endsOf, type Island, type LinkEnd } from '../model/island.ts';
import type { MemberPlace } from '../model/place.ts';
import type { EndPlace } from '../plan/end.ts';
import { type Check, checkKey, type Outcome } from './check.ts';
import { answered, knocks } from './far-end.ts';
import { gatewayKeys } from './reach-checks.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** What a member asks of the ends, none of which it has a link to: first its next hop, then whom that leads to. */
export function memberChecks({ island, after }: Setting, place: MemberPlace): Check[] {
  const { gateway, network } = place;
  const { name } = gateway;
  const hop = network.gateway;
  const nextHop: Check = {
    ...{ code: 'ISL-U01', required: true, after },
    subject: { name, part: 'next hop', address: hop },
    asks: knocks(hop, island.port),
    judge: (evidence) => {
      const answer = answered(hop, island.port, evidence);
      if (answer !== undefined) return { state: 'ok', ms: answer.ms };
      return { state: 'ko', text: `${hop}, the next hop of this host, does not answer`, fix: `ping ${hop}` };
    },
  };
  const own = innerCheck({ island, after: [...after, checkKey(nextHop)] }, gateway, (end) => ({
    text: `${end.inner} does not answer, while ${hop} of the same host does: ${name} has not joined`,
    fix: `on ${name}: island join`,
  }));
  const beyond = [...after, checkKey(nextHop), checkKey(own)];
  const hub =
    gateway === island.hub ? [] : [innerCheck({ island, after: beyond }, island.hub, brokenLink(name))];
  const behindHub = [...beyond, ...hub.map(checkKey)];
  const others = endsOf(island).filter((end) => end !== gateway && end !== island.hub);
  return [
    nextHop,
    own,
    ...hub,
    ...others.map((end) => innerCheck({ island, after: behindHub }, end, brokenLink(island.hub.name))),
  ];
}

/** The other ends, to which a peer has no link: the hub passes on what is for them. */
export function beyondHub({ island, after }: Setting, place: EndPlace): Check[] {
  if (place.role === 'hub') return [];
  const behind = [...after, ...gatewayKeys(island.hub)];
  return island.peers
    .filter(({ name }) => name !== place.name)
    .map((end) => innerCheck({ island, after: behind }, end, brokenLink(island.hub.name)));
}

type Failure = (end: LinkEnd) => { readonly text: string; readonly fix: string };

function brokenLink(last: string): Failure {
  return ({ inner, name }) => ({
    text: `${inner} does not answer, while ${last}, the last host before it, does: the way from there on is broken`,
    fix: `on ${last}: island test ${name}`,
  });
}

function innerCheck({ island, after }: Setting, end: LinkEnd, failure: Failure): Check {
  return {
    ...{ code: 'ISL-L04', required: true, after },
    subject: { name: end.name, part: 'tunnel', address: end.inner },
    asks: knocks(end.inner, island.port),
    judge: (evidence): Outcome => {
      const answer = answered(end.inner, island.port, evidence);
      return answer === undefined ? { state: 'ko', ...failure(end) } : { state: 'ok', ms: answer.ms };
    },
  };
}
