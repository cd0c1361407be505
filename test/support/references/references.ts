import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askOverTcp, askOverUdp, type Endpoint } from './ask.ts';
import { decode } from './decode.ts';
import { packet, question } from './packet.ts';

/** A zone as a name server loads it. */
export interface ZoneFile {
  readonly apex: string;
  readonly lines: readonly string[];
}

export type Replies = readonly (Uint8Array | undefined)[];

/** What a name server replies to each query; undefined is silence. */
export type Ask = (queries: readonly Uint8Array[], transport: 'udp' | 'tcp') => Promise<Replies>;

/** Knot and NSD, each with the same zones. */
export interface References {
  readonly knot: Ask;
  readonly nsd: Ask;
  /** Ends both and removes what they wrote; does nothing the second time. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;

/**
 * The end of its standard input, also when its owner is killed, ends `cat`, and since that is process 1 of a pid
 * namespace by then, the kernel ends both servers with it.
 */
const FIRST_PROCESS = `
cd "$1"
knotd --config knot.conf >knot.log 2>&1 &
nsd -d -c nsd.conf >nsd.log 2>&1 &
exec cat >/dev/null
`;

/** Starts both, on an address that no other process of this machine takes, and returns when they answer for each zone. */
export async function startReferences(zones: readonly ZoneFile[]): Promise<References> {
  const folder = await mkdtemp(join(tmpdir(), `island-references-${process.pid}-`));
  const address = ownLoopbackAddress();
  const knot = { address, port: 5301 };
  const nsd = { address, port: 5302 };
  let owner: ChildProcess | undefined;
  const close = async () => {
    if (owner !== undefined && owner.exitCode === null && owner.signalCode === null) {
      const exit = once(owner, 'exit');
      owner.stdin?.end();
      await exit;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await writeConfigs(folder, { knot, nsd }, zones);
    const isolate = ['--pid', '--fork', '--kill-child', 'sh', '-c', FIRST_PROCESS, 'references', folder];
    owner = spawn('unshare', isolate, { stdio: ['pipe', 'ignore', 'inherit'] });
    owner.stdin?.on('error', () => undefined);
    await waitUntilReady(folder, { knot, nsd }, zones);
  } catch (error) {
    await close();
    throw error;
  }
  return { knot: asker(knot), nsd: patient(asker(nsd)), close };
}

/** Asks a server at an endpoint. */
export function asker(endpoint: Endpoint): Ask {
  return (queries, transport) =>
    transport === 'udp' ? askOverUdp(endpoint, queries) : askOverTcp(endpoint, queries);
}

/** NSD reports at most 100 errors in a second, whatever it is told: what it leaves out comes in a later one. */
function patient(ask: Ask): Ask {
  return async (queries, transport) => {
    const replies = [...(await ask(queries, transport))];
    for (;;) {
      const silent = replies.flatMap((reply, index) => (reply === undefined ? [index] : []));
      if (silent.length === 0) return replies;
      await delay(1100);
      const again = await ask(
        queries.filter((_, index) => silent.includes(index)),
        transport,
      );
      if (again.every((reply) => reply === undefined)) return replies;
      for (const [place, index] of silent.entries()) replies[index] = again[place];
    }
  };
}

/** An address of 127.0.0.0/8 for each process id, so that tests beside each other need not share ports. */
export function ownLoopbackAddress(): string {
  const { pid } = process;
  return `127.${64 + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}`;
}

interface Servers {
  readonly knot: Endpoint;
  readonly nsd: Endpoint;
}

/** One worker each, so that a server answers in the order in which it is asked. */
async function writeConfigs(
  folder: string,
  { knot, nsd }: Servers,
  zones: readonly ZoneFile[],
): Promise<void> {
  await mkdir(join(folder, 'zones'));
  for (const { apex, lines } of zones) {
    await writeFile(join(folder, 'zones', apex), lines.map((line) => `${line}\n`).join(''));
  }
  await writeFile(join(folder, 'knot.conf'), knotConfig(folder, knot, zones));
  await writeFile(join(folder, 'nsd.conf'), nsdConfig(folder, nsd, zones));
}

function knotConfig(folder: string, { address, port }: Endpoint, zones: readonly ZoneFile[]): string {
  return `server:
  listen: ${address}@${port}
  rundir: ${folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  nsid: ""
  identity: ""
  version: ""
log:
  - target: stderr
    any: info
database:
  storage: ${folder}
  # Mapped as a whole, and by default larger than what a small machine has.
  journal-db-max-size: 16M
  timer-db-max-size: 1M
  kasp-db-max-size: 5M
template:
  - id: default
    storage: ${folder}/zones
    file: "%s"
    journal-content: none
    zonefile-sync: -1
zone:
${zones.map(({ apex }) => `  - domain: ${apex}\n`).join('')}`;
}

function nsdConfig(folder: string, { address, port }: Endpoint, zones: readonly ZoneFile[]): string {
  const files = zones.map(({ apex }) => `zone:\n  name: "${apex}"\n  zonefile: "${apex}"\n`);
  return `server:
  ip-address: ${address}@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}/zones"
  database: ""
  zonelistfile: "${folder}/zone.list"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  pidfile: ""
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  hide-version: yes
  hide-identity: yes
  minimal-responses: yes
  confine-to-zone: yes
remote-control:
  control-enable: no
${files.join('')}`;
}

async function waitUntilReady(
  folder: string,
  { knot, nsd }: Servers,
  zones: readonly ZoneFile[],
): Promise<void> {
  const questions = zones.map(({ apex }) => packet({ questions: [question(apex, 'SOA')] }));
  const deadline = Date.now() + READY_WITHIN_MS;
  for (const server of [knot, nsd]) {
    while (!(await answersAll(server, questions))) {
      if (Date.now() > deadline) {
        const logs = await Promise.all(
          ['knot.log', 'nsd.log'].map((file) => readFile(join(folder, file), 'utf8')),
        );
        throw new Error(`port ${server.port}: not ready after ${READY_WITHIN_MS} ms\n${logs.join('\n')}`);
      }
      await delay(50);
    }
  }
}

async function answersAll(server: Endpoint, questions: readonly Uint8Array[]): Promise<boolean> {
  try {
    const replies = await askOverUdp(server, questions, 500);
    return replies.every((reply) => reply !== undefined && decode(reply).answer.length === 1);
  } catch {
    // It does not listen yet, or has bound its socket and does not read from it.
    return false;
  }
}
