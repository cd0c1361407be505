/** A section of the demo. */
export function heading(title: string): void {
  const { isTTY } = process.stdout;
  say('', isTTY ? `\u001b[1m== ${title}\u001b[22m` : `== ${title}`);
}

/** Lines for the reader. */
export function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
