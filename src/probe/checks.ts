import { endsOf, type HostEntry, type Island } from '../model/island.ts';
import { networkOf, type Place } from '../model/place.ts';
import type { Step } from '../plan/diff.ts';
import { endSetting } from '../plan/end.ts';
import type { NamedFinding } from '../plan/finding.ts';
import type { Observed } from '../plan/observed.ts';
import type { Link, Resource } from '../plan/resource.ts';
import { type Check, checkKey, THIS_HOST } from './check.ts';
import { CODES, type Code } from './codes.ts';
import { configuredCheck } from './configured-check.ts';
import { endChecks } from './end-checks.ts';
import { farEndsOf } from './far-ends.ts';
import { firewallChecks } from './firewall-checks.ts';
import { driftChecks, findingChecks, known, peerOf } from './host-checks.ts';
import { beyondHub, memberChecks } from './member-checks.ts';
import { mtuChecks } from './mtu-checks.ts';
import { nameChecks } from './name-checks.ts';
import { foreignSourceCheck, hostCheck, wayKeys } from './reach-checks.ts';
import { strictlyDropped } from './reverse-path.ts';
import { sourceCheck } from './source-check.ts';
import { workerChecks } from './worker-checks.ts';

/** This host as it was found, and what the island wants of it. */
export interface Sight {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly desired: readonly Resource[];
  readonly steps: readonly Step[];
  readonly findings: readonly NamedFinding[];
  readonly isAbsent: boolean;
  /** `rp_filter` by link. */
  readonly reversePath: ReadonlyMap<string, string>;
  /** What the links need and this host has not. */
  readonly missing: { readonly text: string; readonly fix: string } | undefined;
}

export interface CheckOptions {
  /** Hosts of the file, or configured checks, to which the rest is left out; all of them when empty. */
  readonly targets: readonly string[];
  readonly requiredOnly: boolean;
}

/** Everything there is to check from this host, in the order in which it can break. */
export function checksOf(sight: Sight, { targets, requiredOnly }: CheckOptions): Check[] {
  const { island, place, desired, steps, isAbsent } = sight;
  const links = desired.filter((resource): resource is Link => resource.kind === 'link');
  const here = [
    ...needChecks(sight, links),
    ...findingChecks(sight.findings),
    ...driftChecks({ island, isMember: place.role === 'member', isAbsent, steps, links }),
    ...firewallChecks(sight),
  ];
  const setting = { island, after: here.filter(({ code }) => CUTS_OFF.has(code)).map(checkKey) };
  const far = farEndsOf(sight, links);
  const checks = [
    ...here,
    ...far.flatMap((end) => [...endChecks(setting, end), ...mtuChecks(setting, end)]),
    ...(place.role === 'member' ? memberChecks(setting, place) : beyondHub(setting, place)),
    ...(place.role === 'hub' ? workerChecks(setting, place) : []),
    ...otherHosts(sight).map((host) => hostCheck(setting, host, gatewayOf(sight, host))),
    ...foreignSourceChecks(sight, { ...setting, links }),
    ...sourceChecks(sight, setting),
    ...nameChecks(sight, setting),
    ...island.checks.map((check) => configuredCheck(setting, check)),
  ];
  // Whether a host is reached is another matter than whether it answers for the names of all.
  const isNamed = ({ code, subject }: Check) =>
    targets.includes(subject.name) && CODES[code].layer !== 'names';
  const asked = checks.map((check) => (isNamed(check) ? { ...check, required: true } : check));
  return withCauses(asked, (check) => {
    const isMeant = targets.length === 0 || isNamed(check);
    return check.subject === THIS_HOST || (isMeant && (check.required || !requiredOnly));
  });
}

/** What this host lacks by itself, whatever the island is like. */
function needChecks(sight: Sight, links: readonly Link[]): Check[] {
  const { missing } = sight;
  const [strict] = strictlyDropped(sight, links);
  return [
    known({ code: 'ISL-H01', subject: THIS_HOST }, missing === undefined ? [] : [missing.text], missing?.fix),
    {
      ...known(
        { code: 'ISL-H04', subject: THIS_HOST },
        strict === undefined ? [] : [strict.text],
        `sysctl -w net.ipv4.conf.${strict?.link}.rp_filter=2`,
      ),
      // Whatever leads answers astray does it to those that are checked, too.
      after: [
        ...(['ISL-H02', 'ISL-H06', 'ISL-H08', 'ISL-R01'] as const).map((code) =>
          checkKey({ code, subject: THIS_HOST }),
        ),
        ...links.map((link) => checkKey({ code: 'ISL-L01', subject: { name: peerOf(link) } })),
        ...endsOf(sight.island).map((subject) => checkKey({ code: 'ISL-L03', subject })),
      ],
    },
  ];
}

interface LinkSetting {
  readonly island: Island;
  readonly after: readonly string[];
  readonly links: readonly Link[];
}

/** Whether the hosts on the networks of this gateway are reached from addresses of elsewhere. */
function foreignSourceChecks(sight: Sight, { links, island, after }: LinkSetting): Check[] {
  const { place } = sight;
  if (place.role === 'member') return [];
  return otherHosts(sight)
    .filter((host) => !host.translate && gatewayOf(sight, host) === undefined)
    .map((host) => {
      const reached = checkKey({ code: 'ISL-R04', subject: host });
      const made = links.map((link) => checkKey({ code: 'ISL-L01', subject: { name: peerOf(link) } }));
      return foreignSourceCheck({ island, after: [...after, ...made, reached] }, host, place.end.inner);
    });
}

/** What the ends and the hosts of the file see this host as. */
function sourceChecks(
  { island, place, observed }: Sight,
  setting: { readonly after: readonly string[] },
): Check[] {
  const source = place.role === 'member' ? place.address : endSetting({ island, observed }, place).source;
  const own = new Set(observed.links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const others = [
    ...endsOf(island).map((end) => ({ name: end.name, address: end.inner, after: wayKeys(island, end) })),
    ...island.hosts
      .filter(({ translate }) => !translate)
      .map(({ name, address }) => ({
        name,
        address,
        after: [checkKey({ code: 'ISL-R04', subject: { name } })],
      })),
  ];
  return others
    .filter(({ address }) => !own.has(address))
    .map(({ name, address, after }) =>
      sourceCheck({ name, address }, { island, source, after: [...setting.after, ...after] }),
    );
}

/** The checks that are wanted, and those that could explain what they find. */
function withCauses(checks: readonly Check[], isWanted: (check: Check) => boolean): Check[] {
  const byKey = new Map(checks.map((check) => [checkKey(check), check]));
  const kept = new Set<Check>();
  const keep = (check: Check | undefined) => {
    if (check === undefined || kept.has(check)) return;
    kept.add(check);
    for (const key of check.after) keep(byKey.get(key));
  };
  for (const check of checks.filter(isWanted)) keep(check);
  return checks.filter((check) => kept.has(check));
}

/** Failures of this host that keep its own packets from the island; others only concern what it forwards. */
const CUTS_OFF: ReadonlySet<Code> = new Set<Code>([
  ...(['ISL-H01', 'ISL-H02', 'ISL-H04', 'ISL-H06', 'ISL-H07', 'ISL-H08'] as const),
  ...(['ISL-F01', 'ISL-F03', 'ISL-R01', 'ISL-R02'] as const),
]);

/** The hosts of the file but this one. */
function otherHosts({ island, observed }: Sight): HostEntry[] {
  const own = new Set(observed.links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  return island.hosts.filter(({ address }) => !own.has(address));
}

/** Undefined for a host on a network of this one. */
function gatewayOf({ island, place }: Sight, { address }: HostEntry) {
  const end = networkOf(island, address)?.end;
  const home = place.role === 'member' ? place.gateway : place.end;
  return end === home ? undefined : end;
}
