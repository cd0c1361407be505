import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Member } from '../support/crowd/crowd.ts';
import { type CrowdedHub, type KernelState, raiseCrowdedHub } from '../support/crowd/crowded-hub.ts';
import { atMost, formatMs, type Row } from './report.ts';

const MANY = 1000;
const PROGRAM = fileURLToPath(new URL('program.mjs', import.meta.url));
/** As in the file of the crowd: the kernel of each worker asks once in it. */
const PERIOD_MS = 20_000;

/** A thousand workers behind one NAT, which are sockets of one process, on a hub as it is started by an operator. */
export async function measureWorkers(): Promise<readonly Row[]> {
  const hub = await raiseCrowdedHub({ program: PROGRAM, atOnce: 48 });
  try {
    const none = await idleRow(hub, 'no worker');
    const first = await hub.crowd.ask({ op: 'join', names: ['first'] });
    const one = await idleRow(hub, '1 worker');
    const joining = await join(hub);
    const members = [...first.members, ...joining.members];
    const idle = await idleRow(hub, `${MANY} workers`, 1);
    const last = await hub.crowd.ask({ op: 'join', names: ['last'] });
    return [
      ...joining.rows,
      lastRow(first.members, last.members),
      ...[none, one, idle],
      ...(await restarts(hub, [...members, ...last.members])),
    ];
  } finally {
    await hub.close();
  }
}

/** From the first call to the hub until it answers through the tunnel. */
function lastRow(first: readonly Member[], last: readonly Member[]): Row {
  const [alone = 0, beside = 0] = [first, last].map(([member]) =>
    member === undefined ? 0 : member.leasedMs + member.answeredMs,
  );
  return {
    measure: `a join beside ${MANY} workers, until the hub answers`,
    value: formatMs(beside),
    peer: `${formatMs(alone)} as the first one`,
    runs: 1,
  };
}

interface Joining {
  readonly rows: readonly Row[];
  readonly members: readonly Member[];
}

async function join(hub: CrowdedHub): Promise<Joining> {
  const before = await hub.usage();
  const names = Array.from({ length: MANY - 1 }, (_, index) => `w${index}`);
  const { ms, members } = await hub.crowd.ask({ op: 'join', names });
  const after = await hub.usage();
  const [wanted, found] = [await hub.expected(members), await hub.kernel()];
  const right = wanted.fdb.filter((entry) => found.fdb.includes(entry)).length;
  const each = (after.cpuMs - before.cpuMs) / names.length;
  const row = (measure: string, value: string, more: Partial<Row> = {}): Row => ({
    ...{ measure: `${measure}, ${MANY} workers`, value, runs: 1 },
    ...more,
  });
  return {
    members,
    rows: [
      row('joins at a hub, 48 at a time', formatMs(ms), { peer: `${formatMs(ms / names.length)} for each` }),
      row('processor time of the hub for each join', formatMs(each), { peer: `${after.peakMb} MB at most` }),
      row('forwarding entries that are as the NAT says', `${right} of ${names.length}`, {
        target: { text: 'all', met: right === names.length },
      }),
    ],
  };
}

async function idleRow(hub: CrowdedHub, whose: string, most?: number): Promise<Row> {
  // Until what the joins have stirred up is over.
  await delay(3000);
  const before = await hub.usage();
  const started = performance.now();
  await Promise.all([hub.crowd.ask({ op: 'keepalive', periodMs: PERIOD_MS }), delay(PERIOD_MS)]);
  const after = await hub.usage();
  const percent = ((after.cpuMs - before.cpuMs) / (performance.now() - started)) * 100;
  return {
    ...{ measure: `processor time of an idle hub, ${whose}`, value: `${percent.toFixed(1)} %`, runs: 1 },
    peer: `${after.rssMb} MB`,
    ...(most === undefined ? {} : { target: atMost(most, percent, ' %') }),
  };
}

/** What a packet of before is forgotten by itself. */
function lasting({ seen: _, ...rest }: KernelState): Omit<KernelState, 'seen'> {
  return rest;
}

async function restarts(hub: CrowdedHub, members: readonly Member[]): Promise<Row[]> {
  await hub.crowd.ask({ op: 'keepalive', periodMs: 2000 });
  const before = await hub.kernel();
  const ready = await hub.restart('SIGKILL');
  const isSame = isDeepStrictEqual(lasting(await hub.kernel()), lasting(before));
  const booted = await hub.reboot();
  const { ms } = await hub.crowd.ask({ op: 'keepalive', periodMs: PERIOD_MS });
  const found = await hub.kernel();
  return [
    {
      measure: `kill -9 of the daemon, until another is ready, ${MANY} workers`,
      value: formatMs(ready),
      peer: isSame ? 'nothing else has changed' : 'entries have changed',
      target: { text: 'nothing lost', met: isSame },
      runs: 1,
    },
    {
      measure: `boot of the hub, until join and serve are done, ${MANY} workers`,
      value: formatMs(booted),
      runs: 1,
    },
    {
      measure: `from there until all ${found.fdb.length} of ${members.length} are reached, no join`,
      value: formatMs(ms),
      peer: `${PERIOD_MS / 1000} s: each asks once in it`,
      target: atMost(PERIOD_MS / 1000 + 3, ms / 1000, ' s'),
      runs: 1,
    },
  ];
}
