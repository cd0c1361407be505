import type { DnsAnswer, DnsQuestion } from '../dns/client.ts';
import type { HubClient } from '../hub/client.ts';
import type { Endpoint, PortOwner } from '../model/endpoint.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Session } from '../model/session.ts';
import type { Effect } from '../plan/effect.ts';
import type { HostsFile, Observed, ObservedFdbEntry } from '../plan/observed.ts';
import type { Answer, Question } from '../probe/question.ts';
import type { Found, Sought } from './find.ts';
import type { Systemd } from './systemd.ts';
import type { UnitFiles } from './unit-files.ts';

/** A file below /etc/island. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** What an island left on this host's disks; everything else is asked of the kernel. */
export interface Store {
  /** The text of `name`, undefined when it is not there. */
  read(name: StoredFile): Promise<string | undefined>;
  /** The same at once, for who cannot wait: it is in the kernel's cache. */
  readNow(name: StoredFile): string | undefined;
  /** Another one for each change of it; undefined when it is not there. */
  stamp(name: StoredFile): string | undefined;
  /** Replaces it atomically. */
  write(name: StoredFile, text: string): Promise<void>;
  remove(name: StoredFile): Promise<void>;
}

/**
 * These survive a reboot (/var/lib/island): under which name it `joined`; what a hub handed out to `workers`; and
 * where it joined with a token, the island's file as the hub has it (`config`), and the `lease` of a worker. The
 * others must not (/run/island): `sysctls`, until when a join waits for `confirm`, what was there `before` it, and
 * what the responder of `dns` has counted.
 * `workers`, `lease` and `before` only root may read.
 */
export type StoredFile = 'joined' | 'workers' | 'config' | 'lease' | 'sysctls' | 'confirm' | 'before' | 'dns';

/** The process that undoes a join which nobody confirms. */
export interface Watcher {
  /** Starts it where no end of this process, its session or its terminal reaches it; resolves when it watches. */
  start(island: string): Promise<void>;
  isRunning(island: string): Promise<boolean>;
  /** Runs `work` as the one watcher of the island here; E_RETRY when there is one. */
  run<T>(island: string, work: () => Promise<T>): Promise<T>;
}

/** Which changes of the kernel are of interest. */
export interface WatchScope {
  /** The island's file where it is none of /etc/island. */
  readonly config?: string | undefined;
  /** The island's table of nftables. */
  readonly nftTable: string;
  /** The link whose forwarding entries nobody but this process changes. */
  readonly learned: () => string | undefined;
  /** Chains of others, each as `ip filter FORWARD`, in which a rule may be ours or in our way. */
  readonly chains: () => ReadonlySet<string>;
}

/** What a watch tells. `missed` says that there may have been changes of which it did not hear. */
export type News =
  | { readonly kind: 'changed'; readonly what: string }
  /** A worker has sent something from elsewhere than before; or `isGone`, an entry that says where one is is not there any more. */
  | { readonly kind: 'moved'; readonly isGone: boolean }
  | { readonly kind: 'missed'; readonly tool: string; readonly reason: string };

export interface Watch {
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** Where a packet of a worker came from. */
export interface SeenEndpoint {
  readonly mac: string;
  readonly address: Ipv4;
  readonly port: number;
  /** Until it is forgotten, unless there is another packet. */
  readonly expiresSeconds: number;
}

/** Everything island may do to the machine it runs on. Nothing else in src/ has a side effect on it. */
export interface Host {
  readonly hostname: string;
  readonly isRoot: boolean;
  /** The island's file, or those of /etc/island when no path is given. */
  configFiles(path?: string): Promise<readonly ConfigFile[]>;
  store(island: string): Store;
  /** Names of the islands that this host has joined. */
  joinedIslands(): Promise<readonly string[]>;
  /** Names of the islands of which a join waits to be confirmed. */
  pendingIslands(): Promise<readonly string[]>;
  /** The kernel as it is now; `nftTable` is the one table of nftables that is read. */
  observe(nftTable: string): Promise<Observed>;
  /** /etc/hosts as it is; undefined where there is none, or it cannot be read. */
  hostsFile(): HostsFile | undefined;
  /** The table as `nft list` prints it: what puts it back as it is. */
  listNft(nftTable: string): Promise<string>;
  /** Runs one effect to its end; rejects with E_APPLY, after which some of its lines may have run. */
  perform(effect: Effect): Promise<void>;
  /** Throws E_HOST_UNSUPPORTED when a program or kernel module that `effects` need is missing. */
  require(effects: readonly Effect[]): void;
  /** Runs `work` while no other island command changes this island here; E_RETRY when one does, a little later where a daemon runs. */
  exclusively<T>(island: string, work: () => Promise<T>): Promise<T>;
  /** Runs `work` while no other process changes what the hub hands out; waits for that up to 5 s, then E_RETRY. */
  inTurn<T>(island: string, work: () => Promise<T>): Promise<T>;
  /** Runs `work` as the one daemon of the island here; E_RETRY when there is one. */
  asDaemon<T>(island: string, work: () => Promise<T>): Promise<T>;
  /** Tells of changes to links, addresses, routes, rules, neighbours, sysctls, nftables, the file and what finds names from now on. */
  watch(scope: WatchScope, tell: (news: News) => void): Watch;
  /** What the set `seen` of the table has; undefined where there is no such set. */
  seenEndpoints(nftTable: string): Promise<readonly SeenEndpoint[] | undefined>;
  /** The forwarding entries of one link; none where it does not exist. */
  fdbOf(link: string): Promise<readonly ObservedFdbEntry[]>;
  readonly watcher: Watcher;
  /** Process 1, to be closed after use; undefined where it is not systemd. */
  systemd(): Promise<Systemd | undefined>;
  readonly unitFiles: UnitFiles;
  /** The SSH session in which the command was given; undefined when there is none, or none over IPv4. */
  session(): Session | undefined;
  /** Milliseconds until `address` answered, undefined when it did not within `timeoutMs`. */
  reach(
    address: Ipv4,
    options: { readonly port: number; readonly timeoutMs: number },
  ): Promise<number | undefined>;
  /** `rp_filter` of each link by name, and of `all`. */
  reversePath(): ReadonlyMap<string, string>;
  /** Asks the network; what does not answer within `timeoutMs` is silent. */
  ask(question: Question, timeoutMs: number): Promise<Answer>;
  /** Asks one name server. */
  askServer(question: DnsQuestion, timeoutMs: number): Promise<DnsAnswer>;
  /** Asks what programs of this host are told, however it is that they find names. */
  findName(sought: Sought, timeoutMs: number): Promise<Found>;
  /** Answers at an address with what it sees of who asks, until the function it gives is called; E_APPLY when it cannot. */
  echo(options: {
    readonly address: Ipv4;
    readonly port: number;
    readonly admits: (source: string) => Promise<boolean>;
    /** Who is sent a greeting once a second. */
    readonly greets: readonly Ipv4[];
  }): Promise<() => void>;
  /** Who has a port of this host, and how to make it let go; undefined when that is not seen. */
  portOwner(endpoint: Endpoint): Promise<PortOwner | undefined>;
  /** So many bytes that nobody can guess. */
  random(bytes: number): Uint8Array;
  /** Milliseconds since 1970, by the clock on the wall: it may be set. */
  date(): number;
  /** The token that is named on the command line: itself, `-` for standard input, or `file:PATH`. */
  tokenText(source: string): Promise<string>;
  /** Stands for this machine towards one island; undefined where it has no id. */
  machine(island: string): string | undefined;
  /** Speaks with the control API of a hub; connects with the first question. */
  hubLine(options: {
    readonly hub: Ipv4;
    readonly port: number;
    /** `token:<id>` or `lease:<name>`, and the key that proves it. */
    readonly identity: string;
    readonly key: string;
    /** For each question. */
    readonly timeoutMs?: number;
  }): HubClient;
  /** Milliseconds of a clock that nobody sets. */
  now(): number;
  /** Milliseconds since the kernel started: nobody sets that clock, and every process reads the same. */
  uptime(): number;
}
