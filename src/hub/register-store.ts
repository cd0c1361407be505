import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { newRegister, type Outcome, type Refusal, type Register } from './register.ts';
import { formatRegister, parseRegister } from './register-file.ts';

/** The part of the host that keeps the register. */
export type RegisterHost = Pick<Host, 'store' | 'inTurn' | 'random'>;

/** What is to become of the register: pure, since it may be asked again. */
export type Change<T> = (register: Register) => Outcome<T>;

export interface RegisterStore {
  /** The register as it is on disk, undefined before the first change. */
  read(): Promise<Register | undefined>;
  /** The same at once: read again only where the file has changed. */
  current(): Register | undefined;
  /** Resolves when what the change gave is on the disk; rejects with its refusal as an IslandError. */
  update<T>(change: Change<T>): Promise<T>;
}

/** One change of the register, for a command that makes no other. */
export function updateRegister<T>(host: RegisterHost, island: string, change: Change<T>): Promise<T> {
  return registerStore(host, island).update(change);
}

export function readRegister(host: RegisterHost, island: string): Promise<Register | undefined> {
  return registerStore(host, island).read();
}

/**
 * The register of an island in a file, which every process of this host may change: it is read anew for each
 * change, under a lock. Changes that come while one is written go to the disk together: a hundred workers that
 * join at once cost a few writes.
 */
export function registerStore(host: RegisterHost, island: string): RegisterStore {
  const file = fileOf(host, island);
  let waiting: Entry[] = [];
  let isWriting = false;
  const writeAll = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await write(host, { island, file, batch });
    }
    isWriting = false;
  };
  return {
    read: async () => (await file.read())?.register,
    current: () => file.current()?.register,
    update: (change) =>
      new Promise((resolve, reject) => {
        waiting.push(entryOf(change, { resolve, reject }));
        if (!isWriting) void writeAll();
      }),
  };
}

/** A change that waits, without the type of what it gives: whoever waits for it knows that. */
interface Entry {
  /** The register after it, and what to tell once that is on the disk. */
  readonly apply: (register: Register) => { readonly register: Register; readonly settle: () => void };
  readonly fail: (cause: unknown) => void;
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (cause: unknown) => void;
}

function entryOf<T>(change: Change<T>, { resolve, reject }: Waiter<T>): Entry {
  return {
    apply: (register) => {
      const outcome = outcomeOf(change, register);
      if (outcome.kind === 'granted') {
        return { register: outcome.register, settle: () => resolve(outcome.value) };
      }
      const cause = outcome.kind === 'refused' ? errorOf(outcome) : outcome.cause;
      return { register, settle: () => reject(cause) };
    },
    fail: reject,
  };
}

/** A change that fails by a mistake of ours must not take those along that are written with it. */
function outcomeOf<T>(change: Change<T>, register: Register) {
  try {
    return change(register);
  } catch (cause) {
    return { kind: 'failed' as const, cause };
  }
}

function errorOf({ code, message, hint }: Refusal): IslandError {
  return new IslandError(code, message, { hint });
}

interface Writing {
  readonly island: string;
  readonly file: RegisterFile;
  readonly batch: readonly Entry[];
}

/** Nobody is told anything before it is on the disk. */
async function write(host: RegisterHost, { island, file, batch }: Writing): Promise<void> {
  try {
    const settled = await host.inTurn(island, async () => {
      const found = await file.read();
      const before = found?.register ?? newRegister(host.random);
      let register = before;
      const told = batch.map((entry) => {
        const applied = entry.apply(register);
        register = applied.register;
        return applied.settle;
      });
      if (found === undefined || register !== before) await file.write(register);
      return told;
    });
    for (const settle of settled) settle();
  } catch (cause) {
    for (const entry of batch) entry.fail(cause);
  }
}

interface RegisterFile {
  read(): Promise<{ readonly register: Register } | undefined>;
  current(): { readonly register: Register } | undefined;
  write(register: Register): Promise<void>;
}

/** Remembers what the last text meant: to parse 10 000 leases takes longer than to see that they are the same. */
function fileOf(host: RegisterHost, island: string): RegisterFile {
  const store = host.store(island);
  let last: { readonly text: string; readonly register: Register } | undefined;
  let stamp: string | undefined;
  const meaningOf = (text: string | undefined) => {
    if (text === undefined) return undefined;
    if (last?.text !== text) last = { text, register: parseRegister(text, island) };
    return last;
  };
  return {
    read: async () => meaningOf(await store.read('workers')),
    current: () => {
      const now = store.stamp('workers');
      if (now === undefined) return undefined;
      const found = now === stamp ? last : meaningOf(store.readNow('workers'));
      stamp = now;
      return found;
    },
    write: async (register) => {
      const text = formatRegister(register);
      await store.write('workers', text);
      last = { text, register };
      // Nobody else may write before the lock is given back: this is the stamp of that text.
      stamp = store.stamp('workers');
    },
  };
}
