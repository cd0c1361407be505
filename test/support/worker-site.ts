import fc from 'fast-check';
import { type Acquired, type AcquireRequest, acquire, release } from '../../src/hub/leases.ts';
import { pin, unpin } from '../../src/hub/pins.ts';
import type { Lease, Outcome, Register, Terms } from '../../src/hub/register.ts';
import { registerStore } from '../../src/hub/register-store.ts';
import { createToken } from '../../src/hub/tokens.ts';
import { parseIpv4 } from '../../src/model/ip.ts';
import { fakeHost } from './fake-host.ts';
import { islandWith } from './register.ts';

/** An island with four addresses for workers, and more names than that. */
export const ISLAND = islandWith('10.3.1.64/30');
export const ADDRESSES = ['10.3.1.64', '10.3.1.65', '10.3.1.66', '10.3.1.67'].map(parseIpv4);
const NAMES = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'w6'];

/** What may happen to the worker of a name. */
export interface Happening {
  readonly name: string;
  readonly kind: 'join' | 'take over' | 'rejoin' | 'leave' | 'forget' | 're-image' | 'die' | 'pin' | 'unpin';
  /** Ranges that it asks for; the address for a pin. */
  readonly number: number;
  /** The hub is killed before the next write is on the disk, or after it and before it was acknowledged. */
  readonly killed: 'before' | 'after' | undefined;
  readonly hours: number;
}

const kind = fc.oneof(
  { weight: 8, arbitrary: fc.constant('join' as const) },
  { weight: 4, arbitrary: fc.constantFrom('leave' as const, 're-image' as const) },
  { weight: 2, arbitrary: fc.constantFrom('rejoin' as const, 'die' as const, 'take over' as const) },
  { weight: 1, arbitrary: fc.constantFrom('forget' as const, 'pin' as const, 'unpin' as const) },
);
const killed = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('before' as const, 'after' as const) },
);

export const happening: fc.Arbitrary<Happening> = fc.record({
  ...{ name: fc.constantFrom(...NAMES), kind, number: fc.nat(5), killed, hours: fc.nat(3) },
});

/** The hub and the workers that it knows, of which the hub alone keeps what it says on a disk. */
export interface Site {
  /** What is on the disk. */
  register(): Promise<Register>;
  /** What the worker or the operator was told; undefined where that was a refusal, or nothing, since the hub was killed. */
  live(event: Happening): Promise<Lease | undefined>;
}

interface Machine {
  readonly id: string;
  readonly isAlive: boolean;
}

export async function siteWith(): Promise<Site> {
  const host = fakeHost({ hostname: 'sopnode-l1', links: {} });
  const disk = host.store(ISLAND.name);
  let pending: Happening['killed'];
  const write = async (file: 'workers', text: string) => {
    const at = pending;
    pending = undefined;
    if (at === 'before') throw new Error('killed');
    await disk.write(file, text);
    if (at === 'after') throw new Error('killed');
  };
  const kept = { ...host, store: () => ({ ...disk, write }) };
  let store = registerStore(kept, ISLAND.name);
  const change = async <T>(transition: (register: Register, terms: Terms) => Outcome<T>) => {
    const terms = { island: ISLAND, now: host.dateMs, random: host.random };
    try {
      return await store.update((register) => transition(register, terms));
    } catch (error) {
      if (error instanceof Error && error.message === 'killed') store = registerStore(kept, ISLAND.name);
      return undefined;
    }
  };

  const token = await change((register, terms) => createToken(register, { ttlMs: 1e12 }, terms));
  const machines = new Map<string, Machine>();
  const join = (of: string, changes: Partial<AcquireRequest>): Promise<Acquired | undefined> => {
    const request = { identity: `token:${token?.id}`, name: of, routes: [], takeover: false, ...changes };
    return change((register, terms) => acquire(register, request, terms));
  };
  const joinAsking = async (of: string, changes: Partial<AcquireRequest>): Promise<Lease | undefined> => {
    const machine = machines.get(of) ?? { id: `first of ${of}`, isAlive: true };
    const first = await join(of, { machine: machine.id, ...changes });
    const asked = first?.kind === 'ask' ? { mac: first.mac, answered: machine.isAlive } : undefined;
    const acquired = asked === undefined ? first : await join(of, { machine: machine.id, ...changes, asked });
    if (acquired?.kind !== 'lease') return undefined;
    machines.set(of, { ...machine, isAlive: true });
    return acquired.lease;
  };

  const act = ({ name, kind: verb, number }: Happening): Promise<Lease | undefined> | undefined => {
    const routes = number === 0 ? [] : [`10.244.${number + 10}.0/24`];
    switch (verb) {
      case 'join':
      case 'take over':
        return joinAsking(name, { routes, takeover: verb === 'take over' });
      case 'rejoin':
        return joinAsking(name, { identity: `lease:${name}`, routes });
      case 'leave':
      case 'forget':
        return change((register, { now }) => release(register, { name, forget: verb === 'forget' }, now));
      case 're-image':
        machines.set(name, { id: `${host.dateMs} of ${name}`, isAlive: false });
        return undefined;
      case 'die':
        machines.set(name, { id: `first of ${name}`, ...machines.get(name), isAlive: false });
        return undefined;
      case 'pin':
        return change((register, terms) => pin(register, { name, address: ADDRESSES[number] }, terms));
      case 'unpin':
        return change((register) => unpin(register, name));
    }
  };
  return {
    register: async () => {
      const register = await registerStore(host, ISLAND.name).read();
      if (register === undefined) throw new Error('no register');
      return register;
    },
    live: async (event) => {
      host.dateMs += event.hours * 3_600_000;
      pending = event.killed;
      const told = await act(event);
      pending = undefined;
      return told;
    },
  };
}
