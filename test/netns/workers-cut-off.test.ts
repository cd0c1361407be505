import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDaemon, stopDaemon, within } from '../support/daemon.ts';
import { ISLAND, island, mustIsland } from '../support/island.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { changeOuter } from '../support/nat/site-lab.ts';
import { type State, stateOf } from '../support/state.ts';
import {
  HUB,
  joinWith,
  leaseOn,
  leasesOf,
  mustJoinWith,
  OPEN,
  raiseWorkersLab,
  reboot,
  tokenFrom,
  visit,
  type WorkersLab,
} from '../support/workers.ts';

let site: WorkersLab;
let daemon: LabProcess;
const bare = new Map<string, State>();
const NAMES = ['home-w1', 'home-w2', 'open-w1'];

beforeAll(async () => {
  site = await raiseWorkersLab(2);
  daemon = site.daemon;
  await Promise.all(NAMES.map(async (name) => bare.set(name, await stateOf(host(name)))));
});
afterAll(() => site?.lab.close());

function host(name: string): LabHost {
  return site.lab.host(name);
}

/** Whether both the worker and the hub get an answer from each other. */
async function isJoined(name: string, inner: string, deadlineMs = 5000): Promise<boolean> {
  const hub = host('sopnode-l1');
  const ways = await Promise.all([
    visit(hub, host(name), { address: inner, deadlineMs }),
    visit(host(name), hub, { address: '10.3.1.2', deadlineMs }),
  ]);
  return ways.every(({ ok }) => ok);
}

async function leave(name: string): Promise<void> {
  await mustIsland(host(name), 'leave');
  expect(await stateOf(host(name))).toEqual(bare.get(name));
}

/** Without what the kernel makes of the neighbours that it asks for. */
async function lastingOf(worker: LabHost): Promise<Omit<State, 'neighbours'>> {
  const { neighbours: _, ...lasting } = await stateOf(worker);
  return lasting;
}

/** Runs the work while the packets that `match` says are lost between the worker and the hub. */
async function losing<T>(match: string, work: () => Promise<T>): Promise<T> {
  const internet = host('internet');
  const table = `table inet loss { chain forward { type filter hook forward priority -50; ${match} drop; }; }`;
  await internet.run(['nft', '-f', '-'], { input: table });
  try {
    return await work();
  } finally {
    await internet.run(['nft', 'delete table inet loss']);
  }
}

describe('while nothing gets through the tunnel', () => {
  test('leave tells the hub all the same, over the underlay', async () => {
    const inner = await mustJoinWith(host('home-w1'), site.token);
    await losing('udp dport 10310', async () => {
      expect(await isJoined('home-w1', inner, 300)).toBe(false);
      expect((await island(host('home-w1'), 'leave')).stderr).toBe('');
    });
    expect(await stateOf(host('home-w1'))).toEqual(bare.get('home-w1'));
    expect(await leasesOf(site.hub)).toEqual([`home-w1 ${inner} reserved`]);
  });

  test('a join says so: a new one leaves nothing, another one what there was, which works once packets pass', async () => {
    const [joined, fresh] = [host('home-w1'), host('home-w2')];
    const inner = await mustJoinWith(joined, site.token);
    const before = await lastingOf(joined);
    const [plain, again, first] = await losing('udp dport 10310', async () => {
      const said = await island(joined, 'join');
      return [said, ...(await Promise.all([joined, fresh].map((each) => joinWith(each, site.token))))];
    });
    expect([plain?.code, plain?.stderr]).toEqual([
      0,
      `the hub still has the lease of this host, but nothing comes back through the link: see that UDP port 10310 gets from here to ${HUB}\n`,
    ]);
    expect(plain?.stdout).toMatch(/^home-w1 is a worker .*, not reached yet sopnode-l1, nothing to do \(/);
    expect([again?.code, again?.stderr]).toEqual([75, nothingCame('home-w1', inner)]);
    expect(await lastingOf(joined)).toEqual(before);
    expect([first?.code, first?.stderr]).toEqual([75, nothingCame('home-w2', '10.3.1.65')]);
    expect(await stateOf(fresh)).toEqual(bare.get('home-w2'));
    expect(await leasesOf(site.hub)).toEqual([`home-w1 ${inner} held`, 'home-w2 10.3.1.65 reserved']);
    await within(15_000, 'the worker is back', () => isJoined('home-w1', inner, 1000));
    await leave('home-w1');
  });

  test("since the hub's link to its workers is down, a join with the token gets through, with an old lease too", async () => {
    const inner = await mustJoinWith(host('home-w1'), site.token);
    await stopDaemon(daemon);
    const links = await site.hub.run(['sh', '-c', 'ip -o link | grep -o "isl-[^:@]*"']);
    for (const link of links.trim().split('\n')) await site.hub.ip([`link set ${link} down`]);
    expect(await isJoined('home-w1', inner, 300)).toBe(false);
    daemon = await startDaemon(site.hub);
    expect(await mustJoinWith(host('home-w1'), site.token)).toBe(inner);
    expect(await isJoined('home-w1', inner)).toBe(true);
    await leave('home-w1');
  });
});

function nothingCame(name: string, inner: string): string {
  return `island: sopnode-l1 leased ${inner} to ${name}, and nothing came back through the link in 8 s; everything that this run did is undone
hint: see that UDP port 10310 gets from here to ${HUB}, and that "island serve" runs there
`;
}

describe('a worker that the hub has released', () => {
  test('is cut off at once, is told so by join, and comes back with a new token', async () => {
    const inner = await mustJoinWith(host('home-w1'), site.token);
    await mustIsland(site.hub, 'lease', 'release', 'home-w1');
    expect(await isJoined('home-w1', inner, 300)).toBe(false);
    const before = await lastingOf(host('home-w1'));
    const { code, stderr } = await island(host('home-w1'), 'join');
    expect([code, stderr]).toEqual([77, goneFor('home-w1')]);
    expect(await lastingOf(host('home-w1'))).toEqual(before);
    expect(await mustJoinWith(host('home-w1'), await tokenFrom(site.hub, '--name', 'home-w1'))).toBe(inner);
    expect(await isJoined('home-w1', inner)).toBe(true);
    await leave('home-w1');
  });
});

function goneFor(name: string): string {
  return `island: the hub has no lease for this host any more: that of ${name} was released there, or is another machine's
hint: run "island token create --name ${name}" on the hub, which has ${HUB}, and here what it prints; or "island leave"
`;
}

test('leave without a hub leaves, and says what to type there', async () => {
  await mustJoinWith(host('home-w1'), site.token);
  const { code, stdout, stderr } = await losing('ip daddr 138.96.245.50', () =>
    island(host('home-w1'), 'leave'),
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^left r2lab \(\d+ ms\)\n$/);
  expect(stderr).toBe(`island: the hub could not be told that home-w1 has left: ${HUB}:10310 (hub): no answer
hint: run "island lease release home-w1" on the hub, which has ${HUB}\n`);
  expect(await stateOf(host('home-w1'))).toEqual(bare.get('home-w1'));
  await mustIsland(site.hub, 'lease', 'release', 'home-w1');
});

describe('a join that ends early', () => {
  test('is undone when nobody confirms it, and can be done again', async () => {
    const worker = host('home-w1');
    const token = await tokenFrom(site.hub);
    const inner = await mustJoinWith(worker, token, '--confirm-within', '1s');
    await within(10_000, 'the join is undone', async () =>
      isDeepStrictEqual(await stateOf(worker), bare.get('home-w1')),
    );
    expect(await mustJoinWith(worker, token)).toBe(inner);
    await leave('home-w1');
  });

  test('with kill -9, at any moment, is finished by the next one with the same token', async () => {
    const worker = host('home-w1');
    const token = await tokenFrom(site.hub);
    for (const afterMs of [250, 400, 500, 600, 700]) {
      await worker.exec([
        'timeout',
        '-s',
        'KILL',
        String(afterMs / 1000),
        process.execPath,
        ISLAND,
        'join',
        '--hub',
        HUB,
        '--token',
        token,
      ]);
    }
    const inner = await mustJoinWith(worker, token);
    expect(await isJoined('home-w1', inner)).toBe(true);
    await leave('home-w1');
  });

  test('since another is at it spoils nothing: one of the two wins', async () => {
    const worker = host('home-w1');
    const token = await tokenFrom(site.hub);
    const both = await Promise.all([joinWith(worker, token), joinWith(worker, token)]);
    // Refused at once, unless it came when the first was done.
    const [first, second] = both.map(({ code }) => code).toSorted();
    expect(first).toBe(0);
    expect([0, 75]).toContain(second);
    const { inner = '', name } = (await leaseOn(worker)) ?? {};
    expect(await leasesOf(site.hub)).toContain(`${name} ${inner} held`);
    expect(await isJoined('home-w1', inner)).toBe(true);
    await leave('home-w1');
  });
});

/** As DHCP does when the lease of the LAN was given to somebody else. */
function readdress(name: string, address: string): Promise<void> {
  const added = `address add ${address}/24 dev eth0`;
  return host(name).ip(['address flush dev eth0', added, 'route replace default via 192.168.101.1']);
}

describe('without any command', () => {
  test('workers are reached again when their own address has changed, with strict rp_filter', async () => {
    const names = ['home-w1', 'open-w1'] as const;
    const inners: string[] = [];
    for (const name of names) inners.push(await mustJoinWith(host(name), site.token));
    await changeOuter(site.lab, OPEN);
    await readdress('home-w1', '192.168.101.99');
    const ms = await within(15_000, 'both are back', async () =>
      (await Promise.all(names.map((name, at) => isJoined(name, inners[at] ?? '', 1000)))).every(Boolean),
    );
    process.stdout.write(`back ${ms} ms after their addresses changed\n`);
    for (const name of names) await mustIsland(host(name), 'leave');
    await readdress('home-w1', '192.168.101.11');
  });

  test('workers are reached again when the hub was rebooted, and a rebooted worker needs no token', async () => {
    const inner = await mustJoinWith(host('home-w1'), site.token);
    await stopDaemon(daemon);
    const worker = await reboot(site.lab, 'home-w1');
    const { stdout, ms } = await worker.exec([process.execPath, ISLAND, 'join']);
    expect(stdout).toMatch(/reached sopnode-l1/);
    expect(await isJoined('home-w1', inner)).toBe(true);
    const hub = await reboot(site.lab, 'sopnode-l1');
    await mustIsland(hub, 'join');
    await startDaemon(hub);
    const backMs = await within(15_000, 'all are back', async () => isJoined('home-w1', inner, 1000));
    process.stdout.write(
      `a rebooted worker joins in ${Math.round(ms)} ms; ${backMs} ms after the hub's daemon is back so is it\n`,
    );
    // Half a second on a machine that does nothing else.
    expect(ms).toBeLessThan(3000);
  });
});
