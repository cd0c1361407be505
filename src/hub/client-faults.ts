import { IslandError } from '../errors.ts';

/** Who was asked, and as whom. */
export interface Asked {
  readonly hub: string;
  readonly port: number;
  readonly identity: string;
}

/**
 * Alerts of a hub whose key for this identity is another: OpenSSL 3.0 calls it an illegal parameter,
 * later ones a decrypt error.
 */
const REFUSALS = /_ALERT_(?:ILLEGAL_PARAMETER|DECRYPT_ERROR|UNKNOWN_PSK_IDENTITY)$/;

/** How far a connection had got. */
export interface Progress {
  readonly isConnected: boolean;
  readonly isTooLate: boolean;
}

/** No connection, or one that came to no proof of the key. */
export function handshakeFault(
  asked: Asked,
  { isConnected, isTooLate }: Progress,
  cause: unknown,
): IslandError {
  const code = codeOf(cause);
  if (REFUSALS.test(code)) return tokenFault(asked, cause);
  if (isSentAway(cause)) {
    return new IslandError('E_RETRY', `${at(asked)}: ended the connection before anything was said`, {
      hint: 'try again in a minute; a hub does so when many attempts from one address have failed',
      cause,
    });
  }
  if (!isConnected) {
    return new IslandError('E_RETRY', `${at(asked)}: no answer${code === '' ? '' : ` (${code})`}`, {
      hint: `see that "island serve" runs on the hub, and that the underlay lets TCP ${asked.port} pass`,
      cause,
    });
  }
  if (isTooLate) {
    return new IslandError('E_RETRY', `${at(asked)}: takes connections, but does not answer`, {
      hint: 'try again; the hub may be busy, or another service answers on this port',
      cause,
    });
  }
  return new IslandError('E_USAGE', `${at(asked)}: another service answers there (${code})`, {
    hint: 'give the address of the hub, and the port of its island',
    cause,
  });
}

/** Whether the hub ended the connection before anything was said; so soon, perhaps, that it was never seen to be there. */
export function isSentAway(cause: unknown): boolean {
  return codeOf(cause) === 'ECONNRESET' || codeOf(cause) === 'EPIPE';
}

/** The hub has another key for this identity, or none: it does not say which. */
export function tokenFault({ identity }: Pick<Asked, 'identity'>, cause?: unknown): IslandError {
  return identity.startsWith('lease:')
    ? new IslandError(
        'E_PERMISSION',
        'the hub refuses the key of this host: its lease is another’s or gone',
        {
          hint: 'join with a new token: "island token create" on the hub makes one',
          cause,
        },
      )
    : new IslandError('E_PERMISSION', 'the hub refuses this token: it is unknown, revoked or mistyped', {
        hint: 'copy it again, or make a new one on the hub: island token create',
        cause,
      });
}

/** The key was proven, and then no whole answer came. */
export function brokenOff(asked: Asked, isTooLate: boolean, cause: unknown): IslandError {
  const what = isTooLate ? 'no answer in time' : 'the connection broke before the answer';
  return new IslandError('E_RETRY', `${at(asked)}: ${what}`, {
    hint: 'try again; the log of "island serve" on the hub says more',
    cause,
  });
}

/** What came is not what this version of island understands. */
export function answerFault(asked: Asked & { readonly call?: string }, fault: string): IslandError {
  const what = asked.call === undefined ? 'the answer' : `the answer to ${asked.call}`;
  return new IslandError('E_HOST_UNSUPPORTED', `${at(asked)}: cannot read ${what}: ${fault}`, {
    hint: 'run the same version of island here and on the hub',
  });
}

function at({ hub, port }: Asked): string {
  return `${hub}:${port} (hub)`;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
