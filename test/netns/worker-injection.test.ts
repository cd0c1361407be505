import { afterAll, beforeAll, expect, test } from 'vitest';
import { within } from '../support/daemon.ts';
import { STRANGER } from '../support/injection/parties.ts';
import { forgeFrom, workerInjection } from '../support/injection/worker-injection.ts';
import { workerScenes } from '../support/injection/worker-scene.ts';
import { OTHER } from '../support/injection/worker-specs.ts';
import { install, mustIsland } from '../support/island.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { WORKERS_FILE } from '../support/plan-workers.ts';
import { hubState, joinWorker, leaseOf, type Site, serveWorkers } from '../support/workers/site.ts';

let lab: Lab;
let site: Site;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 1, pdu: false, workers: 2, randomPorts: true }));
  site = await serveWorkers(lab);
  await install([lab.host('sopnode-w1')], WORKERS_FILE);
  await mustIsland(lab.host('sopnode-w1'), 'join');
  await joinWorker(site, lab.host('worker1'));
  await joinWorker(site, lab.host('worker2'), '--route', OTHER.range);
});
afterAll(() => lab?.close());

test('to a hub and a worker nothing gets in without the secret MAC, nor what is not its owner’s with it', async () => {
  expect((await leaseOf(lab.host('worker2'))).inner).toBe(OTHER.inner);
  const table = await workerInjection(site, { rounds: 1, rate: 10_000 });
  process.stderr.write(`\n${table}\n`);
});

test('who knows the secret MAC takes the worker’s place until the worker speaks again', async () => {
  const worker = lab.host('worker1');
  const { mac } = await leaseOf(worker);
  const [atHub] = await workerScenes(site, worker);
  const entry = async () => (await hubState(site)).fdb.filter((line) => line.includes(mac)).join();
  const before = await entry();
  await forgeFrom(site, atHub, { address: STRANGER, port: 4711 });
  await within(4000, 'the hub believes it', async () =>
    (await entry()).includes(`dst ${STRANGER} port 4711`),
  );
  const ping = worker.start(['ping', '-q', '-i', '0.2', '-w', '10', '10.3.1.2']);
  await within(6000, 'the hub knows better', async () => (await entry()) === before);
  ping.signal('SIGINT');
  await ping.exited;
});
