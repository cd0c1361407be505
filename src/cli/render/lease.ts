import type { ListedLeases, Pinned, Released } from '../../app/lease.ts';
import { alignRows } from './table.ts';
import { formatTime, isoTime } from './time.ts';

/** Where a worker was last heard from. */
export interface Sighting {
  readonly endpoint: string;
  readonly lastSeenMs: number;
}

/** By name; left out where nobody looks. */
export type Sightings = ReadonlyMap<string, Sighting>;

export function renderLeases({ island, leases }: ListedLeases, sightings?: Sightings): string[] {
  if (leases.length === 0) return [`${island} has no leases: a worker gets one when it joins`];
  const rows = [
    ['WORKER', 'INNER', 'STATE', 'SINCE', ...(sightings === undefined ? [] : ['ENDPOINT', 'SEEN']), 'ROUTES'],
    ...leases.map(({ name, inner, state, pinned, sinceMs, routes }) => [
      ...[name, inner, pinned ? `${state}, pinned` : state, formatTime(sinceMs)],
      ...(sightings === undefined ? [] : seenCells(sightings.get(name))),
      routes.join(' ') || '-',
    ]),
  ];
  return alignRows(rows).map((row) => row.join('  ').trimEnd());
}

export function leasesJson({ island, leases }: ListedLeases, sightings?: Sightings) {
  return {
    ...{ schemaVersion: 1, island },
    leases: leases.map(({ sinceMs, ...lease }) => {
      const seen = sightings?.get(lease.name);
      return {
        ...{ ...lease, since: isoTime(sinceMs) },
        ...(sightings !== undefined && { endpoint: seen?.endpoint ?? null }),
        ...(sightings !== undefined && { lastSeen: seen === undefined ? null : isoTime(seen.lastSeenMs) }),
      };
    }),
  };
}

export function releasedSentence({ name, inner, wasHeld, isForgotten }: Released): string {
  if (isForgotten) return `${name} has no lease any more: ${inner} is free`;
  return wasHeld
    ? `${name} was cut off; ${inner} stays reserved for it`
    : `${name} had not joined; ${inner} stays reserved for it`;
}

export function pinnedSentence({ name, inner, pinned }: Pinned): string {
  return pinned
    ? `${inner} is kept for ${name} for good`
    : `${inner} is kept for ${name} until it is needed for another`;
}

function seenCells(sighting: Sighting | undefined): readonly string[] {
  return sighting === undefined ? ['-', '-'] : [sighting.endpoint, formatTime(sighting.lastSeenMs)];
}
