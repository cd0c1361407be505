import type { Confirmed } from '../../app/confirm.ts';
import type { Pending } from '../../app/pending.ts';

/** What becomes of a join that waits to be confirmed, and when. */
export function pendingSentence({ leftMs, watched }: Pending): string {
  const left = seconds(leftMs);
  if (watched && leftMs > 0) return `all this is undone in ${left} unless "island confirm" comes first`;
  if (watched) return `the time to confirm has been over for ${left}: the join is being undone`;
  return leftMs > 0
    ? `${left} are left to confirm the join, but the process that would undo it has gone: "island confirm" keeps it, "island join" has it watched again`
    : `the time to confirm the join has been over for ${left}, and nobody undid it: "island confirm" keeps it, "island leave" removes it`;
}

/** What "island confirm" did. */
export function confirmedSentence(confirmed: Confirmed | undefined): string {
  if (confirmed === undefined) {
    return 'no join waits to be confirmed: none had a time limit, or its time is over and it was undone';
  }
  const { island, leftMs } = confirmed;
  const when =
    leftMs > 0
      ? `${seconds(leftMs)} were left`
      : `its time had been over for ${seconds(leftMs)}, but nothing was undone yet`;
  return `${island} stays as it was joined (${when})`;
}

function seconds(ms: number): string {
  return `${Math.ceil(Math.abs(ms) / 1000)} s`;
}
