import type { DnsRecord, Island } from '../model/island.ts';
import { tunnelName } from '../model/names.ts';
import type { Worker } from '../model/worker.ts';
import { namedAddresses, reverseApexes, reverseName } from '../model/zone.ts';
import { quote } from './text.ts';

export type RecordType = 'SOA' | 'NS' | 'A' | 'AAAA' | 'CNAME' | 'TXT' | 'SRV' | 'PTR';

/** One record of a zone. */
export interface ZoneRecord {
  /** Its full name in lower case, without the final dot. */
  readonly owner: string;
  readonly type: RecordType;
  /** In seconds. */
  readonly ttl: number;
  /** As in a zone file, with absolute names. */
  readonly value: string;
}

/** What the responder says about the names at and below the apex. */
export interface Zone {
  readonly apex: string;
  /** The SOA first, then the NS. */
  readonly records: readonly ZoneRecord[];
  /** Whether there may be names that are not known here: what is missing is then SERVFAIL, and not NXDOMAIN. */
  readonly isPartial: boolean;
}

/** What a zone says of a worker. */
export type WorkerName = Pick<Worker, 'name' | 'inner'>;

export interface ZoneSetting {
  readonly island: Island;
  /** Undefined where they are not known. */
  readonly workers: readonly WorkerName[] | undefined;
  /** Of the SOA; seconds since 1970. */
  readonly serial: number;
}

/** RFC 1035 section 3.3.13. Those who copy the zone are few and near: they look every ten seconds. */
const TIMES = { refresh: 10, retry: 5, expire: 3600 } as const;

/** The zones of an island, that of its names first, then those of its addresses. */
export function zonesOf(setting: ZoneSetting): readonly Zone[] {
  const { island, workers } = setting;
  const isPartial = island.workers !== undefined && workers === undefined;
  const named = namedAddresses(island, workers);
  const forward = [
    ...named.map(({ name, address }) => recordOf(island, { name, type: 'A', value: address })),
    ...island.dns.records.map((record) => recordOf(island, record)),
  ];
  const pointers = new Map<string, ZoneRecord>();
  for (const { name, address } of named) {
    const owner = reverseName(address);
    const record = { owner, type: 'PTR', value: `${name}.${island.zone}.` } as const;
    // An address with two names is that of a host first, and then the end of its link.
    if (!pointers.has(owner)) pointers.set(owner, { ...record, ttl: island.dns.ttlSeconds });
  }
  const apexes = reverseApexes(island);
  const ofSubnet = new Set(subnetApexes(island));
  const byApex = groupedBy(apexes, [...pointers.values()]);
  return [
    { apex: island.zone, records: [...startOf(setting, island.zone), ...unique(forward)], isPartial },
    ...apexes.map((apex) => ({
      apex,
      records: [...startOf(setting, apex), ...(byApex.get(apex) ?? [])],
      isPartial: isPartial && ofSubnet.has(apex),
    })),
  ];
}

/** The zone as the lines of a file that any name server loads. */
export function formatZone(zone: Zone): readonly string[] {
  return zone.records.map(({ owner, type, ttl, value }) => `${owner}. ${ttl} IN ${type} ${value}`);
}

function recordOf({ zone, dns }: Island, { name, type, value }: DnsRecord): ZoneRecord {
  return {
    owner: name === '@' ? zone : `${name}.${zone}`,
    type,
    ttl: dns.ttlSeconds,
    value: type === 'TXT' ? quote(Buffer.from(value)) : value,
  };
}

function startOf({ island, serial }: ZoneSetting, apex: string): readonly ZoneRecord[] {
  const { zone, dns, hub } = island;
  const server = `${tunnelName(hub.name)}.${zone}.`;
  const times = `${TIMES.refresh} ${TIMES.retry} ${TIMES.expire} ${dns.negativeTtlSeconds}`;
  const soa = `${server} hostmaster.${zone}. ${serial} ${times}`;
  return [
    { owner: apex, type: 'SOA', ttl: dns.ttlSeconds, value: soa },
    { owner: apex, type: 'NS', ttl: dns.ttlSeconds, value: server },
  ];
}

/** RFC 2181 section 5: a record is in a set once. */
function unique(records: readonly ZoneRecord[]): readonly ZoneRecord[] {
  const byText = new Map(records.map((record) => [`${record.owner} ${record.type} ${record.value}`, record]));
  return [...byText.values()];
}

function subnetApexes(island: Island): readonly string[] {
  return reverseApexes({
    ...island,
    hub: { ...island.hub, networks: [] },
    peers: island.peers.map((peer) => ({ ...peer, networks: [] })),
  });
}

/** The records below each apex, of which every name has at most one: they are never nested. */
function groupedBy(apexes: readonly string[], records: readonly ZoneRecord[]): Map<string, ZoneRecord[]> {
  const byApex = new Map(apexes.map((apex): [string, ZoneRecord[]] => [apex, []]));
  for (const record of records) {
    const apex = suffixesOf(record.owner).find((suffix) => byApex.has(suffix));
    if (apex !== undefined) byApex.get(apex)?.push(record);
  }
  return byApex;
}

function suffixesOf(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}
