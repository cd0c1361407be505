import { setTimeout as delay } from 'node:timers/promises';
import type { LabHost } from '../lab/host.ts';
import type { Attack } from './attack.ts';

/** Port of a datagram to the victim that is put on the wire after each round of attacks. */
export const BEACON = 20_000;

/** Packets by marker. */
export type Counts = ReadonlyMap<number, number>;

/** Somebody who counts on a host what arrives there. */
export interface Witness {
  counts(): Promise<Counts>;
}

/** Counts whatever comes in by a link, before anything else of the host has seen it. */
export function countArrivals(host: LabHost, attacks: readonly Attack[]): Promise<Witness> {
  const markers = attacks.map(({ marker }) => marker);
  const chain = `chain arrived { type filter hook prerouting priority -500; ${countDatagrams(markers)};  };`;
  return start(host, [tableOf('inet', markers, chain)]);
}

/** Counts what the victim takes in for itself, after everything else has had its say, and beacons as they come. */
export function countDelivered(host: LabHost, attacks: readonly Attack[]): Promise<Witness> {
  const datagrams = attacks.flatMap(({ marker, delivered }) => (delivered === undefined ? [marker] : []));
  const others = (family: string) =>
    attacks.flatMap(({ marker, delivered }) =>
      delivered?.family === family
        ? [{ marker, rule: `${delivered.match} counter name "${nameOf(marker)}"; ` }]
        : [],
    );
  const [inet, arp] = [others('inet'), others('arp')];
  const rules = (each: typeof inet) => each.map(({ rule }) => rule).join('');
  const beacons = `chain beacons { type filter hook prerouting priority -500; ${countDatagrams([BEACON])};  };`;
  const chain = `chain delivered { type filter hook input priority 300; ${rules(inet)}${countDatagrams(datagrams)};  };`;
  return start(host, [
    tableOf('inet', [BEACON, ...datagrams, ...inet.map(({ marker }) => marker)], `${beacons} ${chain}`),
    ...(arp.length === 0
      ? []
      : [
          tableOf(
            'arp',
            arp.map(({ marker }) => marker),
            `chain delivered { type filter hook input priority 300; ${rules(arp)} };`,
          ),
        ]),
  ]);
}

/** What came in between two counts. */
export function countsBetween(before: Counts, after: Counts): Counts {
  return new Map([...after].map(([marker, count]) => [marker, count - (before.get(marker) ?? 0)]));
}

/** What nft calls the table; a test's own, beside those of the host. */
const TABLE = 'witness';

/**
 * The tables belong to the nft that made them (`flags owner`): `nft flush ruleset` of anybody else leaves them
 * alone, and they end with it.
 */
async function start(host: LabHost, tables: readonly string[]): Promise<Witness> {
  const owner = host.start(['sh', '-c', '{ cat; sleep 3600; } | nft --interactive'], {
    input: tables.join(''),
  });
  const counts = () => readCounts(host);
  const deadline = performance.now() + 20_000;
  while ((await counts()).size === 0) {
    if (performance.now() > deadline) throw new Error(`${host.name}: no witness: ${owner.output()}`);
    await delay(50);
  }
  return { counts };
}

async function readCounts(host: LabHost): Promise<Counts> {
  const { nftables } = JSON.parse(await host.run(['nft', '-j', 'list', 'counters'])) as Listing;
  const own = nftables.flatMap(({ counter }) => (counter?.table === TABLE ? [counter] : []));
  return new Map(own.map(({ name, packets }) => [Number(name.slice(1)), packets]));
}

interface Listing {
  readonly nftables: readonly {
    readonly counter?: { readonly table: string; readonly name: string; readonly packets: number };
  }[];
}

/** On one line, as nft reads them one by one. */
function tableOf(family: 'inet' | 'arp', markers: readonly number[], chains: string): string {
  const counters = markers.map((marker) => `counter ${nameOf(marker)} { }; `);
  return `table ${family} ${TABLE} { flags owner; ${counters.join('')}${chains} }\n`;
}

function countDatagrams(markers: readonly number[]): string {
  const entries = markers.map((marker) => `${marker} : "${nameOf(marker)}"`);
  return `counter name udp dport map { ${entries.join(', ')} }`;
}

function nameOf(marker: number): string {
  return `m${marker}`;
}
