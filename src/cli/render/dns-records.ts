import type { ListedRecords } from '../../app/dns-records.ts';
import { alignRows } from './table.ts';

/** As files of zones: any name server loads them, and each is its own file there. */
export function renderRecords({ zones }: ListedRecords): readonly string[] {
  return zones.flatMap(({ apex, records }) => {
    const rows = records.map(({ owner, ttl, type, value }) => [`${owner}.`, String(ttl), 'IN', type, value]);
    return [`; ${apex}`, ...alignRows(rows).map((row) => row.join('  ').trimEnd())];
  });
}

export function recordsJson({ island, zones, missing }: ListedRecords) {
  return {
    ...{ schemaVersion: 1, island: island.name, isComplete: missing === undefined },
    zones: zones.map(({ apex, records }) => ({
      apex,
      records: records.map(({ owner: name, type, ttl, value }) => ({ name, type, ttl, value })),
    })),
  };
}
