import { isIpv4 } from './ip.ts';
import { type Check, endsOf, type Island } from './island.ts';
import { nearest, tunnelName } from './names.ts';
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
      hint: knownHint(target, known, 'write the name of a host in this file, or an address'),
      restsOn: ['island', 'zone', 'hub', 'peers', 'hosts', 'dns'],
    };
    return [...(isRepeated ? [repeated] : []), ...(isIpv4(target) || known.has(target) ? [] : [unknown])];
  });
}

/** The name that was probably meant, or what to write else. */
export function knownHint(target: string, known: ReadonlySet<string>, otherwise: string): string {
  const meant = nearest(target, known);
  return meant === undefined ? otherwise : `did you mean "${meant}"?`;
}

/** What a check is aimed at, without its port and without the island's zone. */
export function hostIn({ target }: Check, zone: string): string {
  const [host = ''] = target.split(':');
  return host.endsWith(`.${zone}`) ? host.slice(0, -zone.length - 1) : host;
}

/** The names of hosts and records, without the zone. */
export function knownNames(island: Island): ReadonlySet<string> {
  return new Set([...hostNames(island), ...island.dns.records.map(({ name }) => name)]);
}

export function hostNames(island: Island): readonly string[] {
  return [
    ...endsOf(island).flatMap(({ name }) => [name, tunnelName(name)]),
    ...island.hosts.map(({ name }) => name),
  ];
}
