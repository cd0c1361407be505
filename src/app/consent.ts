import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type Prospect, sessionRisk } from '../plan/session-risk.ts';

/** What a command may do at the operator's own risk: `ssh` is to cut the session it is given in. */
export type Risk = 'ssh';

export interface ConsentOptions {
  readonly acceptRisk?: readonly Risk[] | undefined;
  /** Asks for yes or no; undefined where nobody can answer. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  readonly say?: ((text: string) => void) | undefined;
}

interface Consent extends ConsentOptions {
  readonly verb: 'join' | 'leave' | 'enable';
  /** It is undone by itself when the operator cannot confirm it any more. */
  readonly isUndone?: boolean;
}

/** What the steps do to the SSH session in which the command was given; undefined when nothing. */
export function riskOf(host: Host, prospect: Prospect): string | undefined {
  const session = host.session();
  return session === undefined ? undefined : sessionRisk(session, prospect);
}

/**
 * Says what the command does to the operator's session, and goes on when that is accepted. Not to be called
 * under the lock: an answer may take long, and meanwhile nobody could undo a join that waits to be confirmed.
 */
export async function requireConsent(
  risk: string | undefined,
  { acceptRisk = [], isUndone = false, ask, say, verb }: Consent,
): Promise<void> {
  if (risk === undefined) return;
  if (isUndone || acceptRisk.includes('ssh')) {
    say?.(risk);
    return;
  }
  const limit = verb === 'join' ? ', or --confirm-within 60s, which undoes it unless you confirm it' : '';
  const hint = `add --accept-risk ssh${limit}`;
  if (ask === undefined) throw new IslandError('E_USAGE', `${risk}; nothing was changed`, { hint });
  if (await ask(`${risk}\ncontinue? [y/N] `)) return;
  throw new IslandError('E_RETRY', `you did not agree to ${verb}; nothing was changed`, { hint });
}

/** Throws E_RETRY when by now the command does something else to the session than was agreed to. */
export function requireSame(agreed: string | undefined, risk: string | undefined): void {
  if (risk === undefined || risk === agreed) return;
  throw new IslandError('E_RETRY', `the routes have changed meanwhile: ${risk}; nothing was changed`, {
    hint: 'run it again',
  });
}
