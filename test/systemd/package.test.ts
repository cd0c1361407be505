import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { within } from '../support/daemon.ts';
import { askedDuring } from '../support/dns-load.ts';
import { install, mustIsland } from '../support/island.ts';
import { type Dump, dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { type Disk, newDisk } from '../support/lab/machine.ts';
import { type Pinger, pinging } from '../support/workers/pinger.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = `island: r2lab
link: vxlan
hub: { name: hub, outer: 192.0.2.1, inner: 10.3.1.2 }
peers: [{ name: box, outer: 192.0.2.2, inner: 10.3.1.3 }]
`;
const UNITS = ['island@r2lab.service', 'islandd@r2lab.service'];

let packages: string;
let disk: Disk;
let lab: Lab;
let box: LabHost;
let bare: Dump;

/** One host with the package goes through all of its life; what stands here goes from one test to the next. */
beforeAll(async () => {
  packages = await mkdtemp(join(tmpdir(), `island-packages-${process.pid}-`));
  disk = await newDisk();
  lab = await createLab();
  const link = (address: string) => ({ eth0: { segment: 'lan', addresses: [address] } });
  const hosts = { hub: { links: link('192.0.2.1/24') }, box: { disk, links: link('192.0.2.2/24') } };
  await Promise.all([packed('0.0.9', 'old'), packed('0.1.0-rc.1', 'new')]);
  await lab.raise({ hosts });
  box = lab.host('box');
  // What this machine has of its own: of a container that nothing may be started, and of an island its folders.
  await box.run(['rm', '-rf', '/usr/sbin/policy-rc.d', '/etc/island', '/var/lib/island']);
  for (const name of ['old', 'new']) {
    await box.writeFile(`/var/tmp/${name}.deb`, await readFile(pathOf(name)));
  }
  await box.run(['sh', '-c', `${LIST} >/run/before`]);
  await install([lab.host('hub')], FILE);
  await mustIsland(lab.host('hub'), 'join');
  bare = await dump(box);
});
afterAll(async () => {
  await rm(packages, { recursive: true, force: true });
  await lab?.close();
  await disk?.remove();
});

test('the same commit gives the same package, with a manual page that groff understands', async () => {
  await packed('0.1.0-rc.1', 'again', 'umask 077; TZ=Asia/Tokyo');
  const [first, second] = await Promise.all([readFile(pathOf('new')), readFile(pathOf('again'))]);
  expect(second.equals(first)).toBe(true);
  const page = `dpkg-deb --fsys-tarfile ${pathOf('new')} | tar xO ./usr/share/man/man8/island.8.gz | gunzip`;
  const { stdout, stderr } = await shell(`${page} | groff -man -ww -K utf8 -T utf8 | grep -c 'island join'`);
  expect({ stderr, count: Number(stdout) }).toEqual({ stderr: '', count: expect.toSatisfy((n) => n > 5) });
});

test('it can be installed where no systemd runs and Node is too old, and says so', async () => {
  await box.writeFile('/run/old/node', '#!/bin/sh\necho v18.20.4\nexit 1\n', 0o755);
  const hiding = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /run/systemd; exec "$@"', 'hiding'];
  const { code, stderr } = await dpkg(['-i', '/var/tmp/old.deb'], {
    by: hiding,
    env: { PATH: `/run/old:${PATH}` },
  });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(
      /^island: needs Node 20.19 or later: \/run\/old\/node is v18.20.4\nhint: .*\n$/,
    ),
  });
  expect(await box.run(['island', '--version'])).toBe('0.0.9\n');
});

test('an upgrade loses no packet and no question, restarts the daemon and nothing else', async () => {
  await install([box], FILE);
  await box.run(['island', 'enable', '--persistent', '--now'], { timeoutMs: 120_000 });
  await within(20_000, 'the hub answers', () => answers('10.3.1.2'));
  const before = await unitsNow();
  const pings = [pinging(box, '10.3.1.2'), pinging(lab.host('hub'), '10.3.1.3')];
  const load = { server: '10.3.1.3', questions: ['box.r2lab.internal A'] };
  const { sent, lost, codes } = await askedDuring(lab.host('hub'), load, () =>
    dpkgMust('-i', '/var/tmp/new.deb'),
  );
  expect({ lost, codes }).toEqual({ lost: 0, codes: [`NOERROR ${sent}`] });
  await Promise.all(pings.map(lostNothing));
  const after = await unitsNow();
  expect(after[0]).toEqual(before[0]);
  expect(after[1]).toContain('ActiveState=active');
  expect(after[1]).not.toEqual(before[1]);
  expect(await box.run(['island', '--version'])).toBe('0.1.0-rc.1\n');
  // V8 takes the one that belongs to this bundle and this Node.
  await box.run(['test', '-s', '/usr/lib/island/island.cache']);
});

test('an upgrade joins no host that has left', async () => {
  await box.run(['island', 'leave']);
  await dpkgMust('-i', '/var/tmp/new.deb');
  expect(await dump(box)).toEqual(bare);
  expect(await box.run(['systemctl', 'is-active', ...UNITS])).toBe('active\nactive\n');
  await box.run(['island', 'join']);
});

test('when another Node comes, what V8 remembers of the bundle is made anew', async () => {
  const cache = '/usr/lib/island/island.cache';
  await box.run(['rm', cache]);
  await box.run(['dpkg-trigger', '--no-await', '--by-package=dpkg', '/usr/bin/node']);
  await dpkgMust('--triggers-only', 'island');
  await box.run(['test', '-s', cache]);
});

test('over a session through the island it is not removed, and all goes on as before', async () => {
  const session = { SSH_CONNECTION: '10.3.1.2 50000 10.3.1.3 22' };
  const { code, stderr } = await dpkg(['-r', 'island'], { env: session });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('not removed: this host is still part of r2lab'),
  ]);
  expect(await box.run(['systemctl', 'is-active', ...UNITS])).toBe('active\nactive\n');
  expect(await answers('10.3.1.2')).toBe(true);
});

test('removed, it gives the host back; purged, it leaves the file that the operator wrote', async () => {
  const other = FILE.replace('r2lab', 'other\nport: 10311\nsubnet: 10.4.1.0/24').replaceAll('10.3.', '10.4.');
  await box.writeFile('/run/other.yaml', other);
  await box.run(['island', 'join', '-c', '/run/other.yaml']);
  const hosts = await box.readFile('/etc/hosts');
  await box.run(['island', 'hosts', '-i', 'r2lab', '--write']);
  await box.run(['island', 'hosts', '-c', '/run/other.yaml', '--write']);
  expect(await box.run(['getent', 'hosts', '10.3.1.2', 'hub.other.internal'])).toMatch(
    /hub.r2lab.*\n10.4.1.2 /,
  );
  await dpkgMust('-r', 'island');
  expect(await box.readFile('/etc/hosts')).toBe(hosts);
  expect(await dump(box)).toEqual(bare);
  expect(await box.run(['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'island*'])).toBe('');
  expect(await box.run(['systemctl', 'list-units', '--failed', '--plain', '--no-legend'])).toBe('');
  await dpkgMust('-P', 'island');
  const differences = await box.run(['sh', '-c', `${LIST} | comm -3 /run/before -`]);
  expect(differences.split('\n').map((line) => line.trim())).toEqual([
    '/etc/island',
    '/etc/island/r2lab.yaml',
    '',
  ]);
});

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** All files that are not dpkg's own, or made by what runs. */
const FLEETING = ['/var/lib/dpkg', '/var/lib/systemd', '/var/cache', '/var/log', '/var/tmp'];
const LIST = `find /etc /usr /var -xdev \\( ${FLEETING.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o -print | LC_ALL=C sort`;

function pathOf(name: string): string {
  return join(packages, `${name}.deb`);
}

/** Packs this tree as a version, whatever the version of the tree. */
async function packed(version: string, name: string, before = ':'): Promise<void> {
  const to = join(packages, name);
  const pack = `'${process.execPath}' build.mjs package --version ${version} --to ${to}`;
  await shell(`${before}; ${pack} && mv ${to}/*.deb ${pathOf(name)}`);
}

function shell(command: string) {
  return promisify(execFile)('sh', ['-c', command], { cwd: PROJECT });
}

interface Circumstances {
  /** The words of a command that runs what follows. */
  readonly by?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Without the triggers of others: to index manual pages again takes longer than all the rest. */
function dpkg(args: readonly string[], { by = [], env = {} }: Circumstances = {}) {
  const flags = args.includes('--triggers-only') ? [] : ['--no-triggers', '--force-unsafe-io'];
  const all = { DEBIAN_FRONTEND: 'noninteractive', PATH, ...env };
  return box.exec([...by, 'dpkg', ...flags, ...args], { env: all, timeoutMs: 150_000 });
}

async function dpkgMust(...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await dpkg(args);
  if (code !== 0) throw new Error(`dpkg ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
}

async function answers(address: string): Promise<boolean> {
  return (await box.exec(['ping', '-n', '-c', '1', '-W', '1', address])).code === 0;
}

/** Of each unit, since when it is active and with which process. */
async function unitsNow(): Promise<readonly string[]> {
  const properties = 'ActiveState,ActiveEnterTimestampMonotonic,MainPID';
  return (await box.run(['systemctl', 'show', '-p', properties, ...UNITS])).split('\n\n');
}

async function lostNothing(ping: Pinger): Promise<void> {
  const { answered, lost } = await ping.stop();
  expect(lost).toEqual([]);
  expect(answered).toBeGreaterThan(20);
}
