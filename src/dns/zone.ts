import type { DnsRecord, Island } from '../model/island.ts';
import { tunnelName } from '../model/names.ts';
import type { Worker } from '../model/worker.ts';
import { type NamedAddress, namedAddresses, reverseApexes, reverseName } from '../model/zone.ts';
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
  const apexes = reverseApexes(island);
  const ofSubnet = new Set(subnetApexes(island));
  const pointers = groupedBy(apexes, pointersOf(island, named));
  return [
    {
      apex: island.zone,
      records: [...startOf(setting, island.zone), ...forwardOf(island, named)],
      isPartial,
    },
    ...apexes.map((apex) => ({
      apex,
      records: [...startOf(setting, apex), ...(pointers.get(apex) ?? [])],
      isPartial: isPartial && ofSubnet.has(apex),
    })),
  ];
}

function forwardOf(island: Island, named: readonly NamedAddress[]): readonly ZoneRecord[] {
  const addresses = new Map<string, string>(named.map(({ name, address }) => [name, address]));
  // RFC 2181 section 5: a record is in a set once, and what the file says may have become that of a worker.
  const others = island.dns.records.filter(
    ({ name, type, value }) => type !== 'A' || addresses.get(name) !== value,
  );
  return [
    ...named.map(({ name, address }) => recordOf(island, { name, type: 'A', value: address })),
    ...others.map((record) => recordOf(island, record)),
  ];
}

/** An address that has two names is first that of a host, and then the end of its link. */
function pointersOf({ zone, dns }: Island, named: readonly NamedAddress[]): readonly ZoneRecord[] {
  const names = new Map(named.toReversed().map(({ name, address }) => [address, name]));
  return named
    .filter(({ name, address }) => names.get(address) === name)
    .map(({ name, address }) => ({
      owner: reverseName(address),
      type: 'PTR' as const,
      ttl: dns.ttlSeconds,
      value: `${name}.${zone}.`,
    }));
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

function subnetApexes(island: Island): readonly string[] {
  return reverseApexes({
    ...island,
    hub: { ...island.hub, networks: [] },
    peers: island.peers.map((peer) => ({ ...peer, networks: [] })),
  });
}

/** The records at or below each apex, of which every name has at most one: they are never nested. */
function groupedBy(apexes: readonly string[], records: readonly ZoneRecord[]): Map<string, ZoneRecord[]> {
  const byApex = new Map(apexes.map((apex): [string, ZoneRecord[]] => [apex, []]));
  for (const record of records) {
    let apex = record.owner;
    while (apex !== '' && !byApex.has(apex)) apex = parentOf(apex);
    byApex.get(apex)?.push(record);
  }
  return byApex;
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1);
}
