/**
 * What went wrong, in the terms an operator acts on; each code has its own exit status.
 * The numbers are those of sysexits.h, which systemd names; the units list the ones that a restart cannot cure.
 */
export const EXIT = {
  E_USAGE: 64,
  E_HOST_UNSUPPORTED: 69,
  E_BUG: 70,
  E_APPLY: 71,
  E_RETRY: 75,
  E_PERMISSION: 77,
  E_CONFIG: 78,
} as const;

export type ErrorCode = keyof typeof EXIT;

export interface IslandErrorOptions {
  /** One imperative sentence: what to run or edit next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The only error that island throws on purpose: lower case, no full stop, with the offending value. */
export class IslandError extends Error {
  override readonly name = 'IslandError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: IslandErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return EXIT[this.code];
  }
}
