import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { within } from '../support/daemon.ts';
import { ISLAND, install } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { withLab } from '../support/lab/lab.ts';
import { ASKED, rateOf, type Target, type Waits, waitsOf } from './dns-load.ts';
import { NAME } from './islands.ts';
import { medians } from './measure.ts';
import { atLeast, atMost, formatMs, type Row } from './report.ts';

const RATE_RUNS = 15;
const WAIT_RUNS = 9;
const COMPILE_RUNS = 5;
const NAMES = 1000;
const MANY_NAMES = 10_000;
/** Questions of one of many clients, as the responder of a busy island has them. */
const LOAD = { perSecond: 5000, seconds: 2 };

/** Each server has an address of its own on the same host, so that all have the same port and the same way. */
const ADDRESSES = { island: '10.8.0.1', dnsmasq: '10.8.0.2', echo: '10.8.0.3' };
const QUESTIONS = '/run/bench/questions';
const HOSTS = '/run/bench/hosts';

/** The responder as it is in production, its admission included, against dnsmasq and against what Node can do at all. */
export function measureDns(): Promise<readonly Row[]> {
  if (availableParallelism() < 2) throw new Error('one processor: the asker needs another than who is asked');
  const ip = Object.values(ADDRESSES).map((address) => `address add ${address}/32 dev lo`);
  return withLab({ hosts: { hub: { ip } } }, async (lab) => {
    const hub = lab.host('hub');
    await startServers(hub);
    return [...(await rates(hub)), ...(await waits(hub)), await compiling(hub)];
  });
}

async function rates(hub: LabHost): Promise<Row[]> {
  const { island, dnsmasq, echo } = await medians(RATE_RUNS, {
    island: () => rateOf(hub, targetOf('island'), 1),
    dnsmasq: () => rateOf(hub, targetOf('dnsmasq'), 1),
    echo: () => rateOf(hub, targetOf('echo'), 1),
  });
  const row = (peer: string, rate: number, least: number): Row => ({
    measure: `answers of the responder, one processor, ${NAMES} names`,
    value: formatRate(island),
    peer: `${(island / rate).toFixed(2)} x ${formatRate(rate)} of ${peer}`,
    target: atLeast(least, island / rate, ' x'),
    runs: RATE_RUNS,
  });
  return [row('dnsmasq', dnsmasq, 0.65), row('an echo in Node', echo, 0.85)];
}

async function waits(hub: LabHost): Promise<Row[]> {
  const names = ['island', 'dnsmasq'] as const;
  const last = {} as Record<(typeof names)[number], Waits>;
  const asked = (name: (typeof names)[number]) => ({
    // One run says both: the second trial hands out what the first one has measured.
    [`${name} p50`]: async () => {
      last[name] = await waitsOf(hub, targetOf(name), LOAD);
      return last[name].p50;
    },
    [`${name} p99`]: async () => last[name].p99,
  });
  const took: Record<string, number> = await medians(WAIT_RUNS, { ...asked('island'), ...asked('dnsmasq') });
  return [rowOf('p50', 1.3), rowOf('p99', 2)];

  function rowOf(part: keyof Waits, most: number): Row {
    const [ours = Number.NaN, theirs = Number.NaN] = names.map((name) => took[`${name} ${part}`]);
    return {
      measure: `${part} of answers at ${LOAD.perSecond} questions/s`,
      value: formatUs(ours),
      peer: `${(ours / theirs).toFixed(2)} x ${formatUs(theirs)} of dnsmasq`,
      target: atMost(most, ours / theirs, ' x'),
      runs: WAIT_RUNS,
    };
  }
}

async function compiling(hub: LabHost): Promise<Row> {
  const program = fileURLToPath(new URL('dns-compile.mjs', import.meta.url));
  const input = islandFile(MANY_NAMES);
  let records = 0;
  const { compile } = await medians(COMPILE_RUNS, {
    compile: async () => {
      const report = JSON.parse(await hub.run([process.execPath, program], { input }));
      records = report.records;
      return report.ms;
    },
  });
  return {
    measure: `zones of ${MANY_NAMES} names compiled, in a new process`,
    value: formatMs(compile),
    peer: `${records} records, those of addresses too`,
    target: atMost(1, compile / 1000, ' s'),
    runs: COMPILE_RUNS,
  };
}

async function startServers(hub: LabHost): Promise<void> {
  await install([hub], islandFile(NAMES), NAME);
  const names = namesOf(NAMES);
  await hub.writeFile(
    QUESTIONS,
    shuffled(names)
      .map(({ name }) => `${name} A\n`)
      .join(''),
  );
  await hub.writeFile(HOSTS, names.map(({ name, address }) => `${address} ${name}\n`).join(''));
  hub.start([...ASKED, process.execPath, ISLAND, 'dns', 'serve']);
  hub.start([...ASKED, process.execPath, ECHO, ADDRESSES.echo]);
  hub.start([...ASKED, ...DNSMASQ]);
  for (const name of ['island', 'echo', 'dnsmasq'] as const) {
    await within(20_000, `answers of ${name}`, () =>
      rateOf(hub, targetOf(name), 0.1).then(
        () => true,
        () => false,
      ),
    );
  }
}

const ECHO = fileURLToPath(new URL('dns-echo.mjs', import.meta.url));

/** Names from a file of hosts are what it answers fastest, and as we do: authoritative, one record, nothing else. */
const DNSMASQ = [
  ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
  ...['--no-resolv', '--no-hosts', `--addn-hosts=${HOSTS}`, `--local=/${NAME}.internal/`],
  ...['--bind-interfaces', `--listen-address=${ADDRESSES.dnsmasq}`],
];

function targetOf(name: keyof typeof ADDRESSES): Target {
  return { address: ADDRESSES[name], questions: QUESTIONS };
}

const PER_ENTRY = 250;

/** A hub with a network of so many hosts. */
function islandFile(names: number): string {
  const blocks = Array.from({ length: names / PER_ENTRY }, (_, index) => index);
  return [
    `island: ${NAME}`,
    'subnet: 10.8.0.0/16',
    'link: vxlan',
    `hub: { name: hub, outer: 198.18.0.1, inner: ${ADDRESSES.island}, networks: [{ subnet: 172.16.0.0/12, gateway: 172.16.0.1 }] }`,
    'peers: [{ name: p1, outer: 198.18.0.2, inner: 10.8.255.1 }]',
    'hosts:',
    ...blocks.map((block) => {
      const first = block * PER_ENTRY + 1;
      return `  - { name: "n[${first}-${first + PER_ENTRY - 1}]", address: "172.16.${block + 1}.[1-${PER_ENTRY}]" }`;
    }),
    '',
  ].join('\n');
}

/** Those of its hosts. */
function namesOf(count: number): readonly { readonly name: string; readonly address: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `n${index + 1}.${NAME}.internal`,
    address: `172.16.${Math.floor(index / PER_ENTRY) + 1}.${(index % PER_ENTRY) + 1}`,
  }));
}

/** In an order that is the same every time, and in which no cache is warm: 7919 is prime. */
function shuffled<T>(list: readonly T[]): readonly T[] {
  return list.map((_, index) => list[(index * 7919) % list.length] as T);
}

function formatRate(perSecond: number): string {
  return `${(perSecond / 1000).toFixed(1)} k/s`;
}

function formatUs(ms: number): string {
  return `${(ms * 1000).toFixed(0)} us`;
}
