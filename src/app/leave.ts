import { IslandError } from '../errors.ts';
import type { Host, Store, StoredFile } from '../host/host.ts';
import { nftTableOf } from '../model/addressing.ts';
import { islandsWritten } from '../model/hosts-file.ts';
import type { Ipv4 } from '../model/ip.ts';
import { diff } from '../plan/diff.ts';
import { brokenBlock, hasBlock, mendHint } from '../plan/names.ts';
import type { Observed } from '../plan/observed.ts';
import { type Marks, ownedOf } from '../plan/owned.ts';
import type { Resource } from '../plan/resource.ts';
import { restoredSysctls, type SysctlRecord } from '../plan/sysctl.ts';
import { restoredFallback } from '../plan/tunnels.ts';
import { type ConsentOptions, requireConsent, requireSame, riskOf } from './consent.ts';
import type { ConvergeOptions } from './converge.ts';
import { type Goal, goTo } from './go-to.ts';
import { dropPending } from './pending.ts';
import { type JoinedRecord, type LeaseRecord, readJoined, readLease, readSysctls } from './record.ts';
import { requireRoot } from './root.ts';
import { requireIslandName, type Selection, selectIsland } from './select.ts';

export interface Left {
  readonly island: string;
  /** Commands that were run; none when the host was not on the island. */
  readonly changed: boolean;
  /** What became of its lease; undefined for a host that is no worker. */
  readonly lease?: ReleasedLease | undefined;
  /** There are names of it in /etc/hosts which the operator put there, and which stay. */
  readonly keepsNames?: true;
}

export interface ReleasedLease {
  readonly name: string;
  /** Where the hub was told. */
  readonly hub: Ipv4;
  readonly released: boolean;
  /** Why the hub could not be told. */
  readonly reason?: string;
}

export interface LeaveOptions extends Selection, ConvergeOptions, ConsentOptions {
  /** It comes back: what a worker was given by the hub stays on both, so that it needs no token then. */
  readonly keepLease?: boolean | undefined;
}

/** Gives the host back as it was before the first join. Needs no file: what is ours is marked. */
export async function leave(host: Host, options: LeaveOptions): Promise<Left> {
  requireRoot(host, 'leave');
  const leaving = await islandToLeave(host, options);
  const { island } = leaving;
  const { keepLease = false } = options;
  const store = host.store(island);
  const agreed = host.session() === undefined ? undefined : leaveRisk(host, await outlookOf(host, leaving));
  await requireConsent(agreed, { ...options, verb: 'leave' });

  return host.exclusively(island, async () => {
    const outlook = await outlookOf(host, leaving);
    requireSame(agreed, leaveRisk(host, outlook));
    const lease = keepLease ? undefined : await readLease(store).catch(() => undefined);
    const changed = await goTo(host, withHostsFile(outlook), options);
    const kept = await clearHostsFile(host, { ...leaving, before: outlook.observed }, options);
    await forget(
      store,
      keepLease ? ['dns', 'sysctls', 'joined'] : ['dns', 'sysctls', 'lease', 'config', 'joined'],
    );
    const given = lease === undefined ? {} : { lease: await giveBack(host, lease) };
    if (kept instanceof IslandError) throw kept;
    const { text = '' } = outlook.observed.hostsFile ?? {};
    const keepsNames = islandsWritten(text).includes(island) && { keepsNames: true as const };
    return { island, changed: changed || kept.changed, ...given, ...keepsNames };
  });
}

/** The kernel goes first: a file that cannot be written, as on a disk that has become read-only, keeps nobody. */
function withHostsFile(goal: Goal): Goal {
  const kept = ownedOf(goal.observed, goal.marks).filter(({ kind }) => kind === 'hosts');
  return { ...goal, target: (now) => [...goal.target(now), ...kept] };
}

/** What is left in /etc/hosts, as an error; else whether there was anything. */
async function clearHostsFile(
  host: Host,
  { before, ...leaving }: Leaving & { readonly before: Observed },
  options: ConvergeOptions,
): Promise<IslandError | { readonly changed: boolean }> {
  const { island } = leaving;
  const broken = brokenBlock(before, island);
  try {
    if (broken !== undefined) throw new IslandError('E_CONFIG', broken, { hint: mendHint(island) });
    if (!hasBlock(before, island)) return { changed: false };
    return { changed: await goTo(host, await outlookOf(host, leaving), options) };
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    // What was undone is this much alone.
    const cause = error.cause instanceof IslandError ? error.cause : error;
    const { code, message, hint = 'run the command again' } = cause;
    return new IslandError(code, `${message}; all else has left the island`, { hint, cause });
  }
}

/** A hub that is not there must not keep anybody waiting for long. */
const RELEASE_MS = 5000;

/** Tells the hub, over the underlay: what led through the link is gone by now. */
async function giveBack(host: Host, { name, hub, port, key }: LeaseRecord): Promise<ReleasedLease> {
  try {
    await host.hubLine({ hub, port, identity: `lease:${name}`, key, timeoutMs: RELEASE_MS }).release();
  } catch (cause) {
    // Without that key the hub has no such lease any more.
    if (!(cause instanceof IslandError && cause.code === 'E_PERMISSION')) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return { name, hub, released: false, reason };
    }
  }
  return { name, hub, released: true };
}

/** A disk that has become read-only keeps nobody on the island: the kernel goes first, and this can be done again. */
async function forget(store: Store, files: readonly StoredFile[]): Promise<void> {
  try {
    await dropPending(store);
    for (const file of files) await store.remove(file);
  } catch (cause) {
    if (!(cause instanceof IslandError)) throw cause;
    const { code, message, hint = 'run the command again' } = cause;
    throw new IslandError(code, `${message}; all else has left the island`, { hint, cause });
  }
}

/** What was there before, of what the kernel does not remember by itself. */
function restored(setting: { readonly observed: Observed; readonly record: SysctlRecord }): Resource[] {
  return [...restoredSysctls(setting), ...restoredFallback(setting.observed, setting.record)];
}

async function outlookOf(host: Host, leaving: Leaving): Promise<Goal> {
  const store = host.store(leaving.island);
  const [joined, record] = await Promise.all([readJoined(store), readSysctls(store)]);
  const observed = await host.observe(nftTableOf(leaving.island));
  return {
    observed,
    marks: marksFrom(observed, { ...leaving, joined }),
    target: (now) => restored({ observed: now, record }),
  };
}

function leaveRisk(host: Host, { observed, marks, target }: Goal): string | undefined {
  const desired = target(observed);
  return riskOf(host, { observed, marks, desired, steps: diff(ownedOf(observed, marks), desired) });
}

/** The island of `-i` or `-c`, the only one that this host has joined, or the only one configured here. */
async function islandToLeave(host: Host, selection: Selection): Promise<Leaving> {
  const { island, config } = selection;
  if (island !== undefined && config === undefined) return { island: requireIslandName(island) };
  const [only, ...more] = config === undefined ? await host.joinedIslands() : [];
  if (only === undefined) {
    const { name, port } = await selectIsland(host, selection);
    return { island: name, port };
  }
  if (more.length === 0) return { island: only };
  throw new IslandError('E_USAGE', `this host has joined several islands: ${[only, ...more].join(', ')}`, {
    hint: `say which with -i, such as "-i ${only}"`,
  });
}

interface Leaving {
  readonly island: string;
  /** The file's, where there is a file. */
  readonly port?: number;
}

interface MarkSources extends Leaving {
  readonly joined: JoinedRecord | undefined;
}

/** Without record and file the group of the links tells the port with which the host joined. */
function marksFrom(observed: Observed, { island, port, joined }: MarkSources): Marks {
  const groups = observed.links
    .filter(({ name, alias }) => name.startsWith('isl-') && alias.startsWith(`island:${island}/`))
    .map(({ group }) => group);
  const ports = [port, joined?.port].filter((known) => known !== undefined);
  return { island, ports: [...new Set([...groups, ...ports])] };
}
