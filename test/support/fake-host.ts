import { IslandError } from '../../src/errors.ts';
import type { ConfigFile, Host, Store, StoredFile } from '../../src/host/host.ts';
import type { Session } from '../../src/model/session.ts';
import { type BareHost, FakeKernel } from './fake-kernel.ts';

/** A machine in memory: the fake kernel, its files, and nobody else. */
export interface FakeHost extends Host {
  readonly kernel: FakeKernel;
  readonly files: Map<string, string>;
  /** As a process that is killed: whatever it does from now on fails, undoing included. */
  dead: boolean;
  /** Of the islands for which a watcher was started and still is; it does nothing by itself. */
  readonly watched: Set<string>;
  ssh: Session | undefined;
  uptimeMs: number;
  dateMs: number;
}

export interface FakeHostOptions extends BareHost {
  readonly hostname: string;
  readonly configs?: readonly ConfigFile[];
  readonly isRoot?: boolean;
}

/** Where process 1 is not systemd. */
export const NO_UNITS: Host['unitFiles'] = {
  see: () => {
    throw new Error('no systemd');
  },
  haveTemplate: () => false,
  write: () => Promise.reject(new Error('no systemd')),
  remove: () => Promise.reject(new Error('no systemd')),
  faultsOf: () => Promise.resolve([]),
};

/** There is no network around a host in memory. */
function nobody(): Promise<never> {
  return Promise.reject(new IslandError('E_RETRY', 'no answer'));
}

export function fakeHost({ hostname, configs = [], isRoot = true, ...bare }: FakeHostOptions): FakeHost {
  const kernel = new FakeKernel(bare);
  const files = new Map<string, string>();
  const locks = new Set<string>();
  const turns = new Map<string, Promise<unknown>>();
  const random = fakeRandom();
  const host: FakeHost = {
    ...{ hostname, isRoot, kernel, files, dead: false, watched: new Set(), ssh: undefined },
    ...{ uptimeMs: 0, dateMs: Date.UTC(2026, 0, 1) },
    configFiles: (path) =>
      Promise.resolve(configs.filter((file) => path === undefined || file.path === path)),
    store: (island) => storeIn(files, island),
    joinedIslands: () => Promise.resolve(islandsWith(files, 'joined')),
    pendingIslands: () => Promise.resolve(islandsWith(files, 'confirm')),
    watcher: {
      start: (island) => Promise.resolve(void host.watched.add(island)),
      isRunning: (island) => Promise.resolve(host.watched.has(island)),
      run: (island, work) => {
        host.watched.add(island);
        return work().finally(() => host.watched.delete(island));
      },
    },
    tokenText: (source) => Promise.resolve(source),
    machine: () => undefined,
    hubLine: () => ({ hello: nobody, join: nobody, release: nobody }),
    systemd: () => Promise.resolve(undefined),
    unitFiles: NO_UNITS,
    session: () => host.ssh,
    observe: () => (host.dead ? Promise.reject(new Error('killed')) : Promise.resolve(kernel.observe())),
    hostsFile: () => kernel.observe().hostsFile,
    listNft: () => Promise.resolve(kernel.listNft()),
    perform: (effect) => performOn(host, () => kernel.perform(effect)),
    require: () => undefined,
    exclusively: (island, work) => {
      if (locks.has(island))
        return Promise.reject(new IslandError('E_RETRY', `another island command is changing ${island}`));
      locks.add(island);
      return work().finally(() => locks.delete(island));
    },
    inTurn: (island, work) => {
      const turn = (turns.get(island) ?? Promise.resolve()).then(work);
      turns.set(
        island,
        turn.catch(() => undefined),
      );
      return turn;
    },
    asDaemon: (_, work) => work(),
    watch: () => ({ close: () => Promise.resolve() }),
    seenEndpoints: () => Promise.resolve(undefined),
    fdbOf: () => Promise.resolve([]),
    reach: () => Promise.resolve(undefined),
    echo: () => Promise.resolve(() => undefined),
    portOwner: () => Promise.resolve(undefined),
    reversePath: () => new Map(),
    ask: () => Promise.resolve({ state: 'silent' }),
    askServer: () => Promise.resolve({ state: 'silent' }),
    findName: () => Promise.resolve({ state: 'found', values: [] }),
    random,
    date: () => host.dateMs,
    now: () => 0,
    uptime: () => host.uptimeMs,
  };
  return host;
}

/** Bytes that look random and are the same in each run (xorshift32). */
export function fakeRandom(seed = 1): (bytes: number) => Uint8Array {
  let state = seed;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    });
}

function performOn(host: FakeHost, perform: () => void): Promise<void> {
  if (host.dead) return Promise.reject(new Error('killed'));
  try {
    perform();
    return Promise.resolve();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return Promise.reject(new IslandError('E_APPLY', message, { cause }));
  }
}

function islandsWith(files: ReadonlyMap<string, string>, name: StoredFile): string[] {
  return [...files.keys()].flatMap((key) => (key.endsWith(`/${name}`) ? [key.split('/')[0] ?? ''] : []));
}

function storeIn(files: Map<string, string>, island: string): Store {
  const keyOf = (name: StoredFile) => `${island}/${name}`;
  return {
    read: (name) => Promise.resolve(files.get(keyOf(name))),
    readNow: (name) => files.get(keyOf(name)),
    stamp: (name) => files.get(keyOf(name)),
    write: (name, text) => Promise.resolve(void files.set(keyOf(name), text)),
    remove: (name) => Promise.resolve(void files.delete(keyOf(name))),
  };
}
