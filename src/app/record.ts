import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import type { Store } from '../host/host.ts';
import { isHostName } from '../model/names.ts';
import { NO_RECORD, type SysctlRecord } from '../plan/sysctl.ts';

/** As what this host joined; a reboot does not forget it, and `leave` needs no file with it. */
export interface JoinedRecord {
  /** The host's name in the island. */
  readonly name: string;
  readonly port: number;
}

const joinedShape = z.object({
  name: z.string().check(z.refine(isHostName)),
  port: z.int().check(z.minimum(1), z.maximum(65_535)),
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

export async function readSysctls(store: Store): Promise<SysctlRecord> {
  const text = await store.read('sysctls');
  if (text === undefined) return NO_RECORD;
  const { forwardingOfAll, earlier, fallbackWasUp } = parsed(text, sysctlsShape, 'sysctls.json');
  return { forwardingOfAll, earlier, ...(fallbackWasUp === true && { fallbackWasUp }) };
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
