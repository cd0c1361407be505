import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { askServer } from '../dns/client.ts';
import { IslandError } from '../errors.ts';
import { withoutSecrets } from '../model/secret.ts';
import type { Effect } from '../plan/effect.ts';
import type { Observed } from '../plan/observed.ts';
import { ask } from './ask.ts';
import { readClaims } from './claims.ts';
import { readConfigFiles } from './config-files.ts';
import { serveEcho } from './echo.ts';
import { fdbOf, seenEndpoints } from './endpoints.ts';
import { type Result, run } from './exec.ts';
import { joinedIslands, pendingIslands, storeOf } from './files.ts';
import { findName } from './find.ts';
import { listChains, observeFirewalls } from './firewall.ts';
import type { Host, Watch } from './host.ts';
import { observeHostsFile, writeHostsBlock } from './hosts-file.ts';
import { hubLine } from './hub-line.ts';
import { IP_QUERIES, parseFdb, parseIp } from './iproute.ts';
import { islandIndexes } from './link-index.ts';
import { asDaemon, exclusively, inTurn } from './lock.ts';
import { machineOf } from './machine.ts';
import { managedLinks, readNetworkd } from './networkd.ts';
import { hasChains, parseTable } from './nft.ts';
import { openSystemd } from './open-systemd.ts';
import { portOwner } from './port-owner.ts';
import { reach } from './reach.ts';
import { isInstalled, requireFor, requireProgram } from './require.ts';
import { observeResolved, tellResolved } from './resolved.ts';
import { findSession } from './session.ts';
import { linkNames, readForwarding, readReversePath, readTimers, writeSysctl } from './sysctl.ts';
import { tokenText } from './token-text.ts';
import { unitFiles } from './unit-files.ts';
import { uptime } from './uptime.ts';
import { watchKernel } from './watch.ts';
import { watchNames } from './watch-names.ts';
import { watcherFor } from './watcher.ts';

export interface LocalHostOptions {
  /** Where programs are looked for: the PATH. */
  readonly path: string;
  readonly isRoot: boolean;
  /** What starts this very program again: Node and the file. */
  readonly program: readonly [file: string, ...args: readonly string[]];
  /** Whether systemd runs this process as a service. */
  readonly isService: boolean;
  /** SSH_CONNECTION of this process. */
  readonly sshConnection: string | undefined;
}

/** The machine that this process runs on, seen from its network namespace. */
export function localHost({ path, isRoot, isService, program, sshConnection }: LocalHostOptions): Host {
  return {
    ...{
      hostname: hostname(),
      isRoot,
      joinedIslands,
      pendingIslands,
      exclusively,
      inTurn,
      asDaemon,
      reach,
      askServer,
      findName,
      uptime,
    },
    watch: (scope, tell) => both(watchKernel(scope, { path, isService, tell }), watchNames(tell)),
    seenEndpoints,
    fdbOf,
    watcher: watcherFor({ program, path }),
    systemd: openSystemd,
    unitFiles: unitFiles({ program, path }),
    session: () => findSession(sshConnection),
    configFiles: async (file) => readConfigFiles(file),
    store: storeOf,
    observe: (nftTable) => observe(nftTable, { path, isRoot }),
    hostsFile: () => observeHostsFile(),
    listNft,
    perform,
    require: (effects) => requireFor(effects, path),
    echo: serveEcho,
    portOwner,
    reversePath: readReversePath,
    ask: (question, timeoutMs) => ask(question, { timeoutMs, canPing: isInstalled('ping', path) }),
    random: randomBytes,
    date: Date.now,
    tokenText,
    machine: machineOf,
    hubLine,
    now: () => performance.now(),
  };
}

function both(...watches: readonly Watch[]): Watch {
  return { close: async () => void (await Promise.all(watches.map(({ close }) => close()))) };
}

type Sight = Pick<LocalHostOptions, 'path' | 'isRoot'>;

async function observe(nftTable: string, { path, isRoot }: Sight): Promise<Observed> {
  requireProgram('ip', path);
  const chains = isRoot ? listChains(path) : Promise.resolve(undefined);
  const [ip, fdb, nft, firewalls, resolved] = await Promise.all([
    run('ip', ['-N', '-j', '-d', '-s', '-batch', '-'], IP_QUERIES),
    observeFdb(),
    isRoot ? observeNft(nftTable, { path, chains }) : ('unreadable' as const),
    isRoot ? chains.then((text) => observeFirewalls(path, text)) : [],
    observeResolved(),
  ]);
  return {
    ...parseIp(outputOf('ip', ip)),
    fdb,
    nft,
    firewalls,
    forwarding: readForwarding(),
    timers: readTimers(),
    claims: readClaims(),
    networkd: readNetworkd(),
    managed: managedLinks(islandIndexes),
    resolved,
    hostsFile: observeHostsFile(),
  };
}

/** Only a link of an island has entries of ours; most members have none, and are spared the process. */
async function observeFdb(): Promise<Observed['fdb']> {
  if (!linkNames().some((name) => name.startsWith('isl-'))) return [];
  return parseFdb(outputOf('bridge', await run('bridge', ['-j', 'fdb', 'show'])));
}

interface NftSight {
  readonly path: string;
  /** What `nft -j list chains` prints. */
  readonly chains: Promise<string | undefined>;
}

/**
 * Without nft there can be no table of ours. `nft list` fails where there is none and where it cannot look, and
 * a table that is only not seen must not count as gone: an undo would remove it. It is gone if it has no chains.
 */
async function observeNft(name: string, { path, chains }: NftSight): Promise<Observed['nft']> {
  if (!isInstalled('nft', path)) return 'absent';
  const listing = await run('nft', ['-j', 'list', 'table', 'inet', name]);
  if (listing.exitCode === 0) return parseTable(name, listing.stdout);
  // Somebody may have deleted it between the two, so what says that it is there has to be younger.
  const isThere = async (text: Promise<string | undefined>) =>
    hasChains(name, (await text) ?? '{"nftables":[]}');
  if (!(await isThere(chains)) || !(await isThere(listChains(path)))) return 'absent';
  return parseTable(name, outputOf('nft', listing));
}

async function listNft(name: string): Promise<string> {
  return outputOf('nft', await run('nft', ['list', 'table', 'inet', name]));
}

async function perform(effect: Effect): Promise<void> {
  switch (effect.tool) {
    case 'ip':
    case 'bridge':
      return performBatch(effect);
    case 'nft': {
      const result = await run('nft', ['-f', '-'], effect.input);
      if (result.exitCode !== 0) throw failed('nft -f', result.stderr);
      return;
    }
    case 'iptables-legacy-restore': {
      const result = await run(effect.tool, ['--noflush'], effect.input);
      if (result.exitCode !== 0) throw failed(effect.tool, result.stderr);
      return;
    }
    case 'sysctl':
      return writeSysctl(effect.key, effect.value);
    case 'resolvectl':
      return tellResolved(effect);
    case 'hosts':
      return writeHostsBlock(effect);
  }
}

async function performBatch({ tool, lines }: Effect & { readonly tool: 'ip' | 'bridge' }): Promise<void> {
  const { exitCode, stderr } = await run(tool, ['-batch', '-'], `${lines.join('\n')}\n`);
  if (exitCode === 0) return;
  // Both tools name the line at which they stopped: "Command failed -:3".
  const line = lines[Number(/-:(\d+)/.exec(stderr)?.[1]) - 1];
  const made = line === undefined ? undefined : /^link add .* type (?<kind>\S+)/.exec(line)?.groups?.['kind'];
  if (made === undefined) throw failed(line === undefined ? `${tool} -batch` : `${tool} ${line}`, stderr);
  throw new IslandError(
    'E_HOST_UNSUPPORTED',
    `this kernel does not make the ${made} link: ${withoutSecrets(firstLine(stderr))}`,
    {
      hint:
        made === 'ipip'
          ? 'load the module with "modprobe ipip", or write "link: vxlan" in the file'
          : `modprobe ${made}`,
    },
  );
}

function failed(command: string, stderr: string): IslandError {
  return new IslandError('E_APPLY', withoutSecrets(`${command}: ${firstLine(stderr)}`));
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? 'no reason given'
  );
}

function outputOf(tool: string, { exitCode, stdout, stderr }: Result): string {
  if (exitCode === 0) return stdout;
  throw new IslandError(
    'E_APPLY',
    `${tool} cannot tell the state of the kernel: ${withoutSecrets(firstLine(stderr))}`,
  );
}
