import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { daemonsOn, logOf, startDaemon, startServe, stopDaemon, within } from '../support/daemon.ts';
import { DRIFTS, DRIFTED as NAMES } from '../support/drifts.ts';
import { install, island, joinAll, modelFile, mustIsland } from '../support/island.ts';
import { uplinkFlap } from '../support/lab/flap.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { type State, stateOf } from '../support/state.ts';

const HEALED_MS = 5000;

let lab: Lab;
const bare = new Map<string, State>();
const good = new Map<string, State>();

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1, 2], clusterHosts: 0, pdu: false }));
  for (const name of NAMES) bare.set(name, await stateOf(lab.host(name)));
  await joinAll([...NAMES.map(lab.host), lab.host('fit01')], modelFile('vxlan'));
  for (const name of NAMES) good.set(name, await stateOf(lab.host(name)));
});
afterAll(() => lab?.close());

/** Every host on the island, and no daemon anywhere. */
beforeEach(async () => {
  const hosts = NAMES.map(lab.host);
  for (const host of hosts) {
    for (const line of await daemonsOn(host))
      await host.exec(['kill', '-9', line.trim().split(' ').at(-1) ?? '']);
  }
  await install(hosts, modelFile('vxlan'));
  for (const host of hosts) await mustIsland(host, 'join');
});

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function healed(host: LabHost, state = good.get(host.name)): Promise<number> {
  return within(HEALED_MS, `${host.name} is as it should be`, async () =>
    isDeepStrictEqual(await stateOf(host), state),
  );
}

describe('a running daemon repairs what somebody changes', () => {
  test.each(NAMES)('on %s, each within five seconds', async (name) => {
    const host = lab.host(name);
    const daemon = await startDaemon(host);
    const times: string[] = [];
    for (const { what, typed } of DRIFTS[name]) {
      const link = (await host.run(['sh', '-c', 'ls /sys/class/net | grep isl- || :'])).trim();
      const before = logOf(daemon).length;
      await host.run(['sh', '-c', typed], { env: { L: link } });
      times.push(`${String(await healed(host)).padStart(5)} ms  ${what}`);
      await within(HEALED_MS, `${what} is told`, () => logOf(daemon).length > before);
    }
    print(`${name}: repaired after\n${times.join('\n')}`);
    const told = logOf(daemon).filter(({ msg }) => msg === 'repaired');
    expect(told.length).toBeGreaterThanOrEqual(DRIFTS[name].length);
    expect(daemon.output()).not.toMatch(/"level":"error"/);
    expect(await stopDaemon(daemon)).toBe(0);
    expect(await daemonsOn(host)).toEqual([]);
  });

  test.each([
    ['faraday', 'internet'],
    ['sopnode-l1', 'eth0'],
    ['fit02', 'control'],
  ] as const)('on %s when its uplink %s goes and comes back', async (name, link) => {
    const host = lab.host(name);
    const daemon = await startDaemon(host);
    await uplinkFlap(host, link);
    const quick = await healed(host);
    await host.ip([`link set ${link} down`]);
    await delay(3000);
    await uplinkFlap(host, link);
    print(`${name}: after a flap of ${link} ${quick} ms, after three seconds down ${await healed(host)} ms`);
    await stopDaemon(daemon);
  });
});

describe('nothing depends on a daemon', () => {
  test('one that is stopped or killed loses no packet, and one that starts again changes nothing', async () => {
    const [hub, faraday] = [lab.host('sopnode-l1'), lab.host('faraday')];
    const daemons = await Promise.all([hub, faraday].map((host) => startDaemon(host)));
    const before = await Promise.all([hub, faraday].map(stateOf));
    // At 100 packets a second, to a node behind the other gateway.
    const ping = lab.host('fit01').start(['ping', '-q', '-i', '0.01', '-c', '800', '138.96.245.50']);
    await delay(1000);
    expect(await Promise.all(daemons.map(stopDaemon))).toEqual([0, 0]);
    await delay(1000);
    const again = await Promise.all([hub, faraday].map((host) => startDaemon(host)));
    await delay(1000);
    for (const daemon of again) daemon.signal('SIGKILL');
    await Promise.all(again.map(({ exited }) => exited));
    await Promise.all([hub, faraday].map((host) => startDaemon(host)));
    await ping.exited;
    expect(ping.output()).toMatch(/800 packets transmitted, 800 received, 0% packet loss/);
    expect(await Promise.all([hub, faraday].map(stateOf))).toEqual(before);
  });

  test('one that is killed leaves no process behind for more than a moment', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host);
    expect((await daemonsOn(host)).map((line) => line.split(' ')[0])).toEqual(
      expect.arrayContaining(['ip', 'nft', process.execPath]),
    );
    daemon.signal('SIGKILL');
    await daemon.exited;
    const ms = await within(1000, 'no monitor is left', async () => (await daemonsOn(host)).length === 0);
    print(`nothing is left ${ms} ms after kill -9`);
  });

  test('a monitor that ends is started again, and what it missed is found', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host);
    const pids = (await daemonsOn(host))
      .filter((line) => line.includes(' monitor '))
      .map((line) => line.trim().split(' ').at(-1) ?? '');
    expect(pids.length).toBe(2);
    await host.run(['kill', '-9', ...pids]);
    await host.ip(['rule flush protocol 110']);
    await healed(host);
    expect(logOf(daemon)).toContainEqual(
      expect.objectContaining({ level: 'warn', tool: 'ip monitor', reason: 'ended by itself with SIGKILL' }),
    );
    await within(3000, 'both run again', async () => (await daemonsOn(host)).length === 3);
    expect(await stopDaemon(daemon)).toBe(0);
    expect(await daemonsOn(host)).toEqual([]);
  });
});

describe('a daemon with nothing to do', () => {
  test('writes nothing to the kernel, however often it looks', async () => {
    const host = lab.host('sopnode-l1');
    const daemon = await startDaemon(host, '--every', '1s');
    const nft = host.start(['nft', 'monitor']);
    const ip = host.start(['ip', 'monitor', 'link', 'address', 'route', 'rule', 'netconf']);
    // The first look settles, then there are some with nothing to do.
    await delay(6000);
    expect([nft.output(), ip.output()]).toEqual(['', '']);
    expect(logOf(daemon).map(({ msg }) => msg)).toEqual(['names are answered', 'ready']);
    // They would have told.
    await host.ip(['rule flush protocol 110']);
    await ip.outputMatching(/lookup/);
    await stopDaemon(daemon);
  });
});

describe('beside what the operator does', () => {
  test('a second daemon of the island is refused, and says which the first is', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host);
    const { code, stderr } = await island(host, 'serve');
    expect(code).toBe(75);
    expect(stderr).toMatch(/^island: another "island serve" runs for r2lab on this host\nhint: .*ss -lxp/);
    expect(await stopDaemon(daemon)).toBe(0);
  });

  test('after leave it stays off until somebody joins again', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host, '--every', '1s');
    await mustIsland(host, 'leave');
    await daemon.outputMatching(/"state":"left"/);
    await delay(2500);
    expect(await stateOf(host)).toEqual(bare.get(host.name));
    await mustIsland(host, 'join');
    await daemon.outputMatching(/the host is as the file says/);
    await host.ip(['rule flush protocol 110']);
    await healed(host);
    expect(await stopDaemon(daemon)).toBe(0);
  });

  test('while a join waits to be confirmed it keeps its hands off, also when that is undone', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host, '--every', '1s');
    await mustIsland(host, 'leave');
    await mustIsland(host, 'join', '--confirm-within', '5s');
    await daemon.outputMatching(/"state":"pending"/);
    await host.ip(['rule flush protocol 110']);
    const changed = await stateOf(host);
    await delay(2000);
    expect(await stateOf(host)).toEqual(changed);
    await within(10_000, 'the join is undone', async () =>
      isDeepStrictEqual(await stateOf(host), bare.get(host.name)),
    );
    await delay(2500);
    expect(await stateOf(host)).toEqual(bare.get(host.name));
    expect(await stopDaemon(daemon)).toBe(0);
  });

  test('a command that comes while it repairs waits for it instead of failing', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host);
    for (const pauseMs of [0, 100, 200, 250, 300, 350]) {
      await host.ip(['rule flush protocol 110']);
      await delay(pauseMs);
      expect((await island(host, 'join')).stderr).toBe('');
    }
    expect(await stateOf(host)).toEqual(good.get(host.name));
    await stopDaemon(daemon);
  });

  test('an edited file counts once somebody has joined with it, and a broken one never', async () => {
    const host = lab.host('faraday');
    const daemon = await startDaemon(host, '--every', '1s');
    await install([host], `mtu: 1400\n${modelFile('vxlan')}`);
    await daemon.outputMatching(/"doubts":\["the file has changed/);
    await host.ip(['rule flush protocol 110']);
    await healed(host);
    await mustIsland(host, 'join');
    await daemon.outputMatching(/the host is as the file says/);
    const edited = await stateOf(host);
    expect(edited).not.toEqual(good.get(host.name));
    await install([host], 'island: r2lab\nhub: 7\n');
    await daemon.outputMatching(/r2lab\.yaml:2/);
    await host.ip(['rule flush protocol 110']);
    await healed(host, edited);
    expect(await stopDaemon(daemon)).toBe(0);
  });
});

describe('a daemon that starts', () => {
  test('joins a host that has not, as soon as its uplink is there', async () => {
    const host = lab.host('fit02');
    await mustIsland(host, 'leave');
    await host.ip(['link set control down']);
    const daemon = startServe(host);
    await daemon.outputMatching(/"reason":"fit02: the link control with 192\.168\.3\.2 is down"/);
    await host.ip(['link set control up']);
    await daemon.outputMatching(/"msg":"ready"/, HEALED_MS);
    expect(await stateOf(host)).toEqual(good.get(host.name));
    expect(logOf(daemon).filter(({ level }) => level === 'error').length).toBe(1);
    expect(await stopDaemon(daemon)).toBe(0);
  });

  test('ends at once with the error when only the operator can cure it', async () => {
    const host = lab.host('fit02');
    await install([host], 'island: r2lab\nhub: 7\n');
    const { code, stderr } = await island(host, 'serve');
    expect(code).toBe(78);
    expect(stderr).toMatch(/^island: \/etc\/island\/r2lab\.yaml:2/);
    expect(await daemonsOn(host)).toEqual([]);
  });
});
