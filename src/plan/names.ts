import { blockFault, blockIn, HOSTS_FILE, hostsLine, otherEntries, writtenFor } from '../model/hosts-file.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { NoPlace, Place } from '../model/place.ts';
import { type NamedAddress, namedAddresses, reverseApexes } from '../model/zone.ts';
import type { Finding, Site } from './finding.ts';
import type { HostsBlock, Resolver } from './name-resource.ts';
import type { Observed } from './observed.ts';
import type { Marks } from './owned.ts';
import type { Resource } from './resource.ts';

interface NameSetting {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
}

/**
 * By what the programs of this host find the names of the island: systemd-resolved where it runs and there is a link
 * to tell it of, else the lines of /etc/hosts where the file asks for them. A member has no link.
 */
export function nameResources(
  { island, place, observed }: NameSetting,
  resources: readonly Resource[],
): (Resolver | HostsBlock)[] {
  const { client } = island.dns;
  if (client === 'off') return [];
  // A hub has many, and needs one: its own address is reached by any.
  const link = resources.find(({ kind }) => kind === 'link');
  if (link?.kind === 'link' && typeof observed.resolved === 'object' && !isManaged(observed, link.name)) {
    return [resolverOf(island, link.name)];
  }
  if (client !== 'hosts') return [];
  const lines = namesHere(island, place).map((each) => hostsLine(each, island.zone));
  return [{ kind: 'hosts', island: island.name, lines }];
}

function isManaged({ managed = [] }: Observed, link: string): boolean {
  return managed.includes(link);
}

/** Of one link; systemd-resolved takes none of them when there are more (252: E2BIG). */
const MOST_DOMAINS = 256;

function resolverOf(island: Island, link: string): Resolver {
  const domains = routedDomains(island);
  return { kind: 'resolver', link, servers: [island.hub.inner], domains, defaultRoute: false };
}

/** The responder is asked what it has an answer to, and nothing else: somebody's real name of an address is not hidden. */
export function routedDomains(island: Island): readonly string[] {
  return [island.zone, ...reverseApexes(island)].slice(0, MOST_DOMAINS).map((apex) => `~${apex}`);
}

/** What this host can know: only a hub knows of all workers, and a worker of itself. */
export function namesHere(island: Island, place: Place | NoPlace): readonly NamedAddress[] {
  switch (place.role) {
    case 'hub':
      return namedAddresses(island, place.workers?.workers);
    case 'worker':
      return namedAddresses(island, [place.lease.worker]);
    case 'peer':
    case 'member':
    case 'none':
      return namedAddresses(island);
  }
}

/** What systemd-resolved and /etc/hosts have of this island; `links` are the names of its links. */
export function ownNames(observed: Observed, { island }: Marks, links: ReadonlySet<string>): Resource[] {
  const { resolved, hostsFile } = observed;
  const lines = ownBlock(hostsFile, island);
  return [
    ...(typeof resolved === 'object'
      ? resolved.filter(({ link }) => links.has(link) && !isManaged(observed, link))
      : []),
    ...(lines === undefined ? [] : [{ kind: 'hosts', island, lines } as const]),
  ];
}

/** What keeps programs from finding the names that the island gives. */
export function unheardNames(site: Site): Finding[] {
  const { island, place, observed, desired } = site;
  const isBlockWanted = desired.some(({ kind }) => kind === 'hosts');
  const isHeard = observed.resolved !== 'silent' || island.dns.client === 'off' || place.role === 'member';
  return [
    ...(isHeard ? [] : [SILENT]),
    ...takenLinks(site),
    ...brokenMarkers(site, isBlockWanted),
    ...staleNames(site),
    ...(isBlockWanted ? [...fixedFile(site), ...otherAddresses(site)] : []),
  ];
}

/** systemd-resolved then listens to systemd-networkd alone. */
function takenLinks({ island, observed, desired }: Site): Finding[] {
  if (island.dns.client === 'off' || typeof observed.resolved !== 'object') return [];
  const taken = desired.find((each) => each.kind === 'link' && isManaged(observed, each.name));
  if (taken?.kind !== 'link') return [];
  return [
    {
      weight: 'note',
      text: `systemd-networkd has taken ${taken.name}, so that systemd-resolved is not told of the names of ${island.name}`,
      hint: `printf '[Match]\\nName=isl*\\n[Link]\\nUnmanaged=yes\\n' >/etc/systemd/network/05-island.network, then "networkctl reload", then "island leave" and "island join"`,
    },
  ];
}

const SILENT: Finding = {
  weight: 'note',
  text: 'systemd-resolved does not answer, and counts as not there',
  hint: 'systemctl restart systemd-resolved',
};

/** As in `/etc/hosts:12: a second "# island:r2lab begin"`; undefined where the lines of the island are whole, or not there. */
export function brokenBlock({ hostsFile }: Pick<Observed, 'hostsFile'>, island: string): string | undefined {
  if (hostsFile === undefined) return undefined;
  const { text, fixed } = hostsFile;
  const fault = blockFault(text, island);
  if (fault !== undefined) return `${HOSTS_FILE}:${fault.line}: ${fault.message}`;
  const isStuck = fixed !== undefined && blockIn(text, island) !== undefined;
  return isStuck ? `${HOSTS_FILE} is ${fixed}, and has lines of ${island}` : undefined;
}

/** Whether the island has lines in /etc/hosts that are its own to remove. */
export function hasBlock({ hostsFile }: Observed, island: string): boolean {
  return ownBlock(hostsFile, island) !== undefined;
}

function ownBlock(file: Observed['hostsFile'], island: string): readonly string[] | undefined {
  // Of a file that is not to be replaced nothing is ours.
  return file === undefined || file.fixed !== undefined ? undefined : blockIn(file.text, island);
}

/** What to do about that. */
export function mendHint(island: string): string {
  return `remove the lines of island:${island} from ${HOSTS_FILE}, both markers included, and run it again`;
}

function brokenMarkers({ island: { name }, observed }: Site, isWanted: boolean): Finding[] {
  const text = brokenBlock(observed, name);
  return text === undefined ? [] : [{ weight: isWanted ? 'refuse' : 'drift', text, hint: mendHint(name) }];
}

/** What `island hosts --write` put there is the operator's: it is said, and not changed. */
function staleNames({ island, place, observed }: Site): Finding[] {
  const block = blockIn(observed.hostsFile?.text ?? '', writtenFor(island.name));
  if (block === undefined) return [];
  const lines = namesHere(island, place).map((each) => hostsLine(each, island.zone));
  const isOld = (line: string) => !lines.includes(line);
  // The workers on a hub come and go, and only root sees them.
  const isStale = !lines.every((line) => block.includes(line)) || (place.role !== 'hub' && block.some(isOld));
  if (!isStale) return [];
  return [
    {
      weight: 'note',
      text: `the names of ${island.name} that "island hosts --write" put into ${HOSTS_FILE} are not those of the file`,
      hint: 'island hosts --write',
    },
  ];
}

function fixedFile({ observed: { hostsFile } }: Site): Finding[] {
  if (hostsFile?.fixed === undefined) return [];
  return [
    {
      weight: 'refuse',
      text: `${HOSTS_FILE} is ${hostsFile.fixed}, which island does not replace`,
      hint: 'write "dns: { client: auto }" in the file, and the names where that file is made',
    },
  ];
}

/** Names that somebody gave another address: that stays, and it is said, once for each line. */
function otherAddresses(site: Site): Finding[] {
  const byLine = new Map(
    contradictionsIn(site)
      .toReversed()
      .map((each) => [each.line, each]),
  );
  return [...byLine.values()].toReversed().map(({ line, name, address, meant }) => ({
    weight: 'note',
    text: `${HOSTS_FILE}:${line}: ${name} is ${address} there, and ${meant} in the island`,
    hint: 'remove the name from that line: programs may get either',
  }));
}

/** A name of the island that has another address in /etc/hosts. */
export interface Contradiction {
  readonly line: number;
  /** As it stands there, with or without the zone. */
  readonly name: string;
  readonly address: string;
  readonly meant: Ipv4;
  /** Whether `island hosts --write` put it there. */
  readonly isWritten: boolean;
}

/** In the order of the lines; the island's own block is none. */
export function contradictionsIn({ island, place, observed }: NameSetting): Contradiction[] {
  const { text = '' } = observed.hostsFile ?? {};
  const wanted = new Map(
    namesHere(island, place).flatMap(({ name, address }) => [
      [name, address] as const,
      [`${name}.${island.zone}`, address],
    ]),
  );
  const isOwn = (name: string, address: string) =>
    /^127\.|^::1$/.test(address) && [place.name, `${place.name}.${island.zone}`].includes(name);
  const written = new Set(blockIn(text, writtenFor(island.name)));
  const lines = text.split('\n');
  return otherEntries(text, island.name).flatMap(({ line, address, names }) =>
    names.flatMap((name): Contradiction[] => {
      const meant = wanted.get(name.toLowerCase());
      const isOtherFamily = address.includes(':');
      if (meant === undefined || meant === address || isOtherFamily || isOwn(name, address)) return [];
      return [{ line, name, address, meant, isWritten: written.has(lines[line - 1] ?? '') }];
    }),
  );
}
