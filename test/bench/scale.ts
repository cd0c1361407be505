import { resolve } from 'node:path';
import { ISLAND, install, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { NAME, starFile, wipe, withHub } from './islands.ts';
import { medians, type Trial } from './measure.ts';
import { atLeast, atMost, formatMs, type Row } from './report.ts';

/** A program that island has started; milliseconds since island itself was. */
interface Spawned {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const FEW = { peers: 253, runs: 7 };
const MANY = { peers: 10_000, runs: 3 };

/** Join on a hub with many peers, and the same state made by hand, from the commands that `island plan` gives. */
export function measureScale(): Promise<readonly Row[]> {
  return withHub(async (hub) => {
    return [...(await few(hub)), ...(await many(hub))];
  });
}

async function few(hub: LabHost): Promise<Row[]> {
  const { peers, runs } = FEW;
  const commands = await prepare(hub, peers);
  const took = await medians(runs, {
    applying: onBare(hub, () => applyingTime(hub)),
    join: onBare(hub, () => timeOf(hub, JOIN)),
    hand: onBare(hub, () => timeOf(hub, ONE_BY_ONE)),
  });
  const hand = `${formatMs(took.hand)}, ${commands} programs by hand`;
  const row = (measure: string, ms: number, isPromised = false): Row => {
    const ratio = took.hand / ms;
    const target = isPromised ? { target: atLeast(50, ratio, ' x') } : {};
    return {
      measure: `${measure}, ${peers} peers`,
      value: formatMs(ms),
      peer: `${formatRatio(ratio)} faster: ${hand}`,
      runs,
      ...target,
    };
  };
  return [row('applying part of join', took.applying, true), row('all of join', took.join)];
}

async function many(hub: LabHost): Promise<Row[]> {
  const { peers, runs } = MANY;
  await prepare(hub, peers);
  const took = await medians(runs, {
    check: () => timeOf(hub, [...CHECK, NAME]),
    plan: onBare(hub, () => timeOf(hub, PLAN)),
    join: onBare(hub, () => timeOf(hub, JOIN)),
    hand: onBare(hub, () => timeOf(hub, IN_BATCHES)),
  });
  const hand = `${formatMs(took.hand)} in 3 batches by hand`;
  const row = (measure: string, ms: number, isPromised = false): Row => {
    const ratio = ms / took.hand;
    const target = isPromised ? { target: atMost(5, ratio, ' x') } : {};
    return {
      measure: `${measure}, ${peers} peers`,
      value: formatMs(ms),
      peer: `${formatRatio(ratio)} as long: ${hand}`,
      runs,
      ...target,
    };
  };
  return [
    row('all of join', took.join, true),
    row('of it, reading the file (config check)', took.check),
    row('of it, file, kernel and plan (plan)', took.plan),
  ];
}

/** Installs the file, and writes the plan to files for those who do it by hand; returns the number of commands. */
async function prepare(hub: LabHost, peers: number): Promise<number> {
  await install([hub], starFile(peers), NAME);
  await wipe(hub);
  const { commands }: { readonly commands: readonly string[] } = JSON.parse(
    await mustIsland(hub, 'plan', '--json'),
  );
  const linesOf = (tool: string) =>
    commands.filter((line) => line.startsWith(`${tool} `)).map((line) => line.slice(tool.length + 1));
  const ruleset = commands.find((command) => command.startsWith('nft ')) ?? '';
  await hub.writeFile('/run/bench/nft', `${ruleset.split('\n').slice(1, -1).join('\n')}\n`);
  for (const tool of ['ip', 'bridge', 'sysctl']) {
    await hub.writeFile(`/run/bench/${tool}`, `${linesOf(tool).join('\n')}\n`);
  }
  await hub.writeFile('/run/bench/one-by-one', `set -e\n${commands.join('\n')}\n`);
  return commands.length;
}

const SPAWN_TIMES = resolve('test/bench/spawn-times.cjs');
const JOIN = [process.execPath, ISLAND, 'join'];
const PLAN = [process.execPath, ISLAND, 'plan'];
const CHECK = [process.execPath, ISLAND, 'config', 'check', '-i'];

/** `island plan | sh`: what a script of commands costs. */
const ONE_BY_ONE = ['sh', '/run/bench/one-by-one'];

/** What somebody does who knows all of the tools, with the state of the kernel in a file already. */
const IN_BATCHES = [
  ...['sh', '-ec'],
  `cd /run/bench
nft -f nft
ip -batch ip
bridge -batch bridge
while read -r word setting; do sysctl -q -w "$setting"; done <sysctl`,
];

function onBare(hub: LabHost, trial: Trial): Trial {
  return async () => {
    try {
      return await trial();
    } finally {
      await wipe(hub);
    }
  };
}

/** From where join starts the first program that writes to where the last one has ended. */
async function applyingTime(hub: LabHost): Promise<number> {
  const { code, stderr } = await hub.exec(JOIN, { env: { NODE_OPTIONS: `--require ${SPAWN_TIMES}` } });
  if (code !== 0) throw new Error(`island join: exit ${code}\n${stderr}`);
  const spawned: readonly Spawned[] = JSON.parse(await hub.readFile('/run/bench/spawned.json'));
  const writing = spawned.filter(({ text }) => /^(?:nft -f|ip -batch|bridge -batch)/.test(text));
  if (writing.length === 0) throw new Error('island join started no program that writes');
  return Math.max(...writing.map(({ to }) => to)) - Math.min(...writing.map(({ from }) => from));
}

async function timeOf(hub: LabHost, argv: readonly string[]): Promise<number> {
  const { code, ms, stderr } = await hub.exec(argv, { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${stderr}`);
  return ms;
}

function formatRatio(ratio: number): string {
  return `${ratio.toFixed(ratio < 20 ? 1 : 0)} x`;
}
