import { macOf } from '../model/addressing.ts';
import { endsOf, type Island } from '../model/island.ts';
import type { Step } from '../plan/diff.ts';
import { explain } from '../plan/explain.ts';
import type { Matter, NamedFinding } from '../plan/finding.ts';
import { type Link, linkOf, type Resource } from '../plan/resource.ts';
import { comparableParts } from '../plan/ruleset-parts.ts';
import { type Check, checkKey, type Subject, THIS_HOST } from './check.ts';
import type { Code } from './codes.ts';

export interface Drift {
  readonly island: Island;
  readonly isMember: boolean;
  /** Nothing of the island is here. */
  readonly isAbsent: boolean;
  readonly steps: readonly Step[];
  /** The links that this host should have. */
  readonly links: readonly Link[];
}

/** What a repair would start with. */
const REPAIR = 'island join';

/** Codes that say what this host lacks of what the file says. */
const DRIFT_CODES = [
  'ISL-H03',
  'ISL-H05',
  'ISL-H08',
  'ISL-M02',
  'ISL-R01',
  'ISL-R02',
] as const satisfies Code[];

/** Whether this host has joined, and whether what it has is as the file says, by what it means when it is not. */
export function driftChecks(drift: Drift): Check[] {
  // The rules in other people's firewalls are a layer of their own (firewall-checks.ts).
  const steps = drift.isAbsent ? [] : drift.steps.filter(({ resource }) => resource.kind !== 'accept');
  const faults = steps.map((step) => ({ ...faultOf(drift, step), step }));
  const links = new Set(faults.filter(({ code }) => code === 'ISL-L01').map(({ subject }) => subject.name));
  const textsOf = (code: Code, name: string) =>
    faults
      .filter((fault) => fault.code === code && fault.subject.name === name)
      .map(({ step }) => explain(step));
  return [
    known({ code: 'ISL-H02', subject: THIS_HOST }, drift.isAbsent ? ['this host has not joined'] : []),
    ...DRIFT_CODES.map((code) => known({ code, subject: THIS_HOST }, textsOf(code, THIS_HOST.name))),
    ...[...links].map((name) =>
      known({ code: 'ISL-L01', subject: { name, part: 'link' } }, textsOf('ISL-L01', name)),
    ),
  ];
}

/** Whether somebody else's rules or ranges on this host take what is the island's. */
export function findingChecks(findings: readonly NamedFinding[]): Check[] {
  const ofMatter = (code: Code, matter: Matter, weight: NamedFinding['weight']) => {
    const found = findings.filter((finding) => finding.about === matter && finding.weight === weight);
    const texts = found.map(({ text }) => text);
    return known({ code, subject: THIS_HOST }, texts, found[0]?.hint);
  };
  return [ofMatter('ISL-H06', 'rule', 'drift'), ofMatter('ISL-H07', 'clash', 'refuse')];
}

/** A check whose outcome needs no question: it fails with the first of the texts. */
export function known(about: Pick<Check, 'code' | 'subject'>, texts: readonly string[], fix = REPAIR): Check {
  const [first, ...more] = texts;
  const text = more.length === 0 ? first : `${first}, and ${more.length} more`;
  return {
    ...{ ...about, required: true },
    after: beforeJoining(about.code).map((code) => checkKey({ code, subject: THIS_HOST })),
    asks: () => [],
    judge: () => (text === undefined ? { state: 'ok' } : { state: 'ko', text, fix }),
  };
}

/** What keeps a host from joining, and what it can only have once it has. */
function beforeJoining(code: Code): Code[] {
  if (code === 'ISL-H01' || code === 'ISL-H07') return [];
  return code === 'ISL-H02' ? ['ISL-H01', 'ISL-H07'] : ['ISL-H01', 'ISL-H02', 'ISL-H07'];
}

interface Fault {
  readonly code: Code;
  readonly subject: Subject;
}

function faultOf(drift: Drift, step: Step): Fault {
  const { resource } = step;
  // What a link, or its last address, takes with it is no fault of its own.
  const name = linkOf(resource);
  const carrier = drift.steps.find(
    (other) =>
      name !== undefined &&
      ((other.resource.kind === 'link' && other.resource.name === name) ||
        (other.resource.kind === 'address' && other.resource.link === name)),
  );
  const link = linkFault(drift, carrier?.resource ?? resource);
  return link === undefined
    ? { code: hostFault(drift, step), subject: THIS_HOST }
    : { code: 'ISL-L01', subject: { name: link } };
}

/** The name of the end, or of the ends, whose link a resource is part of; undefined for what is not. */
function linkFault({ island, links }: Drift, resource: Resource): string | undefined {
  switch (resource.kind) {
    case 'link':
      return peerOf(resource);
    case 'timers':
    case 'address': {
      const link = links.find(({ name }) => name === resource.link);
      return link === undefined ? resource.link : peerOf(link);
    }
    case 'neighbour':
      return endsOf(island).find(({ inner }) => inner === resource.address)?.name ?? resource.link;
    case 'fdb':
      return endsOf(island).find((end) => macOf(island.name, end) === resource.mac)?.name ?? resource.link;
    case 'route':
    case 'rule':
    case 'sysctl':
    case 'fallback':
    case 'nft':
    case 'accept':
    case 'resolver':
    case 'hosts':
      return undefined;
  }
}

function hostFault({ isMember }: Drift, { resource, current }: Step): Code {
  if (resource.kind === 'resolver' || resource.kind === 'hosts') return 'ISL-H08';
  if (isMember) return 'ISL-R01';
  if (resource.kind === 'sysctl') return 'ISL-H03';
  if (resource.kind === 'fallback') return 'ISL-H05';
  if (resource.kind === 'nft' && isClampAlone(resource, current)) return 'ISL-M02';
  const isOtherSource =
    resource.kind === 'route' && current?.kind === 'route' && current.source !== resource.source;
  return isOtherSource ? 'ISL-R02' : 'ISL-H08';
}

/** What names a link: its far end, or all of them. */
export function peerOf({ alias }: Link): string {
  return alias.slice(alias.indexOf('/') + 1);
}

/** The chain that clamps is all that differs. */
function isClampAlone(wanted: Resource, current: Resource | undefined): boolean {
  if (wanted.kind !== 'nft' || current?.kind !== 'nft') return false;
  const [after, before] = [comparableParts(wanted), comparableParts(current)];
  const parts = [...new Set([...after.keys(), ...before.keys()])].filter(
    (part) => after.get(part) !== before.get(part),
  );
  return parts.every((part) => part.includes('clamp'));
}
