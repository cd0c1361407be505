import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { nftTableOf } from '../model/addressing.ts';
import type { Island } from '../model/island.ts';
import { isIslandName } from '../model/names.ts';
import { type NoPlace, type Place, placeOf } from '../model/place.ts';
import type { HubWorkers, Lease } from '../model/worker.ts';
import { desiredOf } from '../plan/desired.ts';
import { diff, type Step } from '../plan/diff.ts';
import type { NamedFinding } from '../plan/finding.ts';
import { findingsOf } from '../plan/inspect.ts';
import { type Observed, ownAddresses } from '../plan/observed.ts';
import { type Marks, ownedOf } from '../plan/owned.ts';
import type { Resource } from '../plan/resource.ts';
import type { SysctlRecord } from '../plan/sysctl.ts';
import { riskOf } from './consent.ts';
import { type JoinedRecord, leaseOf, readJoined, readLease, readSysctls } from './record.ts';
import { chooseFile, loadChosen, nameOfFile, type Selection } from './select.ts';
import { withWorkers } from './workers.ts';

export interface SceneOptions extends Selection {
  /** Who this host is, when the operator says so. */
  readonly name?: string | undefined;
}

/** One look at this host: what the island wants of it, what it has, and what lies between. */
export interface Scene {
  readonly island: Island;
  readonly place: Place;
  readonly observed: Observed;
  readonly owned: readonly Resource[];
  readonly desired: readonly Resource[];
  readonly notes: readonly string[];
  readonly findings: readonly NamedFinding[];
  readonly steps: readonly Step[];
  readonly joined: JoinedRecord | undefined;
  readonly record: SysctlRecord;
}

/** For commands that only read. The kernel is read while the file is parsed: the two take about as long. */
export async function lookAt(host: Host, options: SceneOptions): Promise<Scene> {
  return sceneFrom(host, { ...(await loadAndObserve(host, options)), name: options.name });
}

interface Loaded {
  readonly island: Island;
  readonly observed: Observed;
}

/** Loads the island and reads the kernel at once, going by the file's name as that of the island. */
export async function loadAndObserve(host: Host, selection: Selection): Promise<Loaded> {
  const chosen = await chooseFile(host, selection);
  const guess = nameOfFile(chosen.file);
  const [early, island] = await Promise.all([
    // nft reads its arguments as a script: "x; flush ruleset.yaml" must not become one.
    isIslandName(guess) ? host.observe(nftTableOf(guess)) : undefined,
    loadChosen(chosen, selection),
  ]);
  const observed = island.name === guess ? early : undefined;
  return { island, observed: observed ?? (await host.observe(nftTableOf(island.name))) };
}

/** The same for an island that is already loaded. Reads the host, changes nothing. */
export async function sceneOf(host: Host, island: Island, self: Self = {}): Promise<Scene> {
  return sceneFrom(host, { island, observed: await host.observe(nftTableOf(island.name)), ...self });
}

/** Who this host is, where its store does not say so (yet). */
export interface Self {
  readonly name?: string | undefined;
  readonly lease?: Lease | undefined;
  /** What a hub has leased, where that is not to be read anew: somebody else may join meanwhile. */
  readonly workers?: HubWorkers | undefined;
}

type Look = Loaded & Self;

async function sceneFrom(host: Host, { island, observed, name, lease, workers }: Look): Promise<Scene> {
  const store = host.store(island.name);
  const [joined, record, kept] = await Promise.all([readJoined(store), readSysctls(store), readLease(store)]);
  const given = lease ?? (kept && leaseOf(kept));
  const located = locate(host, { island, observed, name, joined: joined?.name, lease: given });
  const bare = requirePlace(located, { island, observed, name, joined });
  const isGiven = bare.role === 'hub' && workers !== undefined;
  const place = isGiven ? { ...bare, workers } : await withWorkers(host, island, bare);
  const marks = marksOf(island, joined);
  const { resources: desired, notes } = desiredOf({ island, place, observed, record });
  const owned = ownedOf(observed, marks);
  return {
    ...{ island, place, observed, owned, desired, joined, record },
    notes: observed.nft === 'unreadable' ? [...notes, UNREAD] : notes,
    findings: findingsOf({ island, place, observed, marks, desired }),
    steps: diff(owned, desired),
  };
}

/** What differs from the file, as far as the caller may see it. */
export function driftOf({ steps, observed }: Scene): readonly Step[] {
  return steps.filter(({ resource }) => resource.kind !== 'nft' || observed.nft !== 'unreadable');
}

/** Nothing of the island is here. */
export function isAbsent(scene: Scene): boolean {
  const steps = driftOf(scene);
  const isFirst = steps.every(({ action, resource }) => action === 'add' || resource.kind === 'sysctl');
  return scene.joined === undefined && steps.length > 0 && isFirst;
}

const UNREAD = 'only root can read nftables; the table is shown as if it were missing';

interface Sighting {
  readonly island: Island;
  readonly observed: Observed;
  readonly name: string | undefined;
  readonly joined: string | undefined;
  readonly lease?: Lease | undefined;
}

export function locate(host: Host, { island, observed, name, joined, lease }: Sighting): Place | NoPlace {
  return placeOf(island, { name, joined, lease, hostname: host.hostname, addresses: ownAddresses(observed) });
}

/** What is ours carries the file's port, or the one with which this host joined before the file changed. */
export function marksOf(island: Island, joined: JoinedRecord | undefined): Marks {
  return { island: island.name, ports: [...new Set([island.port, joined?.port ?? island.port])] };
}

/** What joining does to the SSH session in which the command was given; undefined when nothing. */
export function sceneRisk(host: Host, scene: Scene): string | undefined {
  return riskOf(host, { ...scene, marks: marksOf(scene.island, scene.joined) });
}

interface Placing extends Loaded, Self {
  readonly joined: JoinedRecord | undefined;
}

/** A host that goes by its address has no place before it has one. */
function requirePlace(place: Place | NoPlace, { island, observed, name, joined }: Placing): Place {
  if (place.role !== 'none') return place;
  const mayCome = name === undefined && (joined !== undefined || ownAddresses(observed).length === 0);
  throw new IslandError(
    mayCome ? 'E_RETRY' : 'E_CONFIG',
    `this host has no place in ${island.name}: ${place.reason}`,
    {
      hint: 'say who it is with --name, or add it to the file on every host',
    },
  );
}
