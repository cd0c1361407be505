import { equal } from '../assert.ts';
import { mustIsland } from '../island.ts';
import type { Attack } from './attack.ts';
import type { Due, Tally } from './report.ts';
import { type Seen, type Siege, sumOfSeen } from './siege.ts';

/** What gets in in every state of the victim's life, which is joined before and after. */
export async function allLife(siege: Siege): Promise<Tally[]> {
  const peaceful = [await inPeace(siege, 'joined'), await besideOthers(siege)];
  await allCounted(siege);
  return [
    ...peaceful,
    ...(await whileRejoining(siege)),
    await withoutGuard(siege),
    await whileFlushed(siege),
    await healed(siege),
  ];
}

async function inPeace({ during, wire, effort }: Siege, state: string): Promise<Tally> {
  const seen = await during(() => wire.send(effort.rounds));
  return { column: 'joined', state, ...seen, due: ({ open }) => (open ? 'all' : 'none') };
}

/** Every reason to drop has counted what it dropped, but for those that are not about these attacks. */
async function allCounted({ victim }: Siege): Promise<void> {
  const { guard } = JSON.parse(await mustIsland(victim, 'status', '--json'));
  const silent = guard
    .filter(({ packets }: { packets: number }) => packets === 0)
    .map(({ reason }: { reason: string }) => reason);
  const others = ['ICMP redirect', 'ICMP error about a tunnel packet'];
  equal(
    'reasons that counted nothing',
    silent.filter((reason: string) => !others.includes(reason)),
    [],
  );
}

/** Tunnels of others inside the island are let through to their devices: what these take is up to them. */
async function besideOthers(siege: Siege): Promise<Tally> {
  const { scene } = siege;
  const tally = await withDeviceOfOthers(siege, () => inPeace(siege, 'joined, beside a device of others'));
  const due = (attack: Attack) => (attack.nested && scene.kind === 'ipip' ? 'any' : tally.due(attack));
  return { ...tally, column: scene.kind === 'ipip' ? 'tunl0 up' : 'other VNI', due };
}

/**
 * With a device that takes in what the island's own refuse: protocol 4 from anybody to any address of the host,
 * or another VNI on the same port.
 */
async function withDeviceOfOthers<T>({ scene, victim }: Siege, act: () => Promise<T>): Promise<T> {
  const { kind, linkMac, vni, port } = scene;
  const other = `link add other address ${linkMac.victim} type vxlan id ${vni + 1} dstport ${port} nolearning`;
  const [add, remove] =
    kind === 'ipip'
      ? [['link set tunl0 up'], ['link set tunl0 down']]
      : [[other, 'link set other up addrgenmode none'], ['link delete dev other']];
  await victim.ip(add);
  try {
    return await act();
  } finally {
    await victim.ip(remove);
  }
}

async function whileRejoining({ during, wire, effort, victim }: Siege): Promise<Tally[]> {
  const seen: { readonly leave: Seen; readonly join: Seen }[] = [];
  await wire.sendWhile(async () => {
    for (let time = 0; time < effort.rejoins; time += 1) {
      const leave = await during(() => mustIsland(victim, 'leave'));
      seen.push({ leave, join: await during(() => mustIsland(victim, 'join')) });
    }
  });
  const due = ({ open, whileJoined }: Attack): Due => (open || whileJoined ? 'any' : 'none');
  return (['leave', 'join'] as const).map((column) => ({
    ...{ column, state: `during ${column}`, due },
    ...seen.map((each) => each[column]).reduce(sumOfSeen),
  }));
}

/** The control: every attack gets in where only the guard is missing, so that a 0 elsewhere is the guard's. */
async function withoutGuard(siege: Siege): Promise<Tally> {
  const { during, wire, effort, victim } = siege;
  await victim.run(['nft', 'delete', 'table', 'inet', 'island-r2lab']);
  const seen = await withDeviceOfOthers(siege, () => during(() => wire.send(effort.rounds)));
  const due = ({ open }: Attack): Due => (open ? 'all' : 'some');
  return { column: 'no guard', state: 'no guard, beside a device of others', ...seen, due };
}

/** Nobody puts the guard back meanwhile; all that is left is what the kernel's links refuse by themselves. */
async function whileFlushed({ scene, during, wire, effort, victim }: Siege): Promise<Tally> {
  const loop = 'while :; do nft flush ruleset; echo flushed; sleep 0.1; done';
  const flusher = victim.start(['sh', '-c', loop]);
  const due = ({ open, stranger }: Attack): Due => {
    if (open) return 'all';
    return scene.kind === 'ipip' && stranger ? 'none' : 'any';
  };
  try {
    await flusher.outputMatching(/flushed/);
    const seen = await during(() => wire.send(effort.rounds));
    return { column: 'flushed', state: 'ruleset flushed every 100 ms', ...seen, due };
  } finally {
    flusher.signal('SIGTERM');
    await flusher.exited;
  }
}

/** One `island join` puts the guard back, in the time that it may take. */
async function healed(siege: Siege): Promise<Tally> {
  const started = performance.now();
  await mustIsland(siege.victim, 'join');
  const ms = Math.round(performance.now() - started);
  if (ms > siege.effort.healMs) throw new Error(`join after a flush took ${ms} ms`);
  return inPeace(siege, 'joined again');
}
