/** While somebody joins: each of his packets is lost until then. */
const URGENT_MS = 50;
/** Where workers have no entry yet, as after a boot of the hub: their packets are answered from then on. */
const CATCHING_UP_MS = 500;
/** While the kernel does not tell when somebody moves, or it may have told of less than there was. */
const ALERT_MS = 2000;
/** For each worker, up to the longest: there is the more to look at. */
const MORE_ALERT_MS = 3;
const LONGEST_ALERT_MS = 5000;
/** While it does: for who is silent for long. */
const CALM_MS = 60_000;
/** Who moves sends more than one packet, and is seldom alone: a NAT that starts again moves all behind it. */
export const GATHERING_MS = 100;

/** What the next look waits for. */
export interface Pace {
  readonly lookMs: number;
  readonly workers: number;
  readonly isUrgent: boolean;
  readonly isCatchingUp: boolean;
  readonly isAlert: boolean;
}

/** Until the next look. Where hundreds join a look takes long, and those whom it is for need the processor as well. */
export function pauseAfter({ lookMs, workers, isUrgent, isCatchingUp, isAlert }: Pace): number {
  if (isUrgent) return Math.max(URGENT_MS, lookMs);
  if (isCatchingUp) return Math.max(CATCHING_UP_MS, lookMs);
  return isAlert ? Math.min(ALERT_MS + MORE_ALERT_MS * workers, LONGEST_ALERT_MS) : CALM_MS;
}
