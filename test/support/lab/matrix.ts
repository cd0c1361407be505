import { eachOf, HOSTS_AT_ONCE } from '../each-of.ts';
import { AGENT_PORT, type Reply } from './agent-protocol.ts';
import type { LabHost } from './host.ts';
import { addressesOf } from './network.ts';

/** One way from a host to an address of another, and what became of it. */
export interface Pass extends Way {
  readonly ok: boolean;
  /** The source that the far end saw. */
  readonly saw?: string;
  /** Why not: in the words of the grid, then in detail. */
  readonly reason?: 'no answer' | 'translated' | 'packet too big' | 'wrong source';
  readonly detail?: string;
}

/** A host and one of the addresses it should be reached at. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly address: string;
}

/** What is tried and what is right. */
export interface MatrixOptions {
  /** The addresses that each host should be reached at: those of its plan unless given. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /**
   * The source that the far end has to see. Unless given, or where it returns nothing: the one that the
   * sender used, which has to be one of its `addresses`.
   */
  readonly sourceOf?: (way: Way) => string | undefined;
  /** Size of the IPv4 packet that has to pass whole; 1450 unless given, what a vxlan link carries. */
  readonly mtu?: number | ((way: Way) => number);
  /** 20 s unless given, for a guest that is emulated; what is to fail should be given less. */
  readonly deadlineMs?: number;
}

/** Tries the ways of every host to every address of every other one, its own all at once: TCP and a full-size ping. */
export async function matrix(hosts: readonly LabHost[], options: MatrixOptions = {}): Promise<Pass[]> {
  await Promise.all(hosts.map((host) => host.agent()));
  const results = await eachOf(hosts, HOSTS_AT_ONCE, (from) => tryAll(from, hosts, options));
  return results.flat();
}

async function tryAll(from: LabHost, hosts: readonly LabHost[], options: MatrixOptions): Promise<Pass[]> {
  const addresses = (host: LabHost) => options.addresses?.[host.name] ?? addressesOf(host.plan);
  const ways = hosts
    .filter((to) => to !== from)
    .flatMap((to) => addresses(to).map((address) => ({ from: from.name, to: to.name, address })));
  const { deadlineMs = 20_000, mtu = 1450 } = options;
  const packet = (way: Way) => (typeof mtu === 'number' ? mtu : mtu(way));
  const agent = await from.agent();
  const connections = await agent.ask({
    op: 'probe',
    targets: ways.map(({ address }) => ({ address, port: AGENT_PORT })),
    deadlineMs,
  });
  // Only then, since starting so many programs is what makes an emulated machine late for all else.
  const pings = await agent.ask({
    op: 'ping',
    targets: ways.map((way) => ({ address: way.address, packet: packet(way) })),
    deadlineMs,
  });
  return ways.map((way, index) => {
    const tcp = connections[index];
    const ping = pings[index];
    if (tcp === undefined || ping === undefined) throw new Error('the agent left out a target');
    return passOf(way, { tcp, ping, expected: options.sourceOf?.(way), own: addresses(from) });
  });
}

interface Measured {
  readonly tcp: Reply;
  readonly ping: Reply;
  readonly expected: string | undefined;
  readonly own: readonly string[];
}

function passOf(way: Way, { tcp, ping, expected, own }: Measured): Pass {
  if (!tcp.ok || tcp.saw === undefined) {
    return { ...way, ok: false, reason: 'no answer', detail: `TCP: ${tcp.error}` };
  }
  const seen = { ...way, saw: tcp.saw };
  if (expected === undefined && tcp.saw !== tcp.local) {
    return { ...seen, ok: false, reason: 'translated', detail: `${tcp.local} was seen as ${tcp.saw}` };
  }
  if (expected === undefined ? !own.includes(tcp.saw) : tcp.saw !== expected) {
    const wanted = expected ?? own.join(' or ');
    return { ...seen, ok: false, reason: 'wrong source', detail: `${tcp.saw} was seen, not ${wanted}` };
  }
  if (!ping.ok) return { ...seen, ok: false, reason: 'packet too big', detail: `${ping.error}` };
  return { ...seen, ok: true };
}

const MARKS = {
  'no answer': '-',
  translated: 'nat',
  'packet too big': 'mtu',
  'wrong source': 'src',
} as const;

/** Who reaches whom, a row per sender and a column per address; `-` no answer. */
export function formatMatrix(passes: readonly Pass[]): string {
  const columns = [
    ...new Map(passes.map(({ to, address }) => [`${to} ${address}`, { to, address }])).values(),
  ];
  const senders = [...new Set(passes.map((pass) => pass.from))];
  const cell = (from: string, { to, address }: Pick<Way, 'to' | 'address'>) => {
    const pass = passes.find((each) => each.from === from && each.to === to && each.address === address);
    if (pass === undefined) return '';
    return pass.reason === undefined ? 'ok' : MARKS[pass.reason];
  };
  return formatTable([
    ['from \\ to', ...columns.map(({ to }, index) => (columns[index - 1]?.to === to ? '' : to))],
    ['', ...columns.map(({ address }) => address)],
    ...senders.map((from) => [from, ...columns.map((column) => cell(from, column))]),
  ]);
}

/** One line for each way that is not as it should be, for the message of a failed test. */
export function formatFailures(passes: readonly Pass[]): string[] {
  return passes
    .filter((pass) => !pass.ok)
    .map(({ from, to, address, reason, detail }) => `${from} -> ${to} (${address}): ${reason}: ${detail}`);
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) => row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
