import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type Selection, selectIsland } from './select.ts';

const countsShape = z.record(z.string(), z.int());
const statsShape = z.object({
  since: z.int(),
  ...{ udp: z.int(), tcp: z.int(), types: countsShape, rcodes: countsShape, drops: countsShape },
});

/** What a responder has counted since it was started. */
export type DnsStats = z.infer<typeof statsShape>;

export interface CountedNames {
  readonly island: string;
  /** Undefined where none runs, or nobody has asked it yet. */
  readonly stats: DnsStats | undefined;
}

/** What the responder of this host has counted; some seconds old. */
export async function readStats(host: Host, selection: Selection): Promise<CountedNames> {
  const { name: island } = await selectIsland(host, selection);
  const text = await host.store(island).read('dns');
  return { island, stats: text === undefined ? undefined : parse(text, island) };
}

function parse(text: string, island: string): DnsStats {
  try {
    return statsShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new IslandError('E_APPLY', `dns.json of ${island} is damaged`, {
      hint: `systemctl restart islandd@${island}, which writes it anew`,
      cause,
    });
  }
}
