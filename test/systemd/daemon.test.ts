import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { within } from '../support/daemon.ts';
import { install, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { type Disk, installIsland, newDisk, writeToDisk } from '../support/lab/machine.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { type State, stateOf } from '../support/state.ts';

const UNITS = fileURLToPath(new URL('../../units', import.meta.url));
const [JOIN, DAEMON] = ['island@r2lab.service', 'islandd@r2lab.service'];
const SOON_MS = 60_000;
/** So that a blocked daemon and a crash need not be waited for; all else is as it comes. */
const HASTY = '[Service]\nWatchdogSec=3\nRestartSec=100ms\n';
const GREEDY = '[Match]\nName=isl*\n\n[Network]\nAddress=192.0.2.99/24\n';
const FILE = modelFile('vxlan');

let lab: Lab;
let disk: Disk;
let host: LabHost;
let bare: State;
/** From behind the gateway to the hub, a hundred times a second, over everything that is done to the daemon. */
let ping: LabProcess;

beforeAll(async () => {
  disk = await newDisk();
  await installIsland(disk);
  for (const name of await readdir(UNITS)) {
    const folder = name.endsWith('.network') ? 'network' : 'system';
    await writeToDisk(disk, `/etc/systemd/${folder}/${name}`, await readFile(`${UNITS}/${name}`, 'utf8'));
  }
  await writeToDisk(disk, '/etc/systemd/system/islandd@.service.d/hasty.conf', HASTY);
  lab = await createLab();
  const { hosts } = modelNetwork({ nodes: [1], clusterHosts: 0, pdu: false });
  await lab.raise({ hosts: { ...hosts, faraday: { links: {}, ...hosts['faraday'], disk } } });
  host = lab.host('faraday');
  const hub = lab.host('sopnode-l1');
  await install([hub, host], FILE);
  await mustIsland(hub, 'join');
  // The accept in front of that is an effect that the sandbox must not be in the way of.
  await host.run(['iptables-legacy', '-P', 'FORWARD', 'DROP']);
  bare = await stateOf(host);
});
afterAll(async () => {
  await lab?.close();
  await disk?.remove();
});

const systemctl = (...args: readonly string[]) => host.run(['systemctl', ...args]);

async function show(unit: string, property: string): Promise<string> {
  return (await systemctl('show', '--value', '-p', property, unit)).trim();
}

/** In `systemctl status`, as words and unit states. */
function untilStatus(pattern: RegExp): Promise<number> {
  return within(SOON_MS, `the status is ${pattern}`, async () =>
    pattern.test(await show(DAEMON, 'StatusText')),
  );
}

function untilActive(unit: string): Promise<number> {
  return within(SOON_MS, `${unit} is active`, async () => (await show(unit, 'ActiveState')) === 'active');
}

test('in their sandbox the units bring a gateway to where join by hand does, and say so', async () => {
  await systemctl('enable', JOIN, DAEMON);
  await systemctl('start', JOIN);
  await untilActive(DAEMON);
  await untilStatus(/^the host is as the file says$/);
  const good = await stateOf(host);
  await mustIsland(host, 'join');
  expect(await stateOf(host)).toEqual(good);
  await host.ip(['rule flush protocol 110']);
  await untilStatus(/repaired 1 times/);
  expect(await stateOf(host)).toEqual(good);
  ping = lab.host('fit01').start(['ping', '-q', '-i', '0.01', '138.96.245.50']);
});

test('the watchdog kills a daemon that is blocked, and a daemon that is killed over and over comes back', async () => {
  const good = await stateOf(host);
  const restarts = async () => Number(await show(DAEMON, 'NRestarts'));
  await systemctl('kill', '--kill-whom=main', '--signal=STOP', DAEMON);
  // It cannot end by itself.
  await within(SOON_MS, 'it is killed', async () => (await restarts()) === 1);
  for (const times of [2, 3, 4, 5, 6, 7]) {
    await within(SOON_MS, 'it runs', async () => Number(await show(DAEMON, 'MainPID')) > 0);
    await systemctl('kill', '--kill-whom=main', '--signal=KILL', DAEMON);
    await within(SOON_MS, `it was killed ${times - 1} times`, async () => (await restarts()) >= times);
  }
  await untilActive(DAEMON);
  await untilStatus(/^the host is as the file says$/);
  expect(await stateOf(host)).toEqual(good);
});

test('a file that has changed is said and counts with a reload; a broken one is said and never counts', async () => {
  const good = await stateOf(host);
  await install([host], `mtu: 1400\n${FILE}`);
  await untilStatus(/the file has changed; "systemctl reload"/);
  expect(await stateOf(host)).toEqual(good);
  await systemctl('reload', DAEMON);
  await untilStatus(/^the host is as the file says$/);
  const edited = await stateOf(host);
  expect(edited).not.toEqual(good);
  await install([host], 'island: r2lab\nhub: 7\n');
  await untilStatus(/kept as it was, but: .*r2lab\.yaml:2/);
  await systemctl('reload', DAEMON);
  await within(SOON_MS, 'the log says so', async () =>
    (await host.run(['journalctl', '-u', DAEMON, '--no-pager', '-o', 'cat'])).includes(
      'the file is not gone by',
    ),
  );
  await untilStatus(/kept as it was, but: .*r2lab\.yaml:2/);
  expect([await show(DAEMON, 'ActiveState'), await stateOf(host)]).toEqual(['active', edited]);
  await install([host], FILE);
  await systemctl('reload', JOIN);
  await untilStatus(/^the host is as the file says$/);
  expect(await stateOf(host)).toEqual(good);
});

test('a daemon that is stopped leaves all there, and nothing of what was done to it cost a packet', async () => {
  const good = await stateOf(host);
  await systemctl('stop', DAEMON);
  expect([await show(DAEMON, 'Result'), await show(JOIN, 'ActiveState')]).toEqual(['success', 'active']);
  expect(await stateOf(host)).toEqual(good);
  await systemctl('start', DAEMON);
  ping.signal('SIGINT');
  await ping.exited;
  expect(ping.output()).toMatch(/ 0% packet loss/);
});

test('systemd-networkd leaves links of the island alone, also where another of its files takes them', async () => {
  const good = await stateOf(host);
  const [link = ''] = /isl-[\w-]+/.exec(await host.run(['ip', '-br', 'link'])) ?? [];
  await host.writeFile('/etc/systemd/network/90-greedy.network', GREEDY);
  await systemctl('start', 'systemd-networkd.service');
  await within(SOON_MS, 'networkd has looked at it', async () =>
    /(?:unmanaged|configured)\s*$/.test(await host.run(['networkctl', 'list', '--no-legend', link])),
  );
  expect(await host.run(['networkctl', 'list', '--no-legend', link])).toMatch(/unmanaged\s*$/);
  // Of what others have made it may take away routes and rules, which are then repaired.
  await within(SOON_MS, 'all is as it was', async () => isDeepStrictEqual(await stateOf(host), good));
  await systemctl('stop', 'systemd-networkd.socket', 'systemd-networkd.service');
});

test('the island that is stopped stops its daemon and gives the host back; the target stands for both', async () => {
  await systemctl('stop', 'island.target');
  for (const unit of [JOIN, DAEMON]) {
    await within(SOON_MS, `${unit} ends`, async () => (await show(unit, 'ActiveState')) === 'inactive');
  }
  expect(await stateOf(host)).toEqual(bare);
});

test('an uplink that comes late keeps nobody waiting and is joined by itself', async () => {
  await host.ip(['address flush dev internet', 'link set internet down']);
  await systemctl('start', '--no-block', 'island.target');
  await within(SOON_MS, 'it waits', async () =>
    (await host.run(['journalctl', '-u', JOIN, '--no-pager', '-o', 'cat'])).includes('waiting: faraday'),
  );
  await delay(1000);
  await host.ip([
    'link set internet up',
    'address add 138.96.16.97/28 dev internet',
    'route replace default via 138.96.16.110',
  ]);
  await untilActive(JOIN);
  await untilActive(DAEMON);
  await lab.host('fit01').run(['ping', '-c', '1', '-W', '5', '138.96.245.50']);
  expect(await systemctl('list-units', '--failed', '--plain', '--no-legend')).toBe('');
});
