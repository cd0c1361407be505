import { isDeepStrictEqual } from 'node:util';
import { modelFile } from '../support/island.ts';
import { dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import type { Lab } from '../support/lab/lab.ts';
import { type MatrixOptions, matrix, type Pass } from '../support/lab/matrix.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { formatGrid } from './grid.ts';
import { islandOn, prepareVisit, visitLine } from './island-on.ts';
import { heading, say } from './say.ts';

const FILE = '/etc/island/r2lab.yaml';

/** Hosts in the order in which to join: the hub, its site and the gateways, then what lies behind these. */
const JOINING = ['sopnode-l1', 'sopnode-w1', 'sopnode-w2', 'faraday', 'fit01', 'fit02', 'fit07'];

/** One address of each host, and the inner ones of the two that carry a link. */
const OWN_ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'sopnode-l1': ['138.96.245.50'],
  faraday: ['192.168.3.100'],
  fit01: ['192.168.3.1'],
  fit02: ['192.168.3.2'],
  fit07: ['192.168.3.7'],
};
const ISLAND_ADDRESSES = {
  ...OWN_ADDRESSES,
  'sopnode-l1': ['138.96.245.50', '10.3.1.2'],
  faraday: ['192.168.3.100', '10.3.1.3'],
};

/** From two sites to one network and back; returns the exit status, 0 when all was as it should be. */
export async function tell({ raise, host }: Lab, { keep }: { readonly keep: boolean }): Promise<number> {
  heading('Two sites that do not reach each other');
  await raise(modelNetwork());
  const hosts = JOINING.map(host);
  const kind = await linkKind(host('internet'));
  say(...MAP, '', KIND_WORDS[kind]);

  heading(`${FILE}, the same on every host`);
  const file = modelFile(kind);
  say(file.trimEnd());
  for (const each of hosts) await each.writeFile(FILE, file);
  const dumps = await Promise.all(hosts.map(dump));

  heading('Who reaches whom, before');
  const targets = [...hosts, host('pdu')];
  showGrid(await grid(targets, { addresses: OWN_ADDRESSES, sourceOf: sourceBefore, deadlineMs: 1500 }));

  heading('faraday# island plan');
  say(await islandOn(host('faraday'), 'plan'));

  heading('island join, on each');
  for (const each of hosts) say(await islandOn(each, 'join'));

  for (const name of ['sopnode-l1', 'faraday']) {
    heading(`${name}# island status`);
    say(await islandOn(host(name), 'status'));
  }

  heading('Who reaches whom, after');
  const mtu = kind === 'ipip' ? 1480 : 1450;
  const passes = await grid(targets, { addresses: ISLAND_ADDRESSES, sourceOf: sourceAfter, mtu });
  showGrid(passes);
  if (keep) await untilStopped(hosts);

  heading('island leave, on each');
  for (const each of hosts.toReversed()) say(`${each.name}: ${await islandOn(each, 'leave')}`);
  const changed = await changedSince(dumps, hosts);
  say('', changed.length === 0 ? NOTHING_LEFT : `Not as before: ${changed.join(', ')}`);
  return changed.length === 0 && passes.every(({ ok }) => ok) ? 0 : 1;
}

const MAP = [
  '  cluster 138.96.245.0/24                              testbed 192.168.3.0/24, 192.168.2.0/24',
  '  sopnode-l1 .50 (the hub) ──┐                            ┌── fit01 .1',
  '  sopnode-w1 .51             ├── internet ── faraday ─────┼── fit02 .2',
  '  sopnode-w2 .52             │               138.96.16.97 └── fit07 .7',
  '  pdu .30 (takes no routes) ─┘               masquerades its LANs',
];

const KIND_WORDS = {
  ipip: 'The links are of kind ipip. The kernel’s module for it stays loaded afterwards, and with it a link tunl0.',
  vxlan: 'The links are of kind vxlan: the kernel of this machine makes no ipip.',
};

const LEGEND = [
  'ok   TCP and a full-size packet pass, and the far end sees the sender’s own address',
  'nat  the far end sees another address    -  no answer    mtu  full-size packets are lost',
];

const NOTHING_LEFT =
  'Nothing is left: links, addresses, routes, rules, neighbours, nftables and sysctls are as before.';

/** Only the kernel can tell, by making one; the module may be built in, or come by itself. */
async function linkKind(scratch: LabHost): Promise<'ipip' | 'vxlan'> {
  const { code } = await scratch.exec(['ip', 'link', 'add', 'try', 'type', 'ipip', 'remote', '192.0.2.1']);
  if (code !== 0) return 'vxlan';
  await scratch.ip(['link del try']);
  return 'ipip';
}

/** The appliance is only a target: it cannot answer those whom it has no route to. */
async function grid(hosts: readonly LabHost[], options: MatrixOptions): Promise<Pass[]> {
  const passes = await matrix(hosts, options);
  return passes.filter(({ from }) => from !== 'pdu');
}

type SourceOf = NonNullable<MatrixOptions['sourceOf']>;

const sourceBefore: SourceOf = ({ from, to }) =>
  from === 'faraday' && !to.startsWith('fit') ? '138.96.16.97' : undefined;

/** What takes no routes gets the island's packets from its gateway. */
const sourceAfter: SourceOf = ({ from, to }) =>
  to === 'pdu' && !from.startsWith('sopnode') ? '138.96.245.50' : undefined;

function showGrid(passes: readonly Pass[]): void {
  const good = passes.filter(({ ok }) => ok).length;
  say(...formatGrid(passes), '', ...LEGEND, `${good} of ${passes.length} ways are as they should be`);
}

async function changedSince(dumps: readonly unknown[], hosts: readonly LabHost[]): Promise<string[]> {
  const now = await Promise.all(hosts.map(dump));
  return hosts.filter((_, index) => !isDeepStrictEqual(now[index], dumps[index])).map(({ name }) => name);
}

async function untilStopped(hosts: readonly LabHost[]): Promise<never> {
  heading('It stays up');
  for (const each of hosts) await prepareVisit(each);
  say(
    'Enter a host as root in another terminal, and use "island", "ip", "nft", "ping", "tcpdump" there:',
    '',
  );
  say(...hosts.map((each) => `  ${visitLine(each)}   # ${each.name}`));
  say('', `End it with Ctrl-C, or with: kill ${process.pid}`);
  // The namespaces keep this process alive.
  return new Promise(() => undefined);
}
