import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import type { Store } from '../host/host.ts';
import { type Ipv4, isIpv4, parseSubnet } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { isHostName } from '../model/names.ts';
import { isSecretMac } from '../model/secret.ts';
import type { Lease } from '../model/worker.ts';
import { NO_RECORD, type SysctlRecord } from '../plan/sysctl.ts';

/** As what this host joined; a reboot does not forget it, and `leave` needs no file with it. */
export interface JoinedRecord {
  /** The host's name in the island. */
  readonly name: string;
  readonly port: number;
  /** What the file meant; records of earlier versions do not have it. */
  readonly meaning?: string | undefined;
}

const joinedShape = z.object({
  name: z.string().check(z.refine(isHostName)),
  port: z.int().check(z.minimum(1), z.maximum(65_535)),
  meaning: z.optional(z.string()),
});
const ipv4 = z.custom<Ipv4>((text) => typeof text === 'string' && isIpv4(text));
const secretMac = z.string().check(z.refine(isSecretMac));
const leaseShape = z.object({
  name: z.string().check(z.refine(isHostName)),
  inner: ipv4,
  mac: secretMac,
  hubMac: secretMac,
  /** Where the hub is asked. */
  hub: ipv4,
  port: z.int().check(z.minimum(1), z.maximum(65_535)),
  /** The pre-shared key with which the hub knows this host again. */
  key: z.string(),
  routes: z.array(z.string().check(z.refine(isSubnet))),
});
/** What the kernel prints of a sysctl that is a switch; it goes back into the kernel as it is. */
const switchValue = z.string().check(z.regex(/^\d{1,9}$/));
const sysctlsShape = z.object({
  forwardingOfAll: z.optional(switchValue),
  earlier: z.record(z.string().check(z.regex(/^net\.ipv4\.conf\.[^.]+\.forwarding$/)), switchValue),
  fallbackWasUp: z.optional(z.boolean()),
});

export async function readJoined(store: Store): Promise<JoinedRecord | undefined> {
  const text = await store.read('joined');
  return text === undefined ? undefined : parsed(text, joinedShape, 'joined.json');
}

/** Another one when the file means something else; comments, order of keys and what equals a default count for nothing. */
export function meaningOf(island: Island): string {
  return createHash('sha256').update(JSON.stringify(island)).digest('hex').slice(0, 16);
}

/** What the hub leased to this host, and what it is known by there; only root can read it. */
export type LeaseRecord = z.output<typeof leaseShape>;

export async function readLease(store: Store): Promise<LeaseRecord | undefined> {
  const text = await store.read('lease');
  return text === undefined ? undefined : parsed(text, leaseShape, 'lease.json');
}

export function leaseOf({ name, inner, mac, hubMac, routes }: LeaseRecord): Lease {
  return { worker: { name, inner, mac, routes: routes.map(parseSubnet) }, hubMac };
}

export async function readSysctls(store: Store): Promise<SysctlRecord> {
  const text = await store.read('sysctls');
  if (text === undefined) return NO_RECORD;
  const { forwardingOfAll, earlier, fallbackWasUp } = parsed(text, sysctlsShape, 'sysctls.json');
  return { forwardingOfAll, earlier, ...(fallbackWasUp === true && { fallbackWasUp }) };
}

function isSubnet(text: string): boolean {
  try {
    return parseSubnet(text) !== undefined;
  } catch {
    return false;
  }
}

/** For people to read, too. */
export function formatRecord(record: object): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** The record in the text of a file of the store; E_APPLY when it is none. */
export function parsed<T extends z.ZodMiniType>(text: string, shape: T, name: string): z.output<T> {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new IslandError('E_APPLY', `${name} of the island is damaged`, {
      hint: 'remove it below /var/lib/island or /run/island, and join again',
      cause,
    });
  }
}
