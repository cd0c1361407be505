import { loadIsland } from '../../src/config/load.ts';
import { type Acquired, type AcquireRequest, acquire } from '../../src/hub/leases.ts';
import type { HeldLease, Outcome, Register, Terms } from '../../src/hub/register.ts';
import { newRegister } from '../../src/hub/register.ts';
import { createToken, formatToken, type TokenWish } from '../../src/hub/tokens.ts';
import { parseSubnet } from '../../src/model/ip.ts';
import type { Island } from '../../src/model/island.ts';
import { fakeRandom } from './fake-host.ts';
import { HUB_LINES } from './island.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 1);

/** The file of an island with workers: a pool of four addresses, 10.3.1.64 to 67. */
export function workersFile(pool = '10.3.1.64/30'): string {
  return `island: r2lab
${HUB_LINES}peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    link: vxlan
    networks:
      - { subnet: 192.168.3.0/24, gateway: 192.168.3.100 }
hosts:
  - { name: "fit[01-03]", address: "192.168.3.[1-3]", routes: ["10.244.[1-3].0/24"] }
workers: { pool: ${pool}, routes: [10.244.64.0/18] }
`;
}

/** What it means, with room for the ranges of workers that covers those of hosts. */
export function islandWith(pool?: string): Island {
  const island = loadIsland(workersFile(pool), 'r2lab.yaml');
  return {
    ...island,
    workers: island.workers && { ...island.workers, routes: [parseSubnet('10.244.0.0/16')] },
  };
}

export interface Desk {
  register: Register;
  terms: Terms;
  /** Lets time pass. */
  wait(ms: number): void;
  /** Makes a token and gives who proves it. */
  token(wish?: Partial<TokenWish>): string;
  /** What the hub says to a worker. */
  ask(request: Partial<AcquireRequest> & Pick<AcquireRequest, 'name' | 'identity'>): Outcome<Acquired>;
  /** The same where it must give the lease. */
  join(request: Partial<AcquireRequest> & Pick<AcquireRequest, 'name' | 'identity'>): HeldLease;
  /** Takes over what a transition gave; throws its refusal. */
  take<T>(outcome: Outcome<T>): T;
}

/** A hub in memory, with its register and its clock. */
export function deskOf(island = islandWith()): Desk {
  const random = fakeRandom();
  const desk: Desk = {
    register: newRegister(random),
    terms: { island, now: START, random },
    wait: (ms) => {
      desk.terms = { ...desk.terms, now: desk.terms.now + ms };
    },
    token: (wish = {}) => {
      const token = desk.take(createToken(desk.register, { ttlMs: DAY, ...wish }, desk.terms));
      return `token:${formatToken(token).slice(0, 8)}`;
    },
    ask: (request) => acquire(desk.register, { routes: [], takeover: false, ...request }, desk.terms),
    join: (request) => {
      const acquired = desk.take(desk.ask(request));
      if (acquired.kind === 'ask') throw new Error(`asked whether ${acquired.inner} is alive`);
      return acquired.lease;
    },
    take: (outcome) => {
      if (outcome.kind === 'refused') throw new Error(`${outcome.code}: ${outcome.message}`);
      desk.register = outcome.register;
      return outcome.value;
    },
  };
  return desk;
}
