import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ISLAND, island, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { workerBehind } from '../support/nat/site.ts';
import { type State, stateOf } from '../support/state.ts';
import {
  HUB,
  joinWith,
  leaseOn,
  leasesOf,
  mustJoinWith,
  raiseWorkersLab,
  registerOf,
  tokenFrom,
  visit,
  type WorkersLab,
} from '../support/workers.ts';

let site: WorkersLab;
const bare = new Map<string, State>();
const NAMES = ['home-w1', 'home-w2', 'home-w3', 'open-w1', 'fit01', 'fit07', 'sopnode-w1'];

beforeAll(async () => {
  site = await raiseWorkersLab(3);
  await Promise.all(NAMES.map(async (name) => bare.set(name, await stateOf(host(name)))));
});
afterAll(() => site?.lab.close());

function host(name: string): LabHost {
  return site.lab.host(name);
}

/** Expects that the visit succeeds, and is seen to come from there. */
async function expectVisit(from: string, to: string, way: { address: string; saw: string; source?: string }) {
  const { saw, error } = await visit(host(from), host(to), way);
  expect({ from, to, address: way.address, saw, error }).toEqual({
    ...{ from, to, address: way.address, saw: way.saw, error: undefined },
  });
}

async function leave(name: string): Promise<void> {
  await mustIsland(host(name), 'leave');
  expect(await stateOf(host(name))).toEqual(bare.get(name));
}

describe('a host on the LAN of a gateway', () => {
  test.each([
    ['behind the masquerade of its gateway', 'fit07', '192.168.3.7', 'sopnode-l1', '138.96.245.50'],
    ['that the file names', 'fit01', '192.168.3.1', 'sopnode-l1', '138.96.245.50'],
    ['in the network of the hub', 'sopnode-w1', '138.96.245.51', 'faraday', '192.168.3.100'],
  ])('becomes a member %s, and leaves no lease', async (_, name, own, far, address) => {
    const register = await registerOf(site.hub);
    const { code, stdout, stderr } = await joinWith(host(name), site.token);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^${name} is a member of r2lab .*reached sopnode-l1`));
    const links = await host(name).run(['ip', '-o', 'link']);
    expect(links).not.toContain('isl-');
    await expectVisit(name, far, { address, saw: own });
    await expectVisit(far, name, { address: own, saw: address });
    expect(await registerOf(site.hub)).toBe(register);
    expect(JSON.parse(await mustIsland(host(name), 'join', '--json')).changed).toBe(false);
    await leave(name);
  });
});

describe('a worker', () => {
  test('with a public address, and no NAT, is reached at its inner one, until it leaves', async () => {
    const inner = await mustJoinWith(host('open-w1'), site.token);
    await expectVisit('open-w1', 'sopnode-l1', { address: '10.3.1.2', saw: inner });
    await expectVisit('sopnode-l1', 'open-w1', { address: inner, saw: HUB });
    expect(await leasesOf(site.hub)).toEqual([`open-w1 ${inner} held`]);
    await leave('open-w1');
    expect(await leasesOf(site.hub)).toEqual([`open-w1 ${inner} reserved`]);
  });

  test('brings a range of pods, which all others reach, and whose packets keep their source', async () => {
    const pod = '10.244.7.9';
    const worker = host('home-w1');
    await worker.ip(['link add cni0 up type bridge', `address add ${pod}/24 dev cni0`]);
    const inner = await mustJoinWith(worker, site.token, '--route', '10.244.7.0/24');
    const other = await mustJoinWith(host('home-w2'), site.token);
    await mustJoinWith(host('fit01'), site.token);
    for (const [name, address, saw] of [
      ['sopnode-l1', HUB, HUB],
      ['fit01', '192.168.3.1', '192.168.3.1'],
      ['home-w2', other, other],
    ] as const) {
      await expectVisit(name, 'home-w1', { address: pod, saw });
      await expectVisit('home-w1', name, { address, saw: pod, source: pod });
      await expectVisit(name, 'home-w1', { address: inner, saw });
    }
    for (const name of ['home-w1', 'home-w2', 'fit01']) await mustIsland(host(name), 'leave');
    await worker.ip(['link delete cni0']);
    for (const name of ['home-w1', 'home-w2', 'fit01'])
      expect(await stateOf(host(name))).toEqual(bare.get(name));
  });

  test.each([
    ['- ', '-'],
    ['a file', 'file:/root/token'],
  ])('reads its token from %s, so that ps never shows it', async (_, source) => {
    const worker = host('home-w1');
    await worker.writeFile('/run/token', `${site.token}\n`, 0o600);
    const argv = [process.execPath, ISLAND, 'join', '--hub', HUB, '--token', source.replace('/root', '/run')];
    const watch = worker.start(['sh', '-c', WATCH]);
    const { code, stdout, stderr } = await worker.exec(argv, { input: `${site.token}\n` });
    expect(code).toBe(0);
    watch.signal('SIGTERM');
    await watch.exited;
    const lease = await leaseOn(worker);
    const said = [stdout, stderr, watch.output(), site.daemon.output()].join('\n');
    expect(watch.output()).toContain(`--token ${source.replace('/root', '/run')}`);
    const [, key = ''] = site.token.split('.');
    for (const secret of [key, lease?.key, lease?.mac]) expect(said).not.toContain(secret);
    await leave('home-w1');
  });
});

/** The arguments of every process, again and again. */
const WATCH = `while :; do for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$each; echo; done; done 2>/dev/null`;

describe('two machines with one name', () => {
  test('the one that takes it over has the address, and the first is cut off and told so', async () => {
    const [first, second] = [host('home-w1'), host('home-w2')];
    const inner = await mustJoinWith(first, site.token, '--name', 'node');
    expect((await joinWith(second, site.token, '--name', 'node')).stderr).toContain('--takeover');
    expect(await mustJoinWith(second, site.token, '--name', 'node', '--takeover')).toBe(inner);
    await expectVisit('sopnode-l1', 'home-w2', { address: inner, saw: HUB });
    expect((await visit(first, host('sopnode-l1'), { address: '10.3.1.2', deadlineMs: 500 })).ok).toBe(false);
    const { code, stderr } = await island(first, 'join');
    expect([code, stderr]).toEqual([77, LEASE_GONE]);
    await expectVisit('sopnode-l1', 'home-w2', { address: inner, saw: HUB });
    await leave('home-w1');
    expect(await leasesOf(site.hub)).toContain(`node ${inner} held`);
    await leave('home-w2');
  });

  test('a machine that was imaged anew gets its address back from the dead one, without --takeover', async () => {
    const inner = await mustJoinWith(host('home-w3'), site.token);
    await site.lab.remove('home-w3');
    await site.lab.raise({ hosts: { 'home-w3': workerBehind('home-lan', '192.168.101.13') } });
    await host('home-w3').writeFile('/etc/machine-id', `${'7'.repeat(32)}\n`);
    bare.set('home-w3', await stateOf(host('home-w3')));
    expect(await mustJoinWith(host('home-w3'), site.token)).toBe(inner);
    await expectVisit('sopnode-l1', 'home-w3', { address: inner, saw: HUB });
    await leave('home-w3');
  });

  test('are one when they have one machine id, and lost what the hub had said: no use of the token is spent twice', async () => {
    const token = await tokenFrom(site.hub);
    const worker = host('home-w1');
    const inner = await mustJoinWith(worker, token);
    await worker.run(['rm', '-r', '/var/lib/island/r2lab']);
    expect(await mustJoinWith(worker, token)).toBe(inner);
    await expectVisit('sopnode-l1', 'home-w1', { address: inner, saw: HUB });
    await leave('home-w1');
  });
});

const LEASE_GONE = `island: the hub has no lease for this host any more: that of node was released there, or is another machine's
hint: run "island token create --name node" on the hub, which has ${HUB}, and here what it prints; or "island leave"
`;
