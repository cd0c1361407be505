import { nameRefusal } from './claims.ts';
import {
  granted,
  isHeld,
  leaseOf,
  type Outcome,
  type Refusal,
  type Register,
  refused,
  type Terms,
  type Token,
} from './register.ts';
import { bytesOfKey, randomId, randomKey, TOKEN_ID } from './secrets.ts';

export interface TokenWish {
  readonly name?: string | undefined;
  readonly ttlMs: number;
  /** Undefined for any number. */
  readonly uses?: number | undefined;
}

/** A token is known for a week after its end, so that who comes too late is told so. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** What a host types behind --token. */
export function formatToken({ id, key }: Token): string {
  return `${id}.${key}`;
}

export function createToken(register: Register, wish: TokenWish, terms: Terms): Outcome<Token> {
  const { name, ttlMs, uses } = wish;
  const { island, now, random } = terms;
  const refusal = name === undefined ? undefined : nameRefusal(island, name);
  if (refusal !== undefined) return refusal;
  const token: Token = {
    id: randomId(random, (id) => register.tokens.some((other) => other.id === id)),
    key: randomKey(random),
    ...(name !== undefined && { name }),
    createdMs: now,
    expiresMs: now + ttlMs,
    ...(uses !== undefined && { usesLeft: uses }),
  };
  return granted({ ...register, tokens: [...keptTokens(register, now), token] }, token);
}

/** Who has joined with it stays; nobody joins with it any more. */
export function revokeToken(register: Register, id: string): Outcome<Token> {
  const hint = 'look it up with "island token list"';
  // Not repeated: it may be the whole token, with its key.
  if (!TOKEN_ID.test(id)) return refused('E_USAGE', 'not the id of a token: eight of a-z and 2-7', hint);
  const token = register.tokens.find((each) => each.id === id);
  if (token === undefined) return refused('E_USAGE', `no token ${id}`, hint);
  return granted({ ...register, tokens: register.tokens.filter((each) => each !== token) }, token);
}

/**
 * The pre-shared key of who says `token:<id>` or `lease:<name>`, undefined when there is none. It says nothing of
 * what they may do: tokens that are used up or have expired have one, too.
 */
export function keyOfIdentity(register: Register, identity: string): Uint8Array | undefined {
  const { kind, name } = partsOf(identity);
  switch (kind) {
    case 'token': {
      const token = register.tokens.find(({ id }) => id === name);
      return token && bytesOfKey(token.key);
    }
    case 'lease': {
      const holder = leaseOf(register, name)?.holder;
      return holder && bytesOfKey(holder.key);
    }
    default:
      return undefined;
  }
}

/** `token:<id>`, `lease:<name>`: who proved to have its key. */
export function partsOf(identity: string): { readonly kind: string; readonly name: string } {
  const colon = identity.indexOf(':');
  return { kind: identity.slice(0, Math.max(colon, 0)), name: identity.slice(colon + 1) };
}

export interface TokenUse {
  /** The part of `token:<id>` behind the colon. */
  readonly id: string;
  /** The host that joins, and its machine. */
  readonly name: string;
  readonly machine?: string | undefined;
}

/** Why a host that has proven the token may not even ask with it; a worker may have used it up itself. */
export function tokenRefusal(
  register: Register,
  use: TokenUse & { readonly isWorker: boolean },
  now: number,
): Refusal | undefined {
  const token = register.tokens.find(({ id }) => id === use.id);
  if (token === undefined) return revoked(use);
  const isSpent = token.usesLeft === 0 && !use.isWorker;
  return useRefusal(token, use, { now, hint: NEW_TOKEN }) ?? (isSpent ? usedUp(token) : undefined);
}

/** The register with one use of the token gone, or why it cannot be used. */
export function spendToken(register: Register, use: TokenUse, now: number): Outcome<Token> {
  const token = register.tokens.find(({ id }) => id === use.id);
  if (token === undefined) return revoked(use);
  const refusal = useRefusal(token, use, { now, hint: NEW_TOKEN });
  if (refusal !== undefined) return refusal;
  const tokens = keptTokens(register, now);
  if (token.usesLeft === undefined || isRepeated(register, use)) {
    return granted(tokens.length === register.tokens.length ? register : { ...register, tokens }, token);
  }
  if (token.usesLeft === 0) return usedUp(token);
  const spent: Token = { ...token, usesLeft: token.usesLeft - 1 };
  return granted({ ...register, tokens: tokens.map((each) => (each === token ? spent : each)) }, spent);
}

const NEW_TOKEN = 'run "island token create" on the hub for a new one';

function usedUp({ id }: Token): Refusal {
  return refused('E_PERMISSION', `token ${id} is used up`, NEW_TOKEN);
}

function revoked({ id }: TokenUse): Refusal {
  return refused('E_PERMISSION', `token ${id} has been revoked`, NEW_TOKEN);
}

function useRefusal(
  { id, name, expiresMs }: Token,
  use: TokenUse,
  { now, hint }: { readonly now: number; readonly hint: string },
): Refusal | undefined {
  if (now >= expiresMs) {
    return refused('E_PERMISSION', `token ${id} has expired at ${new Date(expiresMs).toISOString()}`, hint);
  }
  if (name === undefined || name === use.name) return undefined;
  return refused(
    'E_PERMISSION',
    `token ${id} is for ${name} and not for ${use.name}`,
    `join with --name ${name}, or ${hint}`,
  );
}

/** The same machine asks again with the same token, since the answer was lost: that is one use, not two. */
function isRepeated(register: Register, { id, name, machine }: TokenUse): boolean {
  const lease = leaseOf(register, name);
  if (lease === undefined || !isHeld(lease) || machine === undefined) return false;
  return lease.holder.token === id && lease.holder.machine === machine;
}

function keptTokens({ tokens }: Register, now: number): readonly Token[] {
  return tokens.filter(({ expiresMs }) => now < expiresMs + KEPT_MS);
}
