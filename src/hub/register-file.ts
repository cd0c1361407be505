import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import { type Ipv4, isIpv4, parseSubnet } from '../model/ip.ts';
import { isHostName } from '../model/names.ts';
import { isSecretMac } from '../model/secret.ts';
import type { Register } from './register.ts';
import { KEY, TOKEN_ID } from './secrets.ts';

const wallClock = z.int().check(z.minimum(0));
const hostName = z.string().check(z.refine(isHostName));
const key = z.string().check(z.regex(KEY));
const mac = z.string().check(z.refine(isSecretMac));
const inner = z.custom<Ipv4>((value) => typeof value === 'string' && isIpv4(value));
const range = z.string().check(z.refine(isRange));
const digest = z.string().check(z.minLength(1), z.maxLength(128));

const registerShape = z.object({
  mac,
  tokens: z.array(
    z.object({
      id: z.string().check(z.regex(TOKEN_ID)),
      key,
      name: z.optional(hostName),
      createdMs: wallClock,
      expiresMs: wallClock,
      usesLeft: z.optional(z.int().check(z.minimum(0))),
    }),
  ),
  leases: z.array(
    z.object({
      name: hostName,
      inner,
      pinned: z.boolean(),
      sinceMs: wallClock,
      holder: z.optional(
        z.object({
          mac,
          key,
          machine: z.optional(digest),
          token: z.optional(z.string().check(z.regex(TOKEN_ID))),
          routes: z.array(range),
          joinedMs: wallClock,
        }),
      ),
    }),
  ),
});

/** A line for each token and each lease, for people to read and for grep. */
export function formatRegister({ mac: own, tokens, leases }: Register): string {
  return `{\n"mac": ${JSON.stringify(own)},\n"tokens": ${lines(tokens)},\n"leases": ${lines(leases)}\n}\n`;
}

/**
 * The register in the text of workers.json. E_APPLY with the place of what is wrong, and never with what stands
 * there, since it holds secrets: neither the message nor a cause repeats any of it.
 */
export function parseRegister(text: string, island: string): Register {
  const register = registerShape.safeParse(jsonOf(text, island));
  if (!register.success) {
    const [issue] = register.error.issues;
    throw damaged(island, issue === undefined ? 'not a register' : `wrong at ${placeOf(issue.path)}`);
  }
  const twice = repeated(register.data);
  if (twice !== undefined) throw damaged(island, twice);
  return register.data;
}

function lines(entries: readonly object[]): string {
  if (entries.length === 0) return '[]';
  return `[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]`;
}

function jsonOf(text: string, island: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(island, 'not JSON');
  }
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'its top' : path.map(String).join('.');
}

/** No two leases may share a name, an address or a MAC, nor two tokens an id. */
function repeated({ tokens, leases }: Register): string | undefined {
  const columns = [
    ['a token', tokens.map(({ id }) => id)],
    ['a name', leases.map(({ name }) => name)],
    ['an address', leases.map((lease) => lease.inner)],
    ['a MAC', leases.flatMap(({ holder }) => (holder === undefined ? [] : [holder.mac]))],
  ] as const;
  for (const [what, values] of columns) {
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      if (seen.has(value)) return `${what} is there twice${what === 'a MAC' ? '' : `: ${values[index]}`}`;
      seen.add(value);
    }
  }
  return undefined;
}

function isRange(text: string): boolean {
  try {
    parseSubnet(text);
    return true;
  } catch {
    return false;
  }
}

function damaged(island: string, what: string): IslandError {
  const path = `/var/lib/island/${island}/workers.json`;
  return new IslandError('E_APPLY', `${path}: damaged: ${what}; it was left as it is`, {
    hint: `correct it or put a copy back; "mv ${path} ${path}.damaged" gives up every lease and token in it`,
  });
}
