import type { DnsRecord, Island } from './island.ts';
import type { Issue, Path } from './rules.ts';
import { hostNames, knownHint, knownNames } from './service-rules.ts';
import { namedAddresses } from './zone.ts';

/** RFC 1035 section 2.3.4, as text without the final dot. */
export const LONGEST_NAME = 253;

/** One answer follows so many aliases to other names; from there who asks goes on. */
export const MOST_ALIASES = 7;

/** Further keys of the file that names of the island stand under. */
const NAMED = ['island', 'zone', 'hub', 'peers', 'hosts', 'workers', 'dns'];

/** Records that cannot be in one zone with the others, and targets in the zone that are not there. */
export function recordIssues(island: Island): readonly Issue[] {
  const said = new Set(
    namedAddresses(island).map(({ name, address }) => textOf({ name, type: 'A', value: address })),
  );
  const types = typesOfHosts(island);
  const zone = zoneOf(island);
  return island.dns.records.flatMap((record, index): readonly Issue[] => {
    const path = ['dns', 'records', index];
    const isRepeated = said.has(textOf(record));
    said.add(textOf(record));
    if (isRepeated) return [repeated(record, path)];
    const others = types.get(record.name) ?? new Set();
    types.set(record.name, new Set([...others, record.type]));
    return [...nameIssues(record, { island, others, path }), ...targetIssues(record, zone, path)];
  });
}

function textOf({ name, type, value }: DnsRecord): string {
  return JSON.stringify([name, type, value]);
}

function repeated({ name, type }: DnsRecord, path: Path): Issue {
  const hint = 'remove it: there is another, or the host of that name has it anyhow';
  return { path, message: 'record is there twice', hint, value: `${name} ${type}` };
}

/** What each name has beside the records; the zone itself has its SOA. */
function typesOfHosts(island: Island): Map<string, ReadonlySet<string>> {
  const hosts = hostNames(island).map((name) => [name, new Set(['A'])] as const);
  return new Map([...hosts, ['@', new Set(['SOA'])]]);
}

interface Setting {
  readonly island: Island;
  /** The types of the other records of its name. */
  readonly others: ReadonlySet<string>;
  readonly path: Path;
}

function nameIssues({ name, type }: DnsRecord, { island, others, path }: Setting): readonly Issue[] {
  const at = [...path, 'name'];
  if (name !== '@' && name.length + 1 + island.zone.length > LONGEST_NAME) {
    const message = `name is too long in the zone ${island.zone}`;
    return [
      {
        path: at,
        message,
        hint: `shorten it to ${LONGEST_NAME - 1 - island.zone.length} characters`,
        restsOn: ['zone'],
      },
    ];
  }
  // RFC 1034 section 3.6.2: who is an alias is nothing else.
  if (type === 'CNAME' ? others.size === 0 : !others.has('CNAME')) return [];
  const hint = 'give the CNAME a name that nothing else has';
  return [{ path: at, message: 'a CNAME beside another record of its name', hint }];
}

interface NamesOfZone {
  readonly island: Island;
  readonly known: ReadonlySet<string>;
  /** Where aliases lead, by name. */
  readonly aliases: ReadonlyMap<string, string>;
}

function zoneOf(island: Island): NamesOfZone {
  const aliases = island.dns.records
    .filter(({ type }) => type === 'CNAME')
    .map(({ name, value }) => [name, relative(value, island.zone) ?? ''] as const);
  return { island, known: new Set([...knownNames(island), '@']), aliases: new Map(aliases) };
}

/** The name without its zone; undefined for one that is in no zone of ours. */
function relative(target: string, zone: string): string | undefined {
  if (target === `${zone}.`) return '@';
  return target.endsWith(`.${zone}.`) ? target.slice(0, -zone.length - 2) : undefined;
}

function targetIssues({ name, type, value }: DnsRecord, zone: NamesOfZone, place: Path): readonly Issue[] {
  const target = type === 'CNAME' || type === 'SRV' ? value.split(' ').at(-1) : undefined;
  const inZone = target === undefined ? undefined : relative(target, zone.island.zone);
  if (inZone === undefined) return [];
  const path = [...place, 'value'];
  // A worker may have any name of one label, and come later.
  const isPossible = zone.island.workers !== undefined && !inZone.includes('.');
  if (!zone.known.has(inZone) && !isPossible) {
    const otherwise = `end it with a dot if it is a name elsewhere: "${inZone}."`;
    const hint = knownHint(inZone, zone.known, otherwise);
    return [{ path, message: `nothing in the island is named ${inZone}`, hint, restsOn: NAMED }];
  }
  if (type === 'CNAME') return aliasIssues(name, zone, path);
  if (!zone.aliases.has(inZone)) return [];
  // RFC 2782: the target must not be an alias.
  const hint = 'write the name that the alias leads to';
  return [{ path, message: `service at an alias, ${inZone}`, hint }];
}

function aliasIssues(name: string, { aliases }: NamesOfZone, path: Path): readonly Issue[] {
  let next = aliases.get(name);
  for (let left = aliases.size; left > 0 && next !== undefined; left -= 1) next = aliases.get(next);
  if (next === undefined) return [];
  return [{ path, message: 'alias that leads in a circle', hint: 'write a name that has an address' }];
}
