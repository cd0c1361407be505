import { lookup, lookupService } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, reasonOf } from './errno.ts';

/** What a program asks of its host: the addresses of a name, or the name of an address. */
export type Sought =
  | { readonly kind: 'addresses'; readonly name: string; readonly family: 4 | 6 }
  | { readonly kind: 'name'; readonly address: string };

export type Found =
  /** None: the host says that there is no such thing. */
  | { readonly state: 'found'; readonly values: readonly string[] }
  | { readonly state: 'silent' }
  | { readonly state: 'failed'; readonly reason: string };

/** Asks as any program of this host does: by getaddrinfo and getnameinfo. */
export async function findName(sought: Sought, timeoutMs: number): Promise<Found> {
  try {
    const values = await Promise.race([valuesOf(sought), delay(timeoutMs, undefined, { ref: false })]);
    return values === undefined ? { state: 'silent' } : { state: 'found', values };
  } catch (cause) {
    // For EAI_NONAME and EAI_NODATA alike.
    return codeOf(cause) === 'ENOTFOUND'
      ? { state: 'found', values: [] }
      : { state: 'failed', reason: reasonOf(cause) };
  }
}

async function valuesOf(sought: Sought): Promise<readonly string[]> {
  if (sought.kind === 'name') return [(await lookupService(sought.address, ANY_PORT)).hostname];
  const { name, family } = sought;
  // One for each type of socket.
  return [...new Set((await lookup(name, { family, all: true })).map(({ address }) => address))];
}

const ANY_PORT = 0;
