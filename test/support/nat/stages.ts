import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../daemon.ts';
import { eachOf } from '../each-of.ts';
import { mustIsland } from '../island.ts';
import type { Lab } from '../lab/lab.ts';
import { HUB } from './by-hand.ts';
import type { Column, Event, JoinedPlace, Place } from './cells.ts';
import {
  bulk,
  connectionFaults,
  fullSizeFaults,
  NEIGHBOUR,
  redirectAtWorker,
  redirectedBulkFaults,
  unreachedFromHub,
} from './checks.ts';
import { type JoinedWorker, joinWorker, type ServingHub } from './island-site.ts';
import { neglect } from './neglect.ts';
import { watchPings } from './outage.ts';
import { watchSilence } from './silence.ts';
import { changeOuter, forgetMappings, setMappingSeconds } from './site-lab.ts';

/** What a cell of the grid came to. */
export interface Result {
  readonly row: string;
  readonly column: Column;
  /** In words; [] where all is as it should be. */
  readonly faults: readonly string[];
  /** What was measured, for the table. */
  readonly note?: string;
}

/**
 * The keepalive of the island, and how long the NATs remember what is quiet: for the rows of shapes, and for the row
 * of a short memory. Both are scaled by 0.4 or less: it stands for 20 s, and for 30 s.
 */
export const KEEPALIVE_SECONDS = 8;
export const MEMORY_SECONDS = 13;
export const SHORT_MEMORY_SECONDS = 10;

/** The daemon on the hub looks every 2 s where workers are, and 3 ms later for each; a busy machine adds to that. */
export const LONGEST_OUTAGE_MS = KEEPALIVE_SECONDS * 1000 + 2000 + 114 * 3 + 500;

const JOINS_AT_ONCE = 12;
const WAYS_AT_ONCE = 6;

/** Joins every worker of every place, many at a time. */
export async function joinPlaces(
  lab: Lab,
  all: readonly Place[],
  hub: ServingHub,
): Promise<{ places: JoinedPlace[]; results: Result[] }> {
  const names = all.flatMap(({ site }) => site.workers);
  const joined = await eachOf(names, JOINS_AT_ONCE, (name) => joinWorker(lab.host(name), hub));
  const byName = new Map(joined.map((worker) => [worker.host.name, worker]));
  const places = all.map((place) => ({
    ...place,
    workers: place.site.workers.flatMap((name) => byName.get(name) ?? []),
  }));
  await eachOf(places.flatMap(speakersOf), WAYS_AT_ONCE, async (worker) => {
    await redirectAtWorker(lab, worker);
    await worker.host.agent();
  });
  return { places, results: places.map((place) => resultOf(place, place.site.shape, [])) };
}

/** The workers that open connections; the others are asked for by ping. */
function speakersOf({ workers }: JoinedPlace): readonly JoinedWorker[] {
  return workers.slice(0, 2);
}

function resultOf({ count }: Place, row: string, faults: readonly string[], note?: string): Result {
  return { row, column: count, faults, ...(note !== undefined && { note }) };
}

/** Everything both ways, for each place. */
export async function tryWays(
  lab: Lab,
  places: readonly JoinedPlace[],
  rowOf: (place: JoinedPlace) => string,
): Promise<Result[]> {
  const unreached = await unreachedFromHub(lab, workersOf(places));
  return eachOf(places, WAYS_AT_ONCE, async (place) => {
    const speakers = speakersOf(place);
    const faults = [
      ...unreached.filter((fault) => isAbout(place, fault)),
      ...(await Promise.all(place.workers.map(fullSizeFaults))).flat(),
      ...(await Promise.all(speakers.map((worker) => connectionFaults(lab, worker)))).flat(),
      ...(await Promise.all(speakers.map((worker) => redirectedBulkFaults(lab, worker)))).flat(),
    ];
    return resultOf(place, rowOf(place), faults);
  });
}

/** Bytes each way: 100 MB where a worker is alone, else 10 MB for each of two. */
export function carryBytes(places: readonly JoinedPlace[], alone: number): Promise<Result[]> {
  return eachOf(places, 2, async (place) => {
    const megabytes = place.count === 1 ? alone : 10;
    const results = await Promise.all(speakersOf(place).map((worker) => bulk(worker, megabytes)));
    const slowest = Math.max(...results.map(({ ms }) => ms));
    return resultOf(
      place,
      place.site.shape,
      results.flatMap(({ faults }) => faults),
      `${megabytes} MB ${(slowest / 1000).toFixed(1)} s`,
    );
  });
}

/** What a quiet time came to. */
export interface Quiet {
  readonly results: readonly Result[];
  /** The longest time without a packet from a worker that is looked after. */
  readonly silenceMs: number;
  readonly sources: number;
  /** Who was not looked after, and who of them was out of reach in the end. */
  readonly neglected: readonly string[];
  readonly lost: readonly string[];
}

export interface QuietOptions {
  /** Longer than any NAT remembers. */
  readonly seconds: number;
  /** Of the places of this size, the last worker behind a NAT is not looked after meanwhile. */
  readonly neglected: Column;
}

/** Nobody sends anything until every mapping would be forgotten; then the hub, and a host of its network, speak first. */
export async function beQuiet(
  lab: Lab,
  places: readonly JoinedPlace[],
  options: QuietOptions,
): Promise<Quiet> {
  const controls = places
    .filter(({ site, count }) => count === options.neglected && site.shape !== 'none')
    .flatMap(({ workers }) => workers.slice(-1));
  await Promise.all(controls.map(({ host }) => neglect(host)));
  const silence = await watchSilence(lab.host(HUB.name));
  await delay(1000 * options.seconds);
  const seen = await silence.end();
  const neglected = controls.map(({ host }) => host.name);
  const unreached = await unreachedFromHub(lab, workersOf(places));
  const lost = neglected.filter((name) => unreached.some((fault) => fault.startsWith(`${name}:`)));
  await Promise.all(controls.map(({ host }) => mustIsland(host, 'join')));
  const results = await speakFirst(lab, places, {
    rowOf: ({ site }) => site.shape,
    unreached: unreached.filter((fault) => !neglected.some((name) => fault.startsWith(`${name}:`))),
  });
  return { results, silenceMs: seen.longestMs, sources: seen.sources, neglected, lost };
}

interface Spoken {
  readonly rowOf: (place: JoinedPlace) => string;
  readonly unreached: readonly string[];
}

function speakFirst(lab: Lab, places: readonly JoinedPlace[], spoken: Spoken): Promise<Result[]> {
  return eachOf(places, WAYS_AT_ONCE, async (place) => {
    const connections = await Promise.all(speakersOf(place).map((worker) => connectionFaults(lab, worker)));
    const faults = [...spoken.unreached.filter((fault) => isAbout(place, fault)), ...connections.flat()];
    return resultOf(place, spoken.rowOf(place), faults);
  });
}

/** Every NAT remembers for a short time only; after a quiet time the hub speaks first. */
export async function shortenMemory(lab: Lab, places: readonly JoinedPlace[]): Promise<Result[]> {
  await Promise.all(places.map(({ site }) => setMappingSeconds(lab, site, SHORT_MEMORY_SECONDS)));
  // It counts from the next packet on.
  await unreachedFromHub(lab, workersOf(places));
  await delay(1000 * (SHORT_MEMORY_SECONDS + 2));
  const unreached = await unreachedFromHub(lab, workersOf(places));
  return speakFirst(lab, places, { rowOf: () => 'mapping timeout of 30 s', unreached });
}

/** Something happens at every NAT under connections to the first worker of each; time until all is well again. */
export async function strike(lab: Lab, places: readonly JoinedPlace[], event: Event): Promise<Result[]> {
  const first = places.flatMap(({ workers }) => workers.slice(0, 1));
  const pings = await watchPings(
    lab.host(HUB.name),
    first.map(({ inner }) => inner),
  );
  const neighbour = await lab.host(NEIGHBOUR.name).agent();
  const connections = first.map(({ inner }) => neighbour.ask({ op: 'trickle', address: inner, ...TRICKLE }));
  await delay(500);
  await Promise.all(places.map(({ site }) => happen(lab, site, event)));
  await within(3 * LONGEST_OUTAGE_MS, event, async () => {
    return (await unreachedFromHub(lab, workersOf(places))).length === 0;
  }).catch(() => undefined);
  const trickled = await Promise.all(connections);
  const outages = await pings.end();
  const ways = await tryWays(lab, places, () => event);
  return ways.map((result, index) => {
    const outageMs = outages[index] ?? Number.POSITIVE_INFINITY;
    const { ok, error } = trickled[index] ?? { ok: false, error: 'not there' };
    const name = places[index]?.site.name;
    const faults = [
      ...result.faults,
      ...(ok ? [] : [`${name}: the connection did not live on: ${error}`]),
      ...(outageMs > LONGEST_OUTAGE_MS ? [`${name}: out of reach for ${outageMs} ms`] : []),
    ];
    return { ...result, faults, note: `${outageMs}` };
  });
}

/** Nine seconds, and until all has arrived. */
const TRICKLE = { port: 7007, bytes: 45, everyMs: 200, deadlineMs: 40_000 } as const;

function happen(lab: Lab, site: Place['site'], event: Event): Promise<unknown> {
  return event === 'conntrack flushed' ? forgetMappings(lab, site) : changeOuter(lab, site);
}

function workersOf(places: readonly JoinedPlace[]): JoinedWorker[] {
  return places.flatMap(({ workers }) => workers);
}

function isAbout({ site }: Place, fault: string): boolean {
  return fault.startsWith(`${site.name}-w`);
}
