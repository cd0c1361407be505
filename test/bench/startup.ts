import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ISLAND, install, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { type Lab, withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { medians } from './measure.ts';
import { atMost, formatMs, type Row } from './report.ts';

const RUNS = 15;
const HUB_INNER = '10.3.1.2';
const PROBER = fileURLToPath(new URL('prober.mjs', import.meta.url));
/** The node fit02 has no default route: what has one, to its gateway, may reach the hub without joining. */
const NETWORK = modelNetwork({ nodes: [1, 2], clusterHosts: 0, pdu: false });

/**
 * Everything is started in the same way in the same lab, also what it is compared with, and what that way
 * itself takes (nsenter, as long as `true` takes) is taken off both: it would bring every ratio nearer to 1.
 */
export function measureStartup(): Promise<readonly Row[]> {
  return withLab(NETWORK, async (lab) => {
    await install(lab.hosts(), modelFile('vxlan'));
    await mustIsland(lab.host('sopnode-l1'), 'join');
    await lab.host('sopnode-l1').agent();
    return [...(await commands(lab)), ...(await joins(lab))];
  });
}

async function commands(lab: Lab): Promise<Row[]> {
  const [peer, member] = [lab.host('faraday'), lab.host('fit02')];
  await mustIsland(peer, 'join');
  await mustIsland(member, 'join');
  const took = await medians(RUNS, {
    entering: () => timeOf(member, ['true']),
    node: () => timeOf(member, NODE),
    help: () => timeOf(member, [process.execPath, ISLAND, '--help']),
    status: () => timeOf(member, [process.execPath, ISLAND, 'status']),
    again: () => timeOf(member, [process.execPath, ISLAND, 'join']),
  });
  const bare = took.node - took.entering;
  const row = (measure: string, ms: number, most?: number) =>
    rowOf(measure, { ms: ms - took.entering, bare, most });
  return [
    row('node -e 0', took.node),
    row('island --help', took.help, 1.5),
    row('island status on a joined member', took.status, 2.5),
    row('island join on a joined member', took.again),
  ];
}

async function joins(lab: Lab): Promise<Row[]> {
  const [peer, member] = [lab.host('faraday'), lab.host('fit02')];
  await mustIsland(member, 'leave');
  const ofMember = await medians(RUNS, {
    entering: () => timeOf(member, ['true']),
    node: () => timeOf(member, NODE),
    join: () => untilAnswered(member),
  });
  await mustIsland(peer, 'leave');
  const ofPeer = await medians(RUNS, {
    entering: () => timeOf(peer, ['true']),
    node: () => timeOf(peer, NODE),
    join: () => untilAnswered(peer),
  });
  return Object.entries({ member: ofMember, peer: ofPeer }).map(([role, { entering, node, join }]) =>
    rowOf(`island join on a bare ${role}, until the hub answers`, {
      ms: join - entering,
      bare: node - entering,
      most: 3.5,
    }),
  );
}

const NODE = [process.execPath, '-e', '0'];

async function timeOf(host: LabHost, argv: readonly string[]): Promise<number> {
  const { code, ms, stderr } = await host.exec(argv);
  if (code !== 0) throw new Error(`${host.name}: ${argv.join(' ')}: exit ${code}\n${stderr}`);
  return ms;
}

/** From the start of `island join` to the first answer of the hub to a datagram; then the host is bare again. */
async function untilAnswered(host: LabHost): Promise<number> {
  const prober = host.start([process.execPath, PROBER, HUB_INNER]);
  try {
    await prober.outputMatching(/ready/);
    // Long enough for an answer to come if there were a way.
    await delay(50);
    if (/answered/.test(prober.output())) throw new Error(`${host.name}: reaches the hub without joining`);
    const started = performance.now();
    const answered = prober.exited.then(() => performance.now());
    await mustIsland(host, 'join');
    await prober.outputMatching(/answered/, 5000);
    return (await answered) - started;
  } finally {
    prober.signal('SIGKILL');
    await mustIsland(host, 'leave');
  }
}

interface Took {
  readonly ms: number;
  /** What `node -e 0` took. */
  readonly bare: number;
  readonly most?: number | undefined;
}

function rowOf(measure: string, { ms, bare, most }: Took): Row {
  const ratio = ms / bare;
  return {
    measure,
    value: formatMs(ms),
    peer: `${ratio.toFixed(2)} x node -e 0`,
    ...(most === undefined ? {} : { target: atMost(most, ratio, ' x') }),
    runs: RUNS,
  };
}
