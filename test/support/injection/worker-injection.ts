import { setTimeout as delay } from 'node:timers/promises';
import { equal } from '../assert.ts';
import { mustIsland } from '../island.ts';
import { hubState, reached, type Site } from '../workers/site.ts';
import { FIRST_MARKER } from './attack.ts';
import { setSourceChecks } from './model.ts';
import { pcap } from './pcap.ts';
import { type Due, formatBreaches, formatInjections, type Outcome, type Tally } from './report.ts';
import { type Wire, wireFor } from './wire.ts';
import {
  BEACON,
  type Counts,
  countArrivals,
  countDelivered,
  countsBetween,
  type Witness,
} from './witness.ts';
import { type WorkerAttack, workerAttack, workerAttacks } from './worker-attacks.ts';
import { type Endpoint, type WorkerScene, workerScenes } from './worker-scene.ts';

/** How often each attack is sent in each state, and how fast: frames a second. */
export interface WorkerEffort {
  readonly rounds: number;
  readonly rate: number;
}

interface WorkerSiege {
  readonly scene: WorkerScene;
  readonly attacks: readonly WorkerAttack[];
  readonly wire: Wire;
  readonly inside: Witness;
  readonly around: readonly Witness[];
}

/**
 * Attacks the hub in the name of the first worker of the site, and that worker in the name of the hub. Returns the table
 * of what got in; throws with it when something did that has to be refused, or when somebody was taken to be elsewhere.
 */
export async function workerInjection(site: Site, effort: WorkerEffort): Promise<string> {
  const worker = site.lab.host('worker1');
  const victims = [site.hub, worker];
  await honestPasses(site);
  await Promise.all(victims.map((host) => setSourceChecks(host, false)));
  await openBeacon(site);
  const outcomes: Outcome[] = [];
  for (const scene of await workerScenes(site, worker)) {
    const siege = await layOut(site, scene, effort);
    const tallies = [await guarded(site, siege, effort), await unguarded(site, siege)];
    await heal(site, scene);
    tallies.push(await guarded(site, siege, effort));
    outcomes.push({ role: scene.role, attacks: siege.attacks, tallies });
  }
  await Promise.all(victims.map((host) => setSourceChecks(host, true)));
  await honestPasses(site);
  const table = formatInjections('to and from workers', outcomes);
  const breaches = outcomes.flatMap(formatBreaches);
  if (breaches.length > 0) throw new Error(`${breaches.join('\n')}\n\n${table}`);
  return table;
}

/** Longer than the learner of the hub takes to look again. */
const LEARNED_MS = 2500;

/** Nobody is taken to be elsewhere either, now and when the hub has looked. */
async function guarded(site: Site, siege: WorkerSiege, { rounds }: WorkerEffort): Promise<Tally> {
  const before = await hubState(site);
  const due = ({ open }: { readonly open: boolean }): Due => (open ? 'all' : 'none');
  const tally = await tallyOf(siege, { column: 'joined', rounds, due });
  equal('what the hub knows of workers', await hubState(site), before);
  if (siege.scene.role === 'hub') await delay(LEARNED_MS);
  equal('what the hub knows of workers later', await hubState(site), before);
  return tally;
}

async function honestPasses({ lab, hub }: Site): Promise<void> {
  await reached(lab.host('worker1'), '138.96.245.51');
  await reached(hub, '10.3.1.64');
}

/** The beacon has no mapping of its own through the NAT. */
async function openBeacon({ lab }: Site): Promise<void> {
  await lab.host('home-nat').run(['nft', '-f', '-'], {
    input: `table ip beacon {
  chain prerouting {
    type nat hook prerouting priority dstnat - 1; policy accept;
    udp dport ${BEACON} dnat to 192.168.77.11
  }
}
`,
  });
}

async function layOut({ lab }: Site, scene: WorkerScene, { rate }: WorkerEffort): Promise<WorkerSiege> {
  const attacks = workerAttacks(scene);
  const inside = await countDelivered(scene.victim, attacks);
  const around = await Promise.all(scene.around.map((host) => countArrivals(host, attacks)));
  const parties = { wire: scene.wire, victim: { outer: scene.to.address } };
  const wire = await wireFor({ wireMac: { uplink: scene.wireMac }, parties }, attacks, {
    ...{ sender: lab.host('internet'), victim: inside, rate },
  });
  return { scene, attacks, wire, inside, around };
}

interface Round {
  readonly column: string;
  readonly rounds: number;
  readonly due: Tally['due'];
}

async function tallyOf(siege: WorkerSiege, { column, rounds, due }: Round): Promise<Tally> {
  const { wire, inside, around } = siege;
  const counts = () => Promise.all([inside, ...around].map((witness) => witness.counts()));
  const before = await counts();
  await wire.send(rounds);
  const after = await counts();
  const [victim = NONE, ...elsewhere] = after.map((each, n) => countsBetween(before[n] ?? NONE, each));
  return {
    ...{ column, state: column, due, sent: victim.get(BEACON) ?? 0, victim },
    behind: elsewhere.reduce(sum, NONE),
  };
}

/** The control: what the kernel does not refuse by itself gets in where the guard is missing, and nobody puts it back. */
async function unguarded(site: Site, siege: WorkerSiege): Promise<Tally> {
  const { scene, attacks } = siege;
  const idle = new Set(attacks.filter((attack) => attack.idle).map(({ marker }) => marker));
  if (scene.role === 'hub') {
    site.daemon().signal('SIGKILL');
    await site.daemon().exited;
  }
  await scene.victim.run(['nft', 'delete', 'table', 'inet', 'island-r2lab']);
  const due = ({ open, marker }: { readonly open: boolean; readonly marker: number }): Due => {
    if (open) return 'all';
    return idle.has(marker) ? 'any' : 'some';
  };
  return tallyOf(siege, { column: 'no guard', rounds: 1, due });
}

async function heal(site: Site, { role, victim }: WorkerScene): Promise<void> {
  if (role === 'hub') await site.serve();
  else await mustIsland(victim, 'join');
  for (const name of ['worker1', 'worker2']) await reached(site.lab.host(name), '10.3.1.2');
}

/** Sends the hub of the scene a datagram in every respect like one of the worker, but from elsewhere. */
export async function forgeFrom({ lab }: Site, scene: WorkerScene, outer: Endpoint): Promise<void> {
  const spec = { name: 'from elsewhere', source: scene.peerMac, to: [scene.victimInner], outer };
  const { frames } = workerAttack(scene, spec, FIRST_MARKER);
  const internet = lab.host('internet');
  await internet.writeFile('/run/forged.pcap', pcap(frames));
  await internet.run(['tcpreplay', '--intf1', scene.wire, '/run/forged.pcap']);
}

const NONE: Counts = new Map();

function sum(a: Counts, b: Counts): Counts {
  const markers = new Set([...a.keys(), ...b.keys()]);
  return new Map([...markers].map((marker) => [marker, (a.get(marker) ?? 0) + (b.get(marker) ?? 0)]));
}
