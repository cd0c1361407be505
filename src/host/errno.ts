/** `ENOENT`, …; empty for what is no error of the system. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** `ENOSPC`, `EROFS`, …: what an operator searches for. */
export function reasonOf(cause: unknown): string {
  return codeOf(cause) || String(cause);
}
