import type { Joined } from '../../app/join.ts';
import { roleOf } from '../../model/place.ts';
import { placeSentence } from './place.ts';

/** The one line that join prints. */
export function renderJoin({ scene, reached }: Joined, ms: number): string {
  const { island, place, steps, notes, desired } = scene;
  const links = desired.filter(({ kind }) => kind === 'link').length;
  const parts = [
    ...(links === 0 ? [] : [`${links} link${links === 1 ? '' : 's'}`]),
    ...namesWhere(reached, 'reached', (answered) => answered),
    ...namesWhere(reached, 'not reached yet', (answered) => !answered),
    ...(steps.length > 0 ? [] : idleWords(notes)),
  ];
  return `${placeSentence(island, place)}: ${parts.join(', ')} (${ms} ms)`;
}

export function joinJson({ scene, reached, pending }: Joined, ms: number) {
  const { island, place, steps, notes, findings } = scene;
  return {
    ...{ schemaVersion: 1, island: island.name, name: place.name, role: roleOf(place) },
    changed: steps.length > 0,
    reached: reached.map(({ end, ms: rttMs }) => ({
      name: end.name,
      inner: end.inner,
      rttMs: rttMs ?? null,
    })),
    ...{ pending: pending ?? null, notes, findings, ms },
  };
}

/** Why there was nothing to do, where that is known. */
function idleWords(notes: readonly string[]): readonly string[] {
  return notes.length === 0 ? ['nothing to do'] : notes;
}

/** More names than a line holds are counted. */
const MOST_NAMES = 5;

function namesWhere(
  reached: Joined['reached'],
  word: string,
  matches: (answered: boolean) => boolean,
): string[] {
  const names = reached.filter(({ ms }) => matches(ms !== undefined)).map(({ end }) => end.name);
  if (names.length === 0) return [];
  return [names.length > MOST_NAMES ? `${word} ${names.length} hosts` : `${word} ${names.join(' and ')}`];
}
