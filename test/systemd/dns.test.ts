import { afterAll, beforeAll, expect, test } from 'vitest';
import { within } from '../support/daemon.ts';
import { askedDuring } from '../support/dns-load.ts';
import { install } from '../support/island.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { type Disk, installIsland, newDisk, writeToDisk } from '../support/lab/machine.ts';

const [LAN, INNER] = ['192.0.2.1', '10.3.1.2'];
const FILE = `island: r2lab
link: vxlan
hub: { name: hub, outer: ${LAN}, inner: ${INNER}, networks: [{ subnet: 192.0.2.0/24 }] }
peers: [{ name: far, outer: 198.51.100.2, inner: 10.3.1.3 }]
dns: { listen: [${LAN}] }
`;
const [JOIN, DAEMON, SOCKET] = ['island@r2lab.service', 'islandd@r2lab.service', 'islandd@r2lab.socket'];
const QUESTIONS = ['hub A', 'hub-tunnel A', 'far AAAA'].map((each) => each.replace(' ', '.r2lab.internal '));
const SOON_MS = 60_000;
const LONG = { timeoutMs: 170_000 };

let lab: Lab;
let disk: Disk;
let hub: LabHost;
let client: LabHost;

/** One hub goes through it all; what stands here goes from one test to the next. */
beforeAll(async () => {
  disk = await newDisk();
  await installIsland(disk);
  await writeToDisk(disk, '/etc/island/r2lab.yaml', FILE);
  lab = await createLab();
  const lan = (address: string) => ({ links: { eth0: { segment: 'lan', addresses: [address] } } });
  await lab.raise({ hosts: { hub: { disk, ...lan(`${LAN}/24`) }, client: lan('192.0.2.9/24') } });
  hub = lab.host('hub');
  client = lab.host('client');
  await hub.run(['island', 'enable', '--persistent', '--now'], LONG);
});
afterAll(async () => {
  await lab?.close();
  await disk?.remove();
});

test('ten restarts under 2000 queries a second lose none of them, on the very same sockets', async () => {
  const before = await inodes();
  expect(before).toHaveLength(4);
  const { sent, ...load } = await asked(async () => {
    for (let times = 0; times < 10; times += 1) {
      await systemctl('restart', DAEMON);
      // Whatever has waited has been answered before this is.
      expect(await answer(LAN)).toBe(`${LAN}\n`);
    }
  });
  expect(load).toEqual({ completed: sent, lost: 0, codes: [`NOERROR ${sent}`] });
  expect(sent).toBeGreaterThan(2000);
  expect(await inodes()).toEqual(before);
  const own = await hub.run(['sh', '-c', `readlink /proc/${await show(DAEMON, 'MainPID')}/fd/*`]);
  expect(own.match(/(?<=socket:\[)\d+/g)).toEqual(expect.arrayContaining([...before]));
});

test('a daemon that is killed costs the question at most that it was about to answer', async () => {
  const { sent, completed, lost, codes } = await asked(async () => {
    await systemctl('kill', '--kill-whom=main', '--signal=KILL', DAEMON);
    expect(await answer(LAN)).toBe(`${LAN}\n`);
  });
  expect(await show(DAEMON, 'NRestarts')).toBe('1');
  expect({ lost, codes }).toEqual({ lost: sent - completed, codes: [`NOERROR ${completed}`] });
  expect(lost).toBeLessThanOrEqual(1);
});

test('no question starts a daemon that was stopped or has given up, and the port is free', async () => {
  await systemctl('stop', DAEMON);
  await closed('inactive');
  await systemctl('start', DAEMON);
  await install([hub], 'island: r2lab\nhub: 7\n');
  expect((await hub.exec(['systemctl', 'restart', DAEMON])).code).not.toBe(0);
  await closed('failed');
  await install([hub], FILE);
});

test('the port of an address is there before the address is', async () => {
  await systemctl('start', JOIN);
  await systemctl('stop', JOIN);
  await closed('inactive');
  expect(await hub.run(['ip', '-4', '-br', 'address'])).not.toContain(INNER);
  await systemctl('start', DAEMON);
  const since = async (unit: string, what: string) => Number(await show(unit, `${what}TimestampMonotonic`));
  expect(await since(SOCKET, 'ActiveEnter')).toBeLessThanOrEqual(await since(DAEMON, 'ExecMainStart'));
  expect(await answer(LAN)).toBe(`${LAN}\n`);
  expect(await hub.run(['dig', '+short', `@${INNER}`, 'hub-tunnel.r2lab.internal'])).toBe(`${INNER}\n`);
});

test('a port that another server has stays his, and is had with the next restart after him', async () => {
  await systemctl('stop', DAEMON);
  await closed('inactive');
  const other = await dnsmasqAt(LAN);
  await systemctl('start', DAEMON);
  expect([await show(SOCKET, 'ActiveState'), await show(DAEMON, 'ActiveState')]).toEqual([
    'failed',
    'active',
  ]);
  expect((await hub.exec(['island', 'status'])).stdout).toMatch(/^\S*socket +failed \(failed, resources\)/m);
  expect(await answer(LAN)).toBe('192.0.2.77\n');
  await within(SOON_MS, 'the other address is answered on', async () => {
    const { stdout } = await hub.exec([
      'dig',
      '+short',
      '+tries=1',
      '+time=1',
      `@${INNER}`,
      'hub.r2lab.internal',
    ]);
    return stdout === `${LAN}\n`;
  });
  // Which finds nothing to do, and nothing of his in its way.
  await hub.run(['island', 'enable', '--persistent', '--now'], LONG);
  expect(await answer(LAN)).toBe('192.0.2.77\n');
  other.signal('SIGTERM');
  await other.exited;
  await systemctl('restart', DAEMON);
  expect(await show(SOCKET, 'ActiveState')).toBe('active');
  expect(await answer(LAN)).toBe(`${LAN}\n`);
});

test('when the file gives more addresses, to enable again has them open, too', async () => {
  await install([hub], FILE.replace(/dns: .*/, 'dns: { listen: [192.0.2.1, 192.0.2.99] }'));
  await hub.run(['island', 'enable', '--persistent', '--now'], LONG);
  expect(await inodes()).toHaveLength(6);
  expect(await answer(LAN)).toBe(`${LAN}\n`);
  // Nobody has that address, and yet there is a port: so it is systemd's.
  expect(await hub.run(['ss', '-Hlntu', 'sport = 53'])).toContain('192.0.2.99:53');
});

function asked(work: () => Promise<void>) {
  return askedDuring(client, { server: LAN, questions: QUESTIONS }, work);
}

function systemctl(...args: readonly string[]): Promise<string> {
  return hub.run(['systemctl', ...args], LONG);
}

async function show(unit: string, property: string): Promise<string> {
  return (await systemctl('show', '--value', '-p', property, unit)).trim();
}

/** What the client hears of the name of the hub; it waits longer than systemd does before it starts anew what crashed. */
async function answer(server: string): Promise<string> {
  const asking = ['dig', '+short', '+tries=1', '+time=60', `@${server}`, 'hub.r2lab.internal'];
  return (await client.exec(asking, LONG)).stdout;
}

/** Of port 53, as long as they are open. */
async function inodes(): Promise<readonly string[]> {
  return ((await hub.run(['ss', '-Hlntue', 'sport = 53'])).match(/(?<=ino:)\d+/g) ?? []).toSorted();
}

/** Nobody has the port, and asking changes nothing. */
async function closed(state: string): Promise<void> {
  await within(SOON_MS, 'the socket is closed', async () => (await inodes()).length === 0);
  const { code } = await client.exec(['dig', '+tries=2', '+time=1', `@${LAN}`, 'hub.r2lab.internal']);
  expect([code, await show(DAEMON, 'ActiveState'), await show(SOCKET, 'ActiveState')]).toEqual([
    ...[9, state, 'inactive'],
  ]);
}

async function dnsmasqAt(address: string): Promise<LabProcess> {
  const flags = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--no-resolv', '--no-hosts'];
  const more = ['--bind-interfaces', `--listen-address=${address}`, '--address=/internal/192.0.2.77'];
  const other = hub.start(['dnsmasq', ...flags, ...more, '--log-facility=-']);
  await other.outputMatching(/started/);
  return other;
}
