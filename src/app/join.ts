import { isDeepStrictEqual } from 'node:util';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { effectsOf } from '../plan/effect.ts';
import type { Finding } from '../plan/finding.ts';
import { ownedOf } from '../plan/owned.ts';
import type { Sysctl } from '../plan/resource.ts';
import { recordBefore } from '../plan/sysctl.ts';
import { type ConsentOptions, requireConsent, requireSame } from './consent.ts';
import { type Change, type ConvergeOptions, converge } from './converge.ts';
import { type Pending, pendingPart, readPending } from './pending.ts';
import { type Reached, reachEnds } from './reach.ts';
import { formatRecord, type JoinedRecord, meaningOf } from './record.ts';
import { revertExpired } from './revert.ts';
import { requireRoot } from './root.ts';
import { marksOf, type Scene, type SceneOptions, type Self, sceneOf, sceneRisk } from './scene.ts';
import { selectIsland } from './select.ts';
import { prepareWorkers } from './workers.ts';

export interface Joined {
  readonly scene: Scene;
  readonly reached: readonly Reached[];
  /** It is undone unless it is confirmed. */
  readonly pending: Pending | undefined;
}

export interface JoinOptions extends SceneOptions, ConvergeOptions, ConsentOptions {
  /** Undo it all unless it is confirmed in this time. */
  readonly confirmWithinMs?: number | undefined;
}

/** Peers that join asks for an answer: as many as it can ask at once, so that those that are not up cost it one wait. */
const MOST_ASKED = 256;

/** Makes this host what the file says of it; on a host that already is, it does nothing. */
export async function join(host: Host, options: JoinOptions): Promise<Joined> {
  requireRoot(host, 'join');
  const island = await selectIsland(host, options);
  return joinAs(host, { island, self: { name: options.name } }, options);
}

/** What a host joins as. */
export interface Candidate {
  readonly island: Island;
  readonly self: Self;
  /** What is kept of it beside the name. */
  readonly records?: Change['records'];
  /** Throws when the link does not carry anything; then all is undone. */
  readonly prove?: Change['prove'];
  /** Whether somebody else looks again after what was done. */
  readonly isWatched?: boolean;
  /** Asks elsewhere for what is missing to it. Comes under the lock, when nothing on this host stands in the way. */
  readonly complete?: () => Promise<Candidate>;
  /** Gives that back, when the join has failed. */
  readonly giveUp?: () => Promise<void>;
}

export async function joinAs(host: Host, candidate: Candidate, options: JoinOptions): Promise<Joined> {
  const { island } = candidate;
  const { confirmWithinMs, say } = options;
  const look = async (self = candidate.self) => {
    const scene = await sceneOf(host, island, self);
    refuseFindings(scene.findings);
    return { scene, risk: sceneRisk(host, scene) };
  };
  const { risk: agreed } = host.session() === undefined ? { risk: undefined } : await look();
  await requireConsent(agreed, { ...options, verb: 'join', isUndone: confirmWithinMs !== undefined });

  return host.exclusively(island.name, async () => {
    if (await revertExpired(host, island.name, options)) say?.(LATE);
    const first = await look();
    requireSame(agreed, first.risk);
    host.require(effectsOf(first.scene.steps));
    const whole = (await candidate.complete?.()) ?? candidate;
    try {
      const isNew = whole !== candidate || (await prepareWorkers(host, first.scene));
      const { scene, risk } = isNew ? await look(whole.self) : first;
      requireSame(agreed, risk);
      const pending = await pendingPart(host, scene, confirmWithinMs);
      await bring(host, scene, { ...options, candidate: whole, pending });
      const reached = await reachEnds(host, scene, MOST_ASKED);
      return { scene, reached, pending: await readPending(host, island.name) };
    } catch (cause) {
      await whole.giveUp?.();
      throw cause;
    }
  });
}

const LATE = 'the last join was not confirmed in time, and nobody had undone it: that was done first';

export interface BringOptions extends ConvergeOptions {
  readonly candidate: Candidate;
  readonly pending?: Pick<Change, 'records' | 'ready'>;
}

/** Does what a scene still lacks, and proves it. The caller holds the lock of the island. */
export async function bring(host: Host, scene: Scene, options: BringOptions): Promise<void> {
  const { candidate, pending = { records: [] } } = options;
  const store = host.store(scene.island.name);
  await converge({ host, store }, changeTo(host, scene, { candidate, pending }), options);
}

/** Throws E_CONFIG for what must not be brought about. */
export function refuseFindings(findings: readonly Finding[]): void {
  const [first, ...more] = findings.filter(({ weight }) => weight === 'refuse');
  if (first === undefined) return;
  const others = more.map(({ text }) => `; ${text}`).join('');
  throw new IslandError('E_CONFIG', `${first.text}${others}; nothing was changed`, { hint: first.hint });
}

interface Intent {
  readonly candidate: Candidate;
  readonly pending: Pick<Change, 'records' | 'ready'>;
}

function changeTo(host: Host, scene: Scene, { candidate, pending }: Intent): Change {
  const { island, place, owned, steps, joined } = scene;
  const marks = marksOf(island, joined);
  const { self, records = [], prove, isWatched = false } = candidate;
  const workers = place.role === 'hub' ? place.workers : undefined;
  const again = () => sceneOf(host, island, { ...self, name: self.name ?? nameInFile(place), workers });
  return {
    steps,
    before: owned,
    observe: async () => ownedOf((await again()).observed, marks),
    leftover: async () => (isWatched ? [] : (await again()).steps),
    ...pending,
    records: [...pending.records, ...records, ...joinedRecord(scene), ...sysctlRecord(scene)],
    prove,
  };
}

/** Undefined for a member that the file does not name: it is known by its address alone. */
function nameInFile(place: Place): string | undefined {
  return place.role === 'member' ? place.host?.name : place.name;
}

function joinedRecord({ place, island, joined }: Scene): Change['records'] {
  const record: JoinedRecord = { name: place.name, port: island.port, meaning: meaningOf(island) };
  return isDeepStrictEqual(joined, record) ? [] : [{ file: 'joined', text: formatRecord(record) }];
}

/** Only of links that are not ours: those take their sysctls with them. */
function sysctlRecord({ steps, observed, record }: Scene): Change['records'] {
  const present = steps
    .filter(({ current }) => current !== undefined)
    .map(({ resource }) => resource)
    .filter(
      (resource): resource is Sysctl => resource.kind === 'sysctl' && !resource.link.startsWith('isl-'),
    );
  const wasUp = steps.some(({ current }) => current?.kind === 'fallback' && current.up);
  if (present.length === 0 && !wasUp) return [];
  const earlier = { ...recordBefore({ observed, record }, present), ...(wasUp && { fallbackWasUp: true }) };
  return [{ file: 'sysctls', text: formatRecord(earlier) }];
}
