/** One thing that was measured. */
export interface Row {
  readonly measure: string;
  /** As it is to be read: `12.3 ms`, `1.41 x`. */
  readonly value: string;
  /** What it is compared with, and its value. */
  readonly peer?: string;
  readonly target?: Target;
  readonly runs: number;
}

/** What is promised; without it a row is there to explain another. */
export interface Target {
  readonly text: string;
  readonly met: boolean;
}

export function atMost(limit: number, value: number, unit = ''): Target {
  return { text: `<= ${limit}${unit}`, met: value <= limit };
}

export function atLeast(limit: number, value: number, unit = ''): Target {
  return { text: `>= ${limit}${unit}`, met: value >= limit };
}

/** Aligned columns, a line for each row. */
export function formatReport(rows: readonly Row[]): string {
  const table = [
    ['measure', 'value', 'compared with', 'target', 'met', 'runs'],
    ...rows.map(({ measure, value, peer = '', target, runs }) => [
      ...[measure, value, peer, target?.text ?? ''],
      ...[verdictOn(target), String(runs)],
    ]),
  ];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  return table
    .map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function verdictOn(target: Target | undefined): string {
  if (target === undefined) return '';
  return target.met ? 'yes' : 'NO';
}

export function formatMs(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 20 ? 1 : 0)} ms`;
}
