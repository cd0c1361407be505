import { type Ipv4, isIpv4 } from '../model/ip.ts';
import { type Check as Configured, endsOf, type Island, type LinkEnd } from '../model/island.ts';
import { tunnelName } from '../model/names.ts';
import { hostIn } from '../model/service-rules.ts';
import { namedAddresses } from '../model/zone.ts';
import { type Check, checkKey, type Evidence, type Outcome } from './check.ts';
import { PROGRAMS } from './name-checks.ts';
import type { Answer, Lookup, Question } from './question.ts';
import { wayKeys } from './reach-checks.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** What `checks:` of the file asks for. */
export function configuredCheck(setting: Setting, configured: Configured): Check {
  return configured.kind === 'dns' ? nameCheck(setting, configured) : serviceCheck(setting, configured);
}

const FOUND_BY = checkKey({ code: 'ISL-N02', subject: PROGRAMS });

/** A name that programs of this host have to find; whether its host is there or not. */
function nameCheck({ island, after }: Setting, configured: Configured): Check {
  const { name, target, required } = configured;
  const host = hostIn(configured, island.zone);
  const question = lookupOf(island, host);
  const expected = isIpv4(host) ? [host] : addressesIn(island, host);
  return {
    ...{ code: 'ISL-C03', required, after: [...after, FOUND_BY] },
    subject: { name, part: 'dns', address: target },
    asks: () => [question],
    judge: ({ answerTo }): Outcome => {
      const answer = answerTo(question);
      const fix = `getent hosts ${question.name}`;
      if (answer?.state !== 'answered') {
        return { state: 'ko', text: `${target} does not resolve${reasonOf(answer)}`, fix };
      }
      const { ms, values = [] } = answer;
      if (expected.length === 0 || values.some((value) => expected.some((each) => each === value))) {
        return { state: 'ok', ms };
      }
      return {
        state: 'ko',
        text: `${target} is ${values.join(' ')} here, and ${expected.join(' ')} in the file`,
        fix,
      };
    },
  };
}

/** The hosts of the file are asked by their address, since names are a layer of their own; others are looked up first. */
function serviceCheck({ island, after }: Setting, configured: Configured): Check {
  const { name, target, required, kind } = configured;
  const host = hostIn(configured, island.zone);
  const known = addressOf(island, host);
  const lookup = lookupOf(island, host);
  const questionOf = (answerTo: Evidence['answerTo']) => {
    const [found] = known === undefined ? valuesOf(answerTo(lookup)) : [known];
    return found === undefined ? undefined : questionTo(found as Ipv4, configured);
  };
  return {
    code: kind === 'ping' ? 'ISL-C01' : 'ISL-C02',
    ...{ required, after: [...after, ...(known === undefined ? [FOUND_BY] : ownerKeys(island, host))] },
    subject: { name, part: kind, address: target },
    asks: (answerTo) => {
      const question = questionOf(answerTo);
      return question === undefined ? [lookup] : [question];
    },
    judge: ({ answerTo }): Outcome => {
      const question = questionOf(answerTo);
      if (question === undefined) {
        const text = `the file gives ${target} no address, and programs of this host find none`;
        return { state: 'unknown', text };
      }
      const answer = answerTo(question);
      if (answer?.state === 'answered') return { state: 'ok', ms: answer.ms };
      return { state: 'ko', text: `${target} ${failureOf(answer)}`, fix: fixOf(configured) };
    },
  };
}

function lookupOf({ zone }: Island, host: string): Lookup {
  if (isIpv4(host)) return { kind: 'lookup', name: host };
  return { kind: 'lookup', name: host === '@' || host === zone ? zone : `${host}.${zone}` };
}

function questionTo(address: Ipv4, { kind, target }: Configured): Question {
  if (kind === 'ping') return { kind, address };
  return { kind: 'tcp', address, port: Number(target.slice(target.indexOf(':') + 1)) };
}

function valuesOf(answer: Answer | undefined): readonly string[] {
  return answer?.state === 'answered' ? (answer.values ?? []) : [];
}

function reasonOf(answer: Answer | undefined): string {
  return answer?.state === 'unasked' ? `: ${answer.reason}` : '';
}

function failureOf(answer: Answer | undefined): string {
  switch (answer?.state) {
    case 'refused':
      return 'refuses the connection';
    case 'unasked':
      return `cannot be asked: ${answer.reason}`;
    default:
      return 'does not answer';
  }
}

/** What the zone has of a name, as far as the file says it; an alias of elsewhere has none. */
function addressesIn(island: Island, name: string): readonly Ipv4[] {
  const own = namedAddresses(island).filter((each) => each.name === name);
  const records = island.dns.records.filter((each) => each.name === name);
  const alias = records.find(({ type }) => type === 'CNAME')?.value;
  // In a file that was checked no aliases go round.
  if (alias?.endsWith(`.${island.zone}.`) === true) {
    return addressesIn(island, alias.slice(0, -island.zone.length - 2));
  }
  const listed = records.flatMap(({ type, value }) => (type === 'A' && isIpv4(value) ? [value] : []));
  return [...own.map(({ address }) => address), ...listed];
}

function addressOf(island: Island, name: string): Ipv4 | undefined {
  if (isIpv4(name)) return name;
  return endOf(island, name)?.inner ?? addressesIn(island, name)[0];
}

function endOf(island: Island, name: string): LinkEnd | undefined {
  return endsOf(island).find((end) => [end.name, tunnelName(end.name), end.inner].includes(name));
}

/** The checks of the host that is aimed at: while these fail, its services do. */
function ownerKeys(island: Island, name: string): string[] {
  const end = endOf(island, name);
  if (end !== undefined) return wayKeys(island, end);
  const address = addressOf(island, name);
  const host = island.hosts.find((each) => each.name === name || each.address === address);
  return host === undefined ? [] : [checkKey({ code: 'ISL-R04', subject: host })];
}

function fixOf({ kind, target }: Configured): string {
  const [host, port] = target.split(':');
  return kind === 'ping' ? `ping ${host}` : `on ${host}: ss -tlnp sport = :${port}`;
}
