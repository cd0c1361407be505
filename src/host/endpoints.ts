import { array, looseObject, optional, unknown } from 'zod/mini';
import { isIpv4 } from '../model/ip.ts';
import type { ObservedFdbEntry } from '../plan/observed.ts';
import { run } from './exec.ts';
import type { SeenEndpoint } from './host.ts';
import { parseFdb } from './iproute.ts';
import { readJson } from './json.ts';

/** The set in which the kernel notes where the packets of workers come from (plan/guard-workers.ts). */
const SEEN = 'seen';

/** What the set has; undefined where there is none, such as after somebody has flushed nftables. */
export async function seenEndpoints(nftTable: string): Promise<readonly SeenEndpoint[] | undefined> {
  const { exitCode, stdout } = await run('nft', ['-j', 'list', 'set', 'inet', nftTable, SEEN]);
  return exitCode === 0 ? parseSeen(stdout) : undefined;
}

/** `bridge` fails for a link that does not exist. */
export async function fdbOf(link: string): Promise<readonly ObservedFdbEntry[]> {
  const { exitCode, stdout } = await run('bridge', ['-j', 'fdb', 'show', 'dev', link]);
  return exitCode === 0 ? parseFdb(stdout, link) : [];
}

const listingShape = looseObject({
  nftables: array(looseObject({ set: optional(looseObject({ elem: optional(array(unknown())) })) })),
});

/** The elements of the set that `nft -j list set` printed. */
export function parseSeen(listing: string): readonly SeenEndpoint[] {
  const { nftables } = readJson(listing, listingShape, 'nft');
  return nftables.flatMap(({ set }) => set?.elem ?? []).flatMap(endpointIn);
}

interface Listed {
  readonly elem?: { readonly val?: { readonly concat?: readonly unknown[] }; readonly expires?: unknown };
}

/**
 * `{ elem: { val: { concat: [number, address, port] }, expires } }`: a MAC comes as a number, since the set holds what
 * stands at an offset. Not by a schema, which for the thousand elements of every few seconds takes several times as long.
 */
function endpointIn(element: unknown): SeenEndpoint[] {
  const { elem } = (element ?? {}) as Listed;
  const [number, address, port] = elem?.val?.concat ?? [];
  const expires = elem?.expires ?? 0;
  if (typeof number !== 'number' && typeof number !== 'string') return [];
  if (typeof address !== 'string' || !isIpv4(address)) return [];
  if (typeof port !== 'number' || typeof expires !== 'number') return [];
  return [{ mac: macFrom(number), address, port, expiresSeconds: expires }];
}

/** 48 bits are less than the 53 that a number of JavaScript holds. */
function macFrom(value: number | string): string {
  return Number(value).toString(16).padStart(12, '0').match(/../g)?.join(':') ?? '';
}
