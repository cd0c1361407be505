import { equal } from './assert.ts';
import { ADDRESSES, island } from './island.ts';
import { AGENT_PORT } from './lab/agent-protocol.ts';
import { type Dump, dump } from './lab/dump.ts';
import type { LabHost } from './lab/host.ts';
import type { Lab } from './lab/lab.ts';
import { formatFailures, type MatrixOptions, matrix } from './lab/matrix.ts';

/** The address that the others know a host by. */
export function ownSource({ from }: { readonly from: string }): string | undefined {
  const [first] = ADDRESSES[from] ?? [];
  if (first !== undefined) return first;
  return from.startsWith('fit') ? `192.168.3.${Number(from.slice(3))}` : `138.96.245.5${from.at(-1)}`;
}

/** Every ordered pair: TCP both ways, a full-size packet that may not be fragmented, and the sender's own address. */
export async function reachable(hosts: readonly LabHost[], options: MatrixOptions): Promise<void> {
  const passes = await matrix(hosts, { addresses: ADDRESSES, ...options });
  equal('every pair passes', formatFailures(passes), []);
}

/** The appliance takes no routes; its gateway translates what comes from elsewhere. */
export async function pduIsReached(lab: Lab, hosts: readonly LabHost[]): Promise<void> {
  await lab.host('pdu').agent();
  const targets = [{ address: '138.96.245.30', port: AGENT_PORT }];
  for (const host of hosts) {
    const [reply] = await (await host.agent()).ask({ op: 'probe', targets, deadlineMs: 3000 });
    const neighbour = host.name.startsWith('sopnode-w');
    equal(
      `${host.name} reaches the pdu`,
      reply?.saw,
      neighbour ? ownSource({ from: host.name }) : '138.96.245.50',
    );
  }
}

export function dumpAll(hosts: readonly LabHost[]): Promise<Dump[]> {
  return Promise.all(hosts.map(dump));
}

/** The exit status of an island command on each host. */
export async function codes(hosts: readonly LabHost[], ...args: readonly string[]): Promise<number[]> {
  const ended = await Promise.all(hosts.map((host) => island(host, ...args)));
  return ended.map(({ code }) => code);
}

/** An ipip link that a CNI would make, between two hosts at their own addresses. */
export async function tunnelPasses(lab: Lab, ...ends: readonly [End, End]): Promise<void> {
  const [[from, near], [to, far]] = ends;
  const make = (name: string, { local, remote, inner }: { local: string; remote: string; inner: string }) =>
    lab
      .host(name)
      .ip([
        `link add cni type ipip local ${local} remote ${remote}`,
        `address add ${inner}/24 dev cni`,
        'link set cni up',
      ]);
  await make(from, { local: near, remote: far, inner: '10.250.0.1' });
  await make(to, { local: far, remote: near, inner: '10.250.0.2' });
  await lab.host(to).agent();
  const targets = [{ address: '10.250.0.2', port: AGENT_PORT }];
  const [reply] = await (await lab.host(from).agent()).ask({ op: 'probe', targets, deadlineMs: 5000 });
  equal(`a tunnel of others from ${from} to ${to}`, reply?.saw, '10.250.0.1');
  for (const name of [from, to]) await lab.host(name).ip(['link delete dev cni']);
}

type End = readonly [name: string, address: string];
