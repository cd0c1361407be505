import type { Ipv4 } from '../model/ip.ts';
import type { Effect } from '../plan/effect.ts';
import type { Observed } from '../plan/observed.ts';

/** A file below /etc/island. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** What an island left on this host's disks; everything else is asked of the kernel. */
export interface Store {
  /** The text of `name`, undefined when it is not there. */
  read(name: StoredFile): Promise<string | undefined>;
  /** Replaces it atomically. */
  write(name: StoredFile, text: string): Promise<void>;
  remove(name: StoredFile): Promise<void>;
}

/** `joined` survives a reboot (/var/lib/island), `sysctls` must not (/run/island). */
export type StoredFile = 'joined' | 'sysctls';

/** Everything island may do to the machine it runs on. Nothing else in src/ has a side effect on it. */
export interface Host {
  readonly hostname: string;
  readonly isRoot: boolean;
  /** The island's file, or those of /etc/island when no path is given. */
  configFiles(path?: string): Promise<readonly ConfigFile[]>;
  store(island: string): Store;
  /** Names of the islands that this host has joined. */
  joinedIslands(): Promise<readonly string[]>;
  /** The kernel as it is now; `nftTable` is the one table of nftables that is read. */
  observe(nftTable: string): Promise<Observed>;
  /** The table as `nft list` prints it: what puts it back as it is. */
  listNft(nftTable: string): Promise<string>;
  /** Runs one effect to its end; rejects with E_APPLY, after which some of its lines may have run. */
  perform(effect: Effect): Promise<void>;
  /** Throws E_HOST_UNSUPPORTED when a program or kernel module that `effects` need is missing. */
  require(effects: readonly Effect[]): void;
  /** Runs `work` while no other island command changes this island here; E_RETRY when one does. */
  exclusively<T>(island: string, work: () => Promise<T>): Promise<T>;
  /** Milliseconds until `address` answered, undefined when it did not within `timeoutMs`. */
  reach(
    address: Ipv4,
    options: { readonly port: number; readonly timeoutMs: number },
  ): Promise<number | undefined>;
  /** Milliseconds of a clock that nobody sets. */
  now(): number;
}
