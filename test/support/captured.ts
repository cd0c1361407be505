import { parseFirewall } from '../../src/host/firewall-json.ts';
import { parseLegacy } from '../../src/host/firewall-legacy.ts';
import type { Host } from '../../src/host/host.ts';
import { parseFdb, parseIp } from '../../src/host/iproute.ts';
import { parseTable } from '../../src/host/nft.ts';
import type { Resolver } from '../../src/plan/name-resource.ts';
import type { Observed } from '../../src/plan/observed.ts';
import type { Timers } from '../../src/plan/resource.ts';
import { NO_UNITS } from './fake-host.ts';

/** What the tools printed on a host, as the arrays that they printed; `observed.json` of a golden plan. */
export interface Captured {
  readonly hostname: string;
  readonly address: readonly unknown[];
  readonly route: readonly unknown[];
  readonly rule: readonly unknown[];
  readonly neighbour: readonly unknown[];
  readonly fdb: readonly unknown[];
  /** `nft -j list table` of the island's table; null where there is none. */
  readonly nft: unknown;
  /** What `nft -j -p -t list table` printed of tables of others, where there are any. */
  readonly firewalls?: readonly {
    readonly family: 'ip' | 'inet';
    readonly table: string;
    readonly listing: unknown;
  }[];
  /** What `iptables-legacy-save -t filter` printed, where it is in use. */
  readonly legacy?: string;
  /** `net.ipv4.conf.*.forwarding` by link. */
  readonly forwarding: Readonly<Record<string, string>>;
  /** /var/lib/island/<island>/joined.json and the files of /run/island/<island>/, where the host had joined. */
  readonly joined?: unknown;
  /** /var/lib/island/<island>/lease.json of a worker. */
  readonly lease?: unknown;
  /** /var/lib/island/<island>/workers.json of a hub. */
  readonly workers?: unknown;
  /** Of the neighbours on the links of island. */
  readonly timers?: readonly Timers[];
  /** What systemd-resolved had for the links of islands, where it ran. */
  readonly resolved?: readonly Resolver[];
  /** /etc/hosts. */
  readonly hosts?: string;
  readonly config?: unknown;
  readonly sysctls?: unknown;
  readonly confirm?: unknown;
  readonly before?: unknown;
}

/** The capture as island would have read it there. */
export function observedFrom(captured: Captured): Observed {
  const { address, route, rule, neighbour, fdb, nft, forwarding, firewalls = [], legacy } = captured;
  const answers = [address, route, rule, neighbour].map((answer) => `${JSON.stringify(answer)}\n`);
  return {
    ...parseIp(answers.join('')),
    fdb: parseFdb(JSON.stringify(fdb)),
    nft: nft === null ? 'absent' : parseTable('island-r2lab', JSON.stringify(nft)),
    firewalls: [
      ...firewalls.map(({ listing, ...name }) => parseFirewall(name, JSON.stringify(listing))),
      ...(legacy === undefined ? [] : [parseLegacy(legacy)]),
    ],
    forwarding: new Map(Object.entries(forwarding)),
    timers: captured.timers ?? [],
    resolved: captured.resolved,
    ...(captured.hosts !== undefined && { hostsFile: { text: captured.hosts } }),
    claims: [],
  };
}

/** A host that can be looked at and no more. */
export function frozenHost(captured: Captured, config: string): Host {
  const refuse = (): Promise<never> => Promise.reject(new Error('a captured host does nothing'));
  return {
    ...{ hostname: captured.hostname, isRoot: true, now: () => 0, date: () => 0 },
    configFiles: () => Promise.resolve([{ path: '/etc/island/r2lab.yaml', text: config }]),
    store: () => ({
      read: (name) => {
        const record = name === 'dns' ? undefined : captured[name];
        return Promise.resolve(record === undefined ? undefined : JSON.stringify(record));
      },
      readNow: () => undefined,
      stamp: () => undefined,
      write: refuse,
      remove: refuse,
    }),
    observe: () => Promise.resolve(observedFrom(captured)),
    hostsFile: () => observedFrom(captured).hostsFile,
    joinedIslands: () => Promise.resolve([]),
    pendingIslands: () => Promise.resolve([]),
    watcher: { start: refuse, run: refuse, isRunning: () => Promise.resolve(false) },
    ...{ session: () => undefined, uptime: () => 0, unitFiles: NO_UNITS },
    systemd: () => Promise.resolve(undefined),
    ...{ asDaemon: refuse, seenEndpoints: refuse, fdbOf: refuse },
    watch: () => ({ close: refuse }),
    echo: refuse,
    reversePath: () => new Map(),
    ask: () => Promise.resolve({ state: 'silent' }),
    askServer: () => Promise.resolve({ state: 'silent' }),
    findName: () => Promise.resolve({ state: 'found', values: [] }),
    portOwner: refuse,
    ...{ inTurn: refuse, random: () => new Uint8Array(), tokenText: refuse, machine: () => undefined },
    hubLine: () => ({ hello: refuse, join: refuse, release: refuse }),
    ...{ listNft: refuse, perform: refuse, require: refuse, exclusively: refuse, reach: refuse },
  };
}
