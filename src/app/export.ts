import { createHash } from 'node:crypto';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { desiredOf } from '../plan/desired.ts';
import { diff, type Step } from '../plan/diff.ts';
import { describe } from '../plan/explain.ts';
import type { NamedFinding } from '../plan/finding.ts';
import { isScripted } from '../plan/scripted.ts';
import { NO_RECORD } from '../plan/sysctl.ts';
import { refuseFindings } from './join.ts';
import { lookAt, type SceneOptions } from './scene.ts';
import { chooseFile } from './select.ts';

/** What a script is made from: the steps of a first join, whatever the host has of the island by now. */
export interface Exported {
  readonly island: Island;
  readonly place: Place;
  readonly source: Source;
  readonly steps: readonly Step[];
  /** Sentences for the operator: what is left out, and why. */
  readonly notes: readonly string[];
  readonly findings: readonly NamedFinding[];
}

/** The file that describes the island. */
export interface Source {
  readonly path: string;
  /** As sha256sum prints it. */
  readonly sha256: string;
}

/** What a script needs to know to do without island. Changes nothing. */
export async function exportScript(host: Host, options: SceneOptions): Promise<Exported> {
  const [{ file }, scene] = await Promise.all([chooseFile(host, options), lookAt(host, options)]);
  const { island, observed, findings } = scene;
  refuseFindings(findings);
  const place = withoutWorkers(scene.place);
  const { resources, notes } = desiredOf({ island, place, observed, record: NO_RECORD });
  return {
    ...{ island, place, findings },
    source: { path: file.path, sha256: createHash('sha256').update(file.text).digest('hex') },
    steps: diff([], resources.filter(isScripted)),
    notes: [
      ...notes,
      ...leftOut(scene.place, observed.nft === 'unreadable'),
      ...resources.filter((each) => !isScripted(each)).map((each) => `${describe(each)}: left to island`),
    ],
  };
}

/** Throws E_USAGE on a worker: what leads to it is leased, and known to nobody else. */
function withoutWorkers(place: Place): Place {
  if (place.role === 'hub') return { ...place, workers: undefined };
  if (place.role !== 'worker') return place;
  throw new IslandError(
    'E_USAGE',
    `${place.name} is a worker: its link holds secrets that a script would show`,
    {
      hint: 'use "island join" on it, which needs no daemon either',
    },
  );
}

function leftOut(place: Place, isBlind: boolean): string[] {
  const hasWorkers = place.role === 'hub' && place.workers !== undefined;
  return [
    ...(hasWorkers
      ? ['the workers of the file are left out: where they are, only "island serve" learns']
      : []),
    ...(isBlind && place.role !== 'member'
      ? ['made by who is not root, and so without the rules that firewalls of others may need']
      : []),
  ];
}
