import type { LabHost } from '../lab/host.ts';
import type { Site } from './site.ts';

/** Packets one after another, 100 a second, until it is stopped. */
export interface Pinger {
  /** How many were answered, and which were not, by number; what is still on its way is neither. */
  stop(): Promise<{ readonly answered: number; readonly lost: readonly number[] }>;
}

export function pinging(host: LabHost, address: string): Pinger {
  const ping = host.start(['ping', '-n', '-i', '0.01', address]);
  return {
    async stop() {
      ping.signal('SIGINT');
      await ping.exited;
      const seen = new Set([...ping.output().matchAll(/icmp_seq=(\d+) ttl/g)].map(([, n]) => Number(n)));
      const last = Math.max(0, ...seen);
      const numbers = Array.from({ length: last }, (_, index) => index + 1);
      return { answered: seen.size, lost: numbers.filter((n) => !seen.has(n)) };
    },
  };
}

/** Programs that run on a host, but for the lab's own; of one that has ended nothing is left. */
export async function programsOn(host: LabHost): Promise<readonly string[]> {
  const script = `for each in /proc/[0-9]*; do tr '\\0' ' ' <$each/cmdline 2>/dev/null; echo; done`;
  const lines = (await host.run(['sh', '-c', script])).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.includes('cmdline')).toSorted();
}

/** Packets that the guard of the hub has dropped, by reason. */
export async function droppedAt({ hub }: Pick<Site, 'hub'>): Promise<ReadonlyMap<string, number>> {
  const { nftables } = JSON.parse(
    await hub.run(['nft', '-j', 'list', 'table', 'inet', 'island-r2lab']),
  ) as Listing;
  return new Map(
    nftables.flatMap(({ rule }) => {
      const counter = rule?.expr.find((each) => each.counter !== undefined)?.counter;
      return counter === undefined ? [] : [[`${rule?.chain} ${rule?.comment}`, counter.packets] as const];
    }),
  );
}

interface Listing {
  readonly nftables: readonly {
    readonly rule?: {
      readonly chain: string;
      readonly comment?: string;
      readonly expr: readonly { readonly counter?: { readonly packets: number } }[];
    };
  }[];
}
