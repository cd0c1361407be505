import type { Pass } from '../support/lab/matrix.ts';

const MARKS = {
  'no answer': '-',
  translated: 'nat',
  'wrong source': 'nat',
  'packet too big': 'mtu',
} as const;

/** Who reaches whom: a row per sender, a column per host, whatever number of addresses it has. */
export function formatGrid(passes: readonly Pass[]): string[] {
  const senders = unique(passes.map(({ from }) => from));
  const targets = unique([...senders, ...passes.map(({ to }) => to)]);
  const cell = (from: string, to: string) =>
    cellOf(passes.filter((pass) => pass.from === from && pass.to === to));
  const rows = [['', ...targets], ...senders.map((from) => [from, ...targets.map((to) => cell(from, to))])];
  const widths = ['', ...targets].map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `1/2` where one of two addresses is reached as it should be. */
function cellOf(passes: readonly Pass[]): string {
  const marks = unique(passes.map(({ reason }) => (reason === undefined ? 'ok' : MARKS[reason])));
  if (marks.length < 2) return marks[0] ?? '';
  return `${passes.filter(({ ok }) => ok).length}/${passes.length}`;
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
