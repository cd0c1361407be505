/** `text` as one word of a POSIX shell's command line, quoted where it needs to be. */
export function shellWord(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Keeps what an operator reads to one line, and what a file or the kernel holds from commanding the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
