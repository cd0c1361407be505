import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Finding } from '../plan/finding.ts';
import { ownedOf } from '../plan/owned.ts';
import type { Sysctl } from '../plan/resource.ts';
import { recordBefore } from '../plan/sysctl.ts';
import { type Change, type ConvergeOptions, converge } from './converge.ts';
import { type Reached, reachEnds } from './reach.ts';
import { formatRecord } from './record.ts';
import { requireRoot } from './root.ts';
import { marksOf, type Scene, type SceneOptions, sceneOf } from './scene.ts';
import { selectIsland } from './select.ts';

export interface Joined {
  readonly scene: Scene;
  readonly reached: readonly Reached[];
}

/** Peers that join asks for an answer: as many as it can ask at once, so that those that are not up cost it one wait. */
const MOST_ASKED = 256;

/** Makes this host what the file says of it; on a host that already is, it does nothing. */
export async function join(host: Host, options: SceneOptions & ConvergeOptions): Promise<Joined> {
  requireRoot(host, 'join');
  const island = await selectIsland(host, options);
  return host.exclusively(island.name, async () => {
    const scene = await sceneOf(host, island, options.name);
    refuseFindings(scene.findings);
    await converge({ host, store: host.store(island.name) }, changeTo(host, scene, options.name), options);
    return { scene, reached: await reachEnds(host, scene, MOST_ASKED) };
  });
}

function refuseFindings(findings: readonly Finding[]): void {
  const [first, ...more] = findings.filter(({ weight }) => weight === 'refuse');
  if (first === undefined) return;
  const others = more.map(({ text }) => `; ${text}`).join('');
  throw new IslandError('E_CONFIG', `${first.text}${others}; nothing was changed`, { hint: first.hint });
}

function changeTo(host: Host, scene: Scene, name: string | undefined): Change {
  const { island, place, owned, steps, joined } = scene;
  const marks = marksOf(island, joined);
  const again = () => sceneOf(host, island, name ?? place.name);
  return {
    steps,
    before: owned,
    observe: async () => ownedOf((await again()).observed, marks),
    leftover: async () => (await again()).steps,
    records: [...joinedRecord(scene), ...sysctlRecord(scene)],
  };
}

function joinedRecord({ place, island, joined }: Scene): Change['records'] {
  if (joined?.name === place.name && joined.port === island.port) return [];
  return [{ file: 'joined', text: formatRecord({ name: place.name, port: island.port }) }];
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
