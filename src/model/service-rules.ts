import { isIpv4 } from './ip.ts';
import { type Check, endsOf, type Island } from './island.ts';
import { nearest } from './names.ts';
import type { Issue } from './rules.ts';

/** Checks of one name, and checks of what the island does not know. */
export function checkIssues(island: Island): readonly Issue[] {
  const known = knownNames(island);
  const seen = new Set<string>();
  return island.checks.flatMap((check, index): readonly Issue[] => {
    const isRepeated = seen.has(check.name);
    seen.add(check.name);
    const repeated: Issue = {
      path: ['checks', index, 'name'],
      message: 'name is already that of another check',
      hint: 'give each check a name of its own',
    };
    const target = hostIn(check, island.zone);
    const unknown: Issue = {
      path: ['checks', index, check.kind],
      message: `no host of the island is named ${target}`,
      hint: knownHint(target, known),
      restsOn: ['island', 'zone', 'hub', 'peers', 'hosts', 'dns'],
    };
    return [...(isRepeated ? [repeated] : []), ...(isIpv4(target) || known.has(target) ? [] : [unknown])];
  });
}

/** Records that say something twice, and aliases beside other data: RFC 1034 section 3.6.2 has a CNAME stand alone. */
export function recordIssues(island: Island): readonly Issue[] {
  const hosts = new Set(hostNames(island));
  const seen = new Set<string>();
  const types = new Map<string, Set<string>>([['@', new Set(['SOA'])]]);
  return island.dns.records.flatMap(({ name, type, value }, index): readonly Issue[] => {
    const path = ['dns', 'records', index];
    const record = JSON.stringify([name, type, value]);
    const isRepeated = seen.has(record);
    seen.add(record);
    if (isRepeated) {
      return [
        { path, message: 'record is there twice', hint: 'remove one of the two', value: `${name} ${type}` },
      ];
    }
    const others = types.get(name) ?? new Set(hosts.has(name) ? ['A'] : []);
    const clashes = type === 'CNAME' ? others.size > 0 : others.has('CNAME');
    types.set(name, new Set([...others, type]));
    if (!clashes) return [];
    const hint = 'give the CNAME a name that nothing else has';
    return [{ path: [...path, 'name'], message: 'a CNAME beside another record of its name', hint }];
  });
}

function knownHint(target: string, known: ReadonlySet<string>): string {
  const meant = nearest(target, known);
  return meant === undefined
    ? 'write the name of a host in this file, or an address'
    : `did you mean "${meant}"?`;
}

/** What a check is aimed at, without its port and without the island's zone. */
export function hostIn({ target }: Check, zone: string): string {
  const [host = ''] = target.split(':');
  return host.endsWith(`.${zone}`) ? host.slice(0, -zone.length - 1) : host;
}

function knownNames(island: Island): ReadonlySet<string> {
  return new Set([...hostNames(island), ...island.dns.records.map(({ name }) => name)]);
}

function hostNames(island: Island): readonly string[] {
  return [
    ...endsOf(island).flatMap(({ name }) => [name, `${name}-tunnel`]),
    ...island.hosts.map(({ name }) => name),
  ];
}
