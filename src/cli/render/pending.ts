import type { Pending } from '../../app/pending.ts';

/** What becomes of a join that waits to be confirmed, and when. */
export function pendingSentence({ leftMs, watched }: Pending): string {
  const left = `${Math.ceil(Math.abs(leftMs) / 1000)} s`;
  if (watched && leftMs > 0) return `all this is undone in ${left} unless "island confirm" comes first`;
  if (watched) return `the time to confirm has been over for ${left}: the join is being undone`;
  return leftMs > 0
    ? `${left} are left to confirm the join, but the process that would undo it has gone: "island confirm" keeps it, "island join" has it watched again`
    : `the time to confirm the join has been over for ${left}, and nobody undid it: "island confirm" keeps it, "island leave" removes it`;
}
