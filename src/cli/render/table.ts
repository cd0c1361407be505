/** Rows as aligned columns, two blanks apart; cells are padded before they are painted. */
export function alignRows(rows: readonly (readonly string[])[]): string[][] {
  const widths = rows.reduce<number[]>((most, row) => {
    return row.map((cell, column) => Math.max(cell.length, most[column] ?? 0));
  }, []);
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
}

/** `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
