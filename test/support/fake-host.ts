import { IslandError } from '../../src/errors.ts';
import type { ConfigFile, Host, Store, StoredFile } from '../../src/host/host.ts';
import { type BareHost, FakeKernel } from './fake-kernel.ts';

/** A machine in memory: the fake kernel, its files, and nobody else. */
export interface FakeHost extends Host {
  readonly kernel: FakeKernel;
  readonly files: Map<string, string>;
  /** As a process that is killed: whatever it does from now on fails, undoing included. */
  dead: boolean;
}

export interface FakeHostOptions extends BareHost {
  readonly hostname: string;
  readonly configs?: readonly ConfigFile[];
  readonly isRoot?: boolean;
}

export function fakeHost({ hostname, configs = [], isRoot = true, ...bare }: FakeHostOptions): FakeHost {
  const kernel = new FakeKernel(bare);
  const files = new Map<string, string>();
  const locks = new Set<string>();
  const host: FakeHost = {
    ...{ hostname, isRoot, kernel, files, dead: false },
    configFiles: (path) =>
      Promise.resolve(configs.filter((file) => path === undefined || file.path === path)),
    store: (island) => storeIn(files, island),
    joinedIslands: () =>
      Promise.resolve([...files.keys()].flatMap((key) => /^(.+)\/joined$/.exec(key)?.[1] ?? [])),
    observe: () => (host.dead ? Promise.reject(new Error('killed')) : Promise.resolve(kernel.observe())),
    listNft: () => Promise.resolve(kernel.listNft()),
    perform: (effect) => performOn(host, () => kernel.perform(effect)),
    require: () => undefined,
    exclusively: (island, work) => {
      if (locks.has(island))
        return Promise.reject(new IslandError('E_RETRY', `another island command is changing ${island}`));
      locks.add(island);
      return work().finally(() => locks.delete(island));
    },
    reach: () => Promise.resolve(undefined),
    now: () => 0,
  };
  return host;
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

function storeIn(files: Map<string, string>, island: string): Store {
  const keyOf = (name: StoredFile) => `${island}/${name}`;
  return {
    read: (name) => Promise.resolve(files.get(keyOf(name))),
    write: (name, text) => Promise.resolve(void files.set(keyOf(name), text)),
    remove: (name) => Promise.resolve(void files.delete(keyOf(name))),
  };
}
