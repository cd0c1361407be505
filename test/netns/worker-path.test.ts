import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopDaemon, within } from '../support/daemon.ts';
import { ISLAND, install, mustIsland } from '../support/island.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { WORKERS_FILE } from '../support/plan-workers.ts';
import { droppedAt, pinging, programsOn } from '../support/workers/pinger.ts';
import { recordAt, replay } from '../support/workers/recorder.ts';
import {
  HUB_OUTER,
  hubState,
  ISLAND_FOLDER,
  joinWorker,
  reached,
  type Site,
  serveWorkers,
} from '../support/workers/site.ts';

let lab: Lab;
let site: Site;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 1, pdu: false, workers: 3, randomPorts: true }));
  site = await serveWorkers(lab);
  await install([lab.host('sopnode-w1')], WORKERS_FILE);
  await mustIsland(lab.host('sopnode-w1'), 'join');
});
afterAll(() => lab?.close());

test('a worker has no process of ours after join', async () => {
  const worker = lab.host('worker1');
  const before = await programsOn(worker);
  await joinWorker(site, worker);
  expect(await programsOn(worker)).toEqual(before);
  await reached(worker, '138.96.245.51');
});

describe('under 100 packets a second each way between a worker and the hub network', () => {
  /** Does it under load and returns what was lost. */
  async function lostWhile(work: () => Promise<void>): Promise<void> {
    await reached(lab.host('worker1'), '138.96.245.51');
    const pings = [
      pinging(lab.host('worker1'), '138.96.245.51'),
      pinging(lab.host('sopnode-w1'), '10.3.1.64'),
    ];
    await delay(300);
    const started = performance.now();
    await work();
    await delay(300);
    const ms = performance.now() - started;
    for (const { answered, lost } of await Promise.all(pings.map((ping) => ping.stop()))) {
      expect(lost).toEqual([]);
      expect(answered).toBeGreaterThan(ms / 20);
    }
  }

  test('none is lost when the daemon of the hub is stopped, or killed, and comes back', () =>
    lostWhile(async () => {
      expect(await stopDaemon(site.daemon())).toBe(0);
      await delay(500);
      await site.serve();
      site.daemon().signal('SIGKILL');
      await site.daemon().exited;
      await delay(500);
      await site.serve();
    }));

  test('none is lost when island is replaced by another build, with a join of it in between', () =>
    lostWhile(async () => {
      const next = '/run/next/main.cjs';
      await site.hub.run(['cp', '-r', ISLAND.replace(/\/[^/]*$/, ''), '/run/next']);
      await site.hub.run([process.execPath, next, 'join']);
      await stopDaemon(site.daemon());
      await site.hub.run([process.execPath, next, 'join']);
      const daemon = site.hub.start([process.execPath, next, 'serve']);
      await daemon.outputMatching(/"msg":"ready"/);
      await stopDaemon(daemon);
      await site.serve();
    }));

  test('none is lost when others join, leave and are released; what the guard counted and saw stays', async () => {
    const [second, third] = [lab.host('worker2'), lab.host('worker3')];
    await lab.host('internet').run(['bash', '-c', `echo no tunnel packet >/dev/udp/${HUB_OUTER}/10310`]);
    const dropped = await droppedAt(site);
    expect([...dropped.values()].reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
    const { fdb, pairs, seen } = await hubState(site);
    await lostWhile(async () => {
      await joinWorker(site, second, '--route', '10.244.2.0/24');
      await joinWorker(site, third);
      await mustIsland(second, 'leave');
      await mustIsland(site.hub, 'lease', 'release', 'worker3');
      await joinWorker(site, second);
    });
    const after = await hubState(site);
    for (const [what, before] of Object.entries({ fdb, pairs, seen })) {
      expect({ what, lines: after[what as 'fdb'] }).toEqual({
        what,
        lines: expect.arrayContaining([...before]),
      });
    }
    for (const [reason, packets] of await droppedAt(site)) {
      expect([reason, packets >= (dropped.get(reason) ?? 0)]).toEqual([reason, true]);
    }
  });
});

test('an entry that somebody takes away on the hub is back within five seconds', async () => {
  const { fdb } = await hubState(site);
  const line = await site.hub.run(['sh', '-c', "bridge fdb show | grep ' dev isl-work.* dst ' | head -n 1"]);
  const [mac = '', , link = '', , outer = '', , port = ''] = line.trim().split(' ');
  await site.hub.run(['bridge', 'fdb', 'delete', mac, 'dev', link, 'dst', outer, 'port', port, 'self']);
  await within(5000, 'the entry', async () => isDeepStrictEqual((await hubState(site)).fdb, fdb));
});

test('a recording of a join opens nothing when it is played again', async () => {
  const worker = lab.host('worker3');
  await mustIsland(worker, 'leave');
  const recorder = await recordAt(lab.host('home-nat'), HUB_OUTER);
  const created = await mustIsland(site.hub, 'token', 'create', '--uses', '2', '--json');
  await joinWorker({ ...site, token: JSON.parse(created).token }, worker);
  const recordings = await recorder.recordings(2);
  await recorder.close();
  const state = async () => ({
    register: await site.hub.readFile(`${ISLAND_FOLDER}/workers.json`),
    kernel: await hubState(site),
    joins: site.daemon().output().split('"msg":"worker joined"').length,
  });
  const before = await state();
  for (const recording of recordings) {
    const said = recording.filter(({ of }) => of === 'hub').map(({ bytes }) => Buffer.from(bytes, 'base64'));
    const { answered, isRefused } = await replay(worker, HUB_OUTER, recording);
    expect(isRefused).toBe(true);
    // A connection of its own begins as any other, and ends when the worker's keys turn out to be of another.
    expect(answered).toBeLessThan(Buffer.concat(said).length);
  }
  expect(await state()).toEqual(before);
});
