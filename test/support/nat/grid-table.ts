import { COLUMNS, type Column, EVENTS } from './cells.ts';
import { KEEPALIVE_SECONDS, type Result, SHORT_MEMORY_SECONDS } from './stages.ts';

/** The grid for people: a row for each NAT and for what happens to them, a column for how many are behind one. */
export function formatGrid(rows: readonly string[], results: readonly Result[]): string {
  const cell = (row: string, column: Column) =>
    formatCell(
      row,
      results.filter((result) => result.row === row && result.column === column),
    );
  const table = [
    ['NAT', ...COLUMNS.map((count) => (count === 1 ? '1 worker' : `${count} workers`))],
    ...rows.map((row) => [row, ...COLUMNS.map((column) => cell(row, column))]),
  ];
  const widths = [0, ...COLUMNS].map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  const lines = table.map((row) => row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  '));
  return [...lines.map((line) => line.trimEnd()), ...CAPTION].map((line) => `${line}\n`).join('');
}

function formatCell(row: string, results: readonly Result[]): string {
  if (results.length === 0) return '-';
  const faults = results.flatMap((result) => result.faults);
  if (faults.length > 0) return `FAILS (${faults.length})`;
  const notes = results.flatMap(({ note }) => note ?? []);
  if (!EVENTS.some((event) => event === row)) return ['ok', ...notes].join(', ');
  const outages = notes.map(Number);
  return outages.length === 0 ? 'ok' : `healed in ${(Math.max(...outages) / 1000).toFixed(1)} s`;
}

const CAPTION = [
  '',
  'ok: joined; TCP both ways with the true sources; redirected TCP both ways; full-size packets; after a quiet time',
  'the hub speaks first; bytes each way, and how long they took, from 100 MB for one worker, from 10 MB for two.',
  'Of 16 workers two open connections, all are pinged with full-size packets both ways.',
  `Times are scaled: the keepalive is ${KEEPALIVE_SECONDS} s instead of 20 s, and 30 s of a NAT are ${SHORT_MEMORY_SECONDS} s.`,
  'The last rows are what happens to all six at once, under a connection and a ping; the worst of them is shown.',
];
