import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logOf, stopDaemon, within } from '../support/daemon.ts';
import { FAULTY } from '../support/faults.ts';
import { ISLAND, island, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { formsOf, leaksIn, type Secrets, standIns, watchArguments } from '../support/workers/leaks.ts';
import {
  hubState,
  ISLAND_FOLDER,
  joinArgs,
  joinWorker,
  leaseOf,
  type Site,
  serveWorkers,
} from '../support/workers/site.ts';

let lab: Lab;
let site: Site;
let worker: LabHost;
let secrets: Secrets;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false, workers: 1, randomPorts: true }));
  worker = lab.host('worker1');
  for (const name of ['sopnode-l1', 'worker1']) await standIns(lab.host(name));
  site = await serveWorkers(lab, { env: FAULTY });
});
afterAll(() => lab?.close());

/** What a command on a host prints, whatever becomes of it. */
async function said(host: LabHost, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await host.exec([process.execPath, ISLAND, ...args], { env: FAULTY });
  return `${stdout}${stderr}`;
}

/** What of the secrets it prints. */
async function leaks(host: LabHost, words: readonly string[]): Promise<string[]> {
  return leaksIn(await said(host, ...words), secrets);
}

test('a join shows no secret to who looks at the processes of the worker or of the hub', async () => {
  const watches = [site.hub, worker].map(watchArguments);
  await joinWorker(site, worker, '--route', '10.244.1.0/24');
  const seen = await Promise.all(watches.map((watch) => watch.stop()));
  const { mac, hubMac, key } = await leaseOf(worker);
  secrets = formsOf({ macs: [mac, hubMac], keys: [key, site.token.split('.')[1] ?? ''] });
  for (const text of seen) {
    expect(text).toMatch(/-batch|nft/);
    expect(leaksIn(text, secrets)).toEqual([]);
  }
});

test('what looks for secrets finds them', async () => {
  const lease = await worker.readFile(`${ISLAND_FOLDER}/lease.json`);
  expect(leaksIn(lease, secrets)).toHaveLength(3);
  expect(leaksIn(await worker.run(['nft', '-j', 'list', 'ruleset']), secrets).length).toBeGreaterThan(0);
  expect(leaksIn(await worker.run(['nft', 'list', 'ruleset']), secrets).length).toBeGreaterThan(0);
});

test('files with a secret are for root alone, and no others have one', async () => {
  expect(leaksIn(site.daemon().output(), secrets)).toEqual([]);
  // Else the daemon is faster than the join.
  await stopDaemon(site.daemon());
  await site.hub.ip(['rule flush protocol 110']);
  await mustIsland(site.hub, 'join', '--confirm-within', '60s');
  const files = await Promise.all([site.hub, worker].map(secretFiles));
  await mustIsland(site.hub, 'confirm');
  await site.serve();
  expect(files.map((lines) => lines.map((line) => line.replace(/.*\//, '')))).toEqual([
    ['before.json', 'workers.json'],
    ['lease.json'],
  ]);
  for (const line of files.flat()) expect(line).toMatch(/^600 /);
});

/** Mode and path of each file of island in which there is a secret. */
async function secretFiles(host: LabHost): Promise<string[]> {
  const script =
    'for f in $(find /var/lib/island /run/island /etc/island -type f 2>/dev/null); do stat -c "%a %n" $f; done';
  const lines = (await host.run(['sh', '-c', script])).split('\n').filter(Boolean);
  const texts = await Promise.all(lines.map((line) => host.readFile(line.split(' ')[1] ?? '')));
  return lines.filter((_, index) => leaksIn(texts[index] ?? '', secrets).length > 0).toSorted();
}

const ANYWHERE = [
  ...['plan', 'status', 'whoami'].flatMap((command) => [[command], [command, '--json']]),
  ['test', '--json'],
];
/** Of a host whose files are broken. */
const ANYHOW = [['plan'], ['status', '--json'], ['join']];
const ON_HUB = [
  ['lease', 'list'],
  ['token', 'list'],
].flatMap((words) => [words, [...words, '--json']]);

describe('no command shows a secret', () => {
  /** Everything of the island is gone, so that a plan has to make all of it again. */
  async function tear(host: LabHost): Promise<void> {
    const script =
      'nft delete table inet island-r2lab; ip link delete $(ls /sys/class/net | grep isl- | head -1)';
    await host.exec(['sh', '-c', script]);
  }

  test('on a host that is as it should be, and on one of which all is gone', async () => {
    const asked = [...[site.hub, worker].flatMap((host) => ANYWHERE.map((words) => [host, words] as const))];
    const onHub = ON_HUB.map((words) => [site.hub, words] as const);
    const told = await Promise.all(
      [...asked, ...onHub].map(async ([host, words]) => [words, await leaks(host, words)]),
    );
    for (const [words, found] of told) expect([words, found]).toEqual([words, []]);
    await tear(worker);
    expect(await said(worker, 'plan')).toContain('(secret)');
    // On a terminal it tells each command that it runs.
    const typed = await worker.run(['script', '-qec', `${process.execPath} ${ISLAND} join`, '/dev/null']);
    expect(typed).toContain('(secret)');
    expect(leaksIn(typed, secrets)).toEqual([]);
  });

  test.each(['nft', 'ip', 'bridge'])(
    'when %s repeats what it was told in its error, nor does the log of the hub',
    async (tool) => {
      const flags = [site.hub, worker].map((host) => [host, `/run/faults/fail-${tool}`] as const);
      await Promise.all(flags.map(([host, flag]) => host.writeFile(flag, '')));
      await tear(worker);
      const texts = [
        await said(worker, 'join', '--json'),
        await said(worker, ...joinArgs('worker1')),
        await said(site.hub, 'lease', 'release', 'worker1'),
      ];
      await Promise.all(flags.map(([host, flag]) => host.run(['rm', flag])));
      if (tool !== 'bridge') expect(texts.join()).toMatch(/E_APPLY|island: /);
      await joinWorker(site, worker);
      const { mac, key } = await leaseOf(worker);
      const later = formsOf({ macs: [mac], keys: [key] });
      for (const text of [...texts, site.daemon().output()]) {
        expect(leaksIn(text, { ...secrets, ...later })).toEqual([]);
      }
      secrets = { ...secrets, ...later };
    },
  );

  test('when a tool prints something that ends within one', async () => {
    const { mac } = await leaseOf(worker);
    const number = String(BigInt(`0x${mac.replaceAll(':', '')}`));
    const halves = { ip: mac.slice(0, 11), bridge: mac.slice(0, 11), nft: number.slice(0, 9) };
    for (const [tool, half] of Object.entries(halves)) {
      const flags = [site.hub, worker].map((host) => [host, `/run/faults/cut-${tool}`] as const);
      await Promise.all(flags.map(([host, flag]) => host.writeFile(flag, half)));
      const printed = `${await said(site.hub, 'plan')}${await said(worker, 'join', '--json')}`;
      await Promise.all(flags.map(([host, flag]) => host.run(['rm', flag])));
      expect(printed).toMatch(/did not print JSON/);
      expect(`${printed}${site.daemon().output()}`).not.toContain(half);
    }
  });

  test.each(['lease.json', 'workers.json'])('when %s, in which they are, is broken', async (file) => {
    const [host, more] = file === 'lease.json' ? [worker, []] : [site.hub, ON_HUB];
    const path = `${ISLAND_FOLDER}/${file}`;
    const { mac, key } = await leaseOf(worker);
    const text = await host.readFile(path);
    for (const broken of [text.slice(0, text.indexOf(key) + 20), text.replace(mac, `${mac}!`)]) {
      await host.writeFile(path, broken, 0o600);
      const printed = (await Promise.all([...ANYHOW, ...more].map((words) => said(host, ...words)))).join(
        '\n',
      );
      expect(printed).toContain(file);
      expect(leaksIn(printed, secrets)).toEqual([]);
      for (const piece of [mac.slice(0, 14), key.slice(0, 10)]) expect(printed).not.toContain(piece);
    }
    await host.writeFile(path, text, 0o600);
  });
});

test('the log of the hub has told of all that, and of no secret', async () => {
  await within(5000, 'it is well again', async () => (await hubState(site)).neighbours.length === 1);
  expect((await island(site.hub, 'status')).code).toBe(0);
  expect(logOf(site.daemon()).length).toBeGreaterThan(5);
  expect(leaksIn(site.daemon().output(), secrets)).toEqual([]);
});
