import { type Ipv4, toNumber } from './ip.ts';
import type { Island, LinkEnd } from './island.ts';

/** Protocol number of every route and rule of ours: one that /etc/iproute2/rt_protos leaves free. */
export const ISLAND_PROTOCOL = 110;

const PRIORITY_BASE = 10_000;
const PRIORITY_SLOTS = 2500;
const RULES_PER_SLOT = 8;
const SIDE_TABLE_STEP = 65_536;

/** Where the rules of one island stand: between `local` (0) and `main` (32766), the lookup of our table last. */
export interface RulePriorities {
  /** What must stay on the underlay: looked up before our table. */
  readonly exempt: number;
  /** The fallback of `exempt`, for the outer packets that its table throws. */
  readonly exemptMain: number;
  readonly lookup: number;
}

export function prioritiesOf(port: number): RulePriorities {
  const first = PRIORITY_BASE + (port % PRIORITY_SLOTS) * RULES_PER_SLOT;
  return { exempt: first, exemptMain: first + 1, lookup: first + RULES_PER_SLOT - 1 };
}

/**
 * UDP and TCP port of `island echo`; a vxlan link has the island's own. No island whose rules fit beside this
 * one's can have it: `portsClash`.
 */
export function echoPortOf({ port }: Island): number {
  const step = 4 * PRIORITY_SLOTS;
  return port + step <= 65_535 ? port + step : port - step;
}

/** Whether two islands with these ports can live on one host: their rules must not interleave. */
export function portsClash(a: number, b: number): boolean {
  return a % PRIORITY_SLOTS === b % PRIORITY_SLOTS;
}

/** The routing table of the island, and the group number of its links. */
export function tableOf(island: Island): number {
  return island.port;
}

/** Further tables of the island: a hub's for outer packets (plan/exempt.ts), a member's for its other addresses. */
export function sideTableOf(port: number, index = 0): number {
  return port + SIDE_TABLE_STEP * (index + 1);
}

/** Whether `table` is one of those that belong to the island of that port. */
export function isTableOf(port: number, table: number): boolean {
  return table % SIDE_TABLE_STEP === port && table < SIDE_TABLE_STEP * RULES_PER_SLOT;
}

/** All of those. */
export function tablesOf(port: number): number[] {
  const sides = Array.from({ length: RULES_PER_SLOT - 1 }, (_, index) => sideTableOf(port, index));
  return [port, ...sides];
}

export function vniOf(island: Island): number {
  return island.port;
}

/**
 * Name of a link, at most 15 bytes (IFNAMSIZ - 1): a few letters of the peer for the reader and a hash of
 * island and peer, so that two islands on one host never share one. The full name is the link's alias.
 */
export function linkNameOf(island: string, peer: string): string {
  const letters = peer.replace(/[^a-z0-9]/g, '').slice(0, 4);
  return `isl-${letters}${letters === '' ? '' : '-'}${hashOf(`${island}/${peer}`).toString(36).padStart(7, '0').slice(-6)}`;
}

/** What `peer` is in the name and alias of the one vxlan link that all vxlan peers of a hub share. */
export const SHARED = '+vxlan';

export function aliasOf(island: string, peer: string): string {
  return `island:${island}/${peer}`;
}

/** The nftables table of an island, in the family inet. */
export function nftTableOf(island: string): string {
  return `island-${island}`;
}

/**
 * MAC of a link end on a vxlan link: locally administered, a hash of the island, the inner address.
 * Both ends derive it, and with the inner address in it no two ends of an island can share one.
 */
export function macOf(island: string, end: LinkEnd): string {
  const bytes = [0x02, hashOf(island) & 0xff, ...bytesOf(end.inner)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function bytesOf(address: Ipv4): readonly number[] {
  const value = toNumber(address);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}

/** FNV-1a, 32 bits, with a final avalanche (murmur3's): names that differ in one digit must differ in every letter of the hash. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
