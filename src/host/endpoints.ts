import { array, looseObject, number, optional, string, tuple, union } from 'zod/mini';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
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

/** A MAC comes as a number, since the set holds what stands at an offset. */
const elementShape = looseObject({
  elem: looseObject({
    val: looseObject({ concat: tuple([union([number(), string()]), string(), number()]) }),
    expires: optional(number()),
  }),
});
const listingShape = looseObject({
  nftables: array(looseObject({ set: optional(looseObject({ elem: optional(array(elementShape)) })) })),
});

/** The elements of the set that `nft -j list set` printed. */
export function parseSeen(listing: string): readonly SeenEndpoint[] {
  const { nftables } = readJson(listing, listingShape, 'nft');
  return nftables
    .flatMap(({ set }) => set?.elem ?? [])
    .flatMap(({ elem: { val, expires = 0 } }) => {
      const [number_, address, port] = val.concat;
      return isIpv4(address)
        ? [{ mac: macFrom(number_), ...{ address: address as Ipv4, port }, expiresSeconds: expires }]
        : [];
    });
}

/** 48 bits are less than the 53 that a number of JavaScript holds. */
function macFrom(value: number | string): string {
  return Number(value).toString(16).padStart(12, '0').match(/../g)?.join(':') ?? '';
}
