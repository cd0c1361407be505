import { isDeepStrictEqual } from 'node:util';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { blockIn, HOSTS_FILE, hostsLine, islandsWritten, writtenFor } from '../model/hosts-file.ts';
import type { Island } from '../model/island.ts';
import { placeOf } from '../model/place.ts';
import type { NamedAddress } from '../model/zone.ts';
import { brokenBlock, mendHint, namesHere } from '../plan/names.ts';
import type { HostsFile } from '../plan/observed.ts';
import { leaseOf, readJoined, readLease } from './record.ts';
import { requireIslandName, type Selection, selectIsland } from './select.ts';
import { withWorkers } from './workers.ts';

/** The names of an island, as far as this host knows of them. */
export interface ListedNames {
  readonly island: string;
  readonly zone: string;
  readonly names: readonly NamedAddress[];
  /** Why some may be missing. */
  readonly note: string | undefined;
}

/** Lines that come into /etc/hosts, and go. */
export interface HostsChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface ChangedHosts extends HostsChange {
  readonly island: string;
  /** `same`: there was nothing to do. `joined`: the lines are there already, as a part of what `island join` keeps. */
  readonly state: 'written' | 'removed' | 'same' | 'joined';
}

export interface ChangeOptions extends Selection {
  /** Told before the file is changed. */
  readonly onChange?: ((change: HostsChange) => void) | undefined;
}

/** The names and addresses of the island, which need not know this host. Reads its own files, and nothing else. */
export async function listNames(host: Host, selection: Selection): Promise<ListedNames> {
  const island = await selectIsland(host, selection);
  const store = host.store(island.name);
  const [joined, lease] = await Promise.all([readJoined(store), host.isRoot ? readLease(store) : undefined]);
  const place = placeOf(island, {
    ...{ joined: joined?.name, lease: lease && leaseOf(lease) },
    ...{ hostname: host.hostname, addresses: [] },
  });
  const known = place.role === 'none' ? place : await withWorkers(host, island, place);
  return {
    ...{ island: island.name, zone: island.zone, names: namesHere(island, known) },
    note: whyWithout(island, { isHub: place.role === 'hub', isRoot: host.isRoot }),
  };
}

/** Why names of workers may be missing; undefined where none are. */
export function whyWithout(island: Island, { isHub, isRoot }: { isHub: boolean; isRoot: boolean }) {
  if (island.workers === undefined || (isHub && isRoot)) return undefined;
  return isHub ? 'without the workers, which only root may see' : 'without the workers, which the hub knows';
}

/** Puts the names into /etc/hosts, as lines that stay there until `removeNames`, whatever joins or leaves. */
export async function writeNames(host: Host, options: ChangeOptions): Promise<ChangedHosts> {
  const { island, zone, names } = await listNames(host, options);
  const file = host.hostsFile();
  if (blockIn(file?.text ?? '', island) !== undefined)
    return { island, state: 'joined', added: [], removed: [] };
  const lines = names.map((each) => hostsLine(each, zone));
  const changed = await bring(host, { ...options, island, lines });
  return changed === undefined ? same(island) : { ...changed, island, state: 'written' };
}

/** Takes them out again; needs no file of the island. */
export async function removeNames(host: Host, options: ChangeOptions): Promise<ChangedHosts | undefined> {
  const island = await islandWritten(host, options);
  if (island === undefined) return undefined;
  const changed = await bring(host, { ...options, island, lines: undefined });
  return changed === undefined ? same(island) : { ...changed, island, state: 'removed' };
}

/** The island of `-i` or `-c`, or the only one of which there are lines. */
async function islandWritten(host: Host, selection: Selection): Promise<string | undefined> {
  if (selection.config !== undefined) return (await selectIsland(host, selection)).name;
  if (selection.island !== undefined) return requireIslandName(selection.island);
  const [only, ...more] = islandsWritten(host.hostsFile()?.text ?? '');
  if (more.length === 0) return only;
  throw new IslandError(
    'E_USAGE',
    `${HOSTS_FILE} has names of several islands: ${[only, ...more].join(', ')}`,
    {
      hint: `say which with -i, such as "-i ${only}"`,
    },
  );
}

function same(island: string): ChangedHosts {
  return { island, state: 'same', added: [], removed: [] };
}

interface Wanted {
  readonly island: string;
  /** None are to be there when it is undefined. */
  readonly lines: readonly string[] | undefined;
  readonly onChange?: ChangeOptions['onChange'];
}

/** What was changed; undefined when the lines were as wanted. */
async function bring(host: Host, wanted: Wanted): Promise<HostsChange | undefined> {
  const { island, lines, onChange } = wanted;
  if (changeOf(host.hostsFile(), wanted) === undefined) return undefined;
  requireWriter(host, lines === undefined ? '--remove' : '--write');
  return await host.exclusively(island, async () => {
    const file = host.hostsFile();
    const change = changeOf(file, wanted);
    if (change === undefined) return undefined;
    onChange?.(change);
    const owner = writtenFor(island);
    const instead = blockIn(file?.text ?? '', owner) === undefined ? 'add' : 'change';
    const action = lines === undefined ? 'remove' : instead;
    await host.perform({
      tool: 'hosts',
      action,
      block: { kind: 'hosts', island: owner, lines: lines ?? [] },
    });
    return change;
  });
}

function requireWriter(host: Host, option: '--write' | '--remove'): void {
  if (host.isRoot) return;
  throw new IslandError('E_PERMISSION', `island hosts ${option} changes ${HOSTS_FILE}, which only root may`, {
    hint: `sudo island hosts ${option}`,
  });
}

/** Undefined when the lines are as wanted. Throws E_CONFIG where nobody can tell which they are, and E_HOST_UNSUPPORTED where somebody else makes the file. */
function changeOf(file: HostsFile | undefined, { island, lines }: Wanted): HostsChange | undefined {
  const owner = writtenFor(island);
  const broken = file && brokenBlock({ hostsFile: { text: file.text } }, owner);
  if (broken !== undefined) throw new IslandError('E_CONFIG', broken, { hint: mendHint(owner) });
  const before = blockIn(file?.text ?? '', owner);
  if (isDeepStrictEqual(before, lines)) return undefined;
  if (file?.fixed !== undefined) {
    throw new IslandError(
      'E_HOST_UNSUPPORTED',
      `${HOSTS_FILE} is ${file.fixed}, which island does not replace`,
      { hint: 'put what "island hosts" prints where that file is made' },
    );
  }
  const [old, now] = [new Set(before), new Set(lines)];
  return {
    added: [...now].filter((line) => !old.has(line)),
    removed: [...old].filter((line) => !now.has(line)),
  };
}
