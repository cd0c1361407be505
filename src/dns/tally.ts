import type { Transport } from './wire.ts';

/** What has been answered and what has not, since the responder was started. For people and programs. */
export interface TallySnapshot {
  /** Answers sent, by way. */
  readonly udp: number;
  readonly tcp: number;
  /** Answers by the type that was asked for, and by their rcode. */
  readonly types: Readonly<Record<string, number>>;
  readonly rcodes: Readonly<Record<string, number>>;
  /** What was not answered, and connections that were cut, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

export interface Tally {
  answered(transport: Transport, type: number, rcode: number): void;
  /** `reason` is one of few: a flood must not make it grow. */
  dropped(reason: string): void;
  snapshot(): TallySnapshot;
}

const TYPES: Readonly<Record<number, string>> = {
  ...{ 1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 12: 'PTR', 13: 'HINFO', 15: 'MX', 16: 'TXT', 28: 'AAAA' },
  ...{ 33: 'SRV', 35: 'NAPTR', 43: 'DS', 46: 'RRSIG', 47: 'NSEC', 48: 'DNSKEY', 64: 'SVCB', 65: 'HTTPS' },
  ...{ 251: 'IXFR', 252: 'AXFR', 255: 'ANY' },
};
/** Those from here on are counted as one. */
const OTHER = 256;

const RCODES: Readonly<Record<number, string>> = {
  ...{ 0: 'NOERROR', 1: 'FORMERR', 2: 'SERVFAIL', 3: 'NXDOMAIN', 4: 'NOTIMP', 5: 'REFUSED', 9: 'NOTAUTH' },
  16: 'BADVERS',
};

/** Counters in a fixed number of cells: counting allocates nothing, whatever is asked. */
export function createTally(): Tally {
  const types = new Float64Array(OTHER + 1);
  const rcodes = new Float64Array(24);
  const drops = new Map<string, number>();
  let [udp, tcp] = [0, 0];
  return {
    answered(transport, type, rcode) {
      if (transport === 'udp') udp += 1;
      else tcp += 1;
      const cell = Math.min(type, OTHER);
      types[cell] = (types[cell] ?? 0) + 1;
      rcodes[rcode] = (rcodes[rcode] ?? 0) + 1;
    },
    dropped: (reason) => void drops.set(reason, (drops.get(reason) ?? 0) + 1),
    snapshot: () => ({
      ...{ udp, tcp },
      types: named(types, (type) => (type === OTHER ? 'other' : (TYPES[type] ?? `TYPE${type}`))),
      rcodes: named(rcodes, (rcode) => RCODES[rcode] ?? `RCODE${rcode}`),
      drops: Object.fromEntries([...drops].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    }),
  };
}

function named(cells: Float64Array, nameOf: (cell: number) => string): Record<string, number> {
  return Object.fromEntries(
    [...cells].flatMap((count, cell) => (count === 0 ? [] : [[nameOf(cell), count]])),
  );
}
