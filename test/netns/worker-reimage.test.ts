import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import {
  hubState,
  ISLAND_FOLDER,
  joinWorker,
  leaseOf,
  reached,
  type Site,
  serveWorkers,
} from '../support/workers/site.ts';

/** As many as share the work of one name: 50 times in a row take a minute. */
const NAMES = ['worker1', 'worker2', 'worker3', 'worker4', 'worker5'];
const TIMES = 10;

const NETWORK = modelNetwork({
  nodes: [],
  clusterHosts: 0,
  pdu: false,
  workers: NAMES.length,
  randomPorts: true,
});

let lab: Lab;
let site: Site;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(NETWORK);
  site = await serveWorkers(lab);
});
afterAll(() => lab?.close());

/** Another machine under the name, of which nothing is left but where it is plugged in. */
async function reimage(name: string): Promise<LabHost> {
  const plan = NETWORK.hosts[name];
  if (plan === undefined) throw new Error(`${name}: no such host`);
  await lab.remove(name);
  await lab.raise({ hosts: { [name]: plan } });
  const host = lab.host(name);
  await host.writeFile('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
  return host;
}

/** Joins as a machine that has just been installed: how long that took, and the address that it was given. */
async function joinAnew(name: string): Promise<{ readonly ms: number; readonly inner: string }> {
  const host = await reimage(name);
  const started = performance.now();
  await joinWorker(site, host);
  const ms = performance.now() - started;
  return { ms, inner: (await leaseOf(host)).inner };
}

/** What the hub has for workers: how many of each, whatever their secrets are. */
async function sizes() {
  const { fdb, neighbours, routes, pairs } = await hubState(site);
  const { leases } = JSON.parse(await mustIsland(site.hub, 'lease', 'list', '--json'));
  const register = await site.hub.readFile(`${ISLAND_FOLDER}/workers.json`);
  return {
    ...{ fdb: fdb.length, neighbours: neighbours.length, routes, pairs: pairs.length },
    ...{ leases: leases.length, registerBytes: register.length },
  };
}

/** Resident memory of the daemon, in MB. */
async function memory(): Promise<number> {
  const script =
    'for each in /proc/[0-9]*; do grep -qz "^serve$" $each/cmdline && grep VmRSS $each/status; done; :';
  return Number(/VmRSS:\s+(\d+)/.exec(await site.hub.run(['sh', '-c', script]))?.[1]) / 1024;
}

test('a worker that is installed anew 50 times keeps its address, and nothing of the earlier ones is left', async () => {
  const first = await Promise.all(NAMES.map(joinAnew));
  const before = await sizes();
  expect([before.fdb, before.neighbours, before.pairs, before.leases]).toEqual([5, 5, 5, 5]);
  const memoryBefore = await memory();
  const times = await Promise.all(
    NAMES.map(async (name, index) => {
      const ms: number[] = [];
      for (let time = 0; time < TIMES; time += 1) {
        const joined = await joinAnew(name);
        expect(joined.inner).toBe(first[index]?.inner);
        ms.push(joined.ms);
      }
      return ms;
    }),
  );
  for (const [index, name] of NAMES.entries()) {
    await reached(site.hub, first[index]?.inner ?? '');
    await reached(lab.host(name), '10.3.1.2');
  }
  expect(await sizes()).toEqual(before);
  const growth = (await memory()) - memoryBefore;
  const sorted = times.flat().toSorted((a, b) => a - b);
  process.stdout.write(
    `${sorted.length} times anew, ${NAMES.length} at once: median ${Math.round(sorted[sorted.length / 2] ?? 0)} ms, slowest ${Math.round(sorted.at(-1) ?? 0)} ms; the daemon has grown by ${growth.toFixed(1)} MB from ${memoryBefore.toFixed(1)}\n`,
  );
  // V8 lets its heap grow to some 130 MB before it tidies up, however long this goes on.
  expect(growth).toBeLessThan(80);
});
