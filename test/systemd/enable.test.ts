import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { install, mustIsland } from '../support/island.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { type Disk, installIsland, newDisk, writeToDisk } from '../support/lab/machine.ts';

const FILE = `island: r2lab
link: vxlan
hub: { name: hub, outer: 192.0.2.1, inner: 10.3.1.2 }
peers: [{ name: box, outer: 192.0.2.2, inner: 10.3.1.3 }]
`;
const OTHER = FILE.replace('r2lab', 'other')
  .replaceAll('10.3.1.', '10.4.1.')
  .concat('port: 20000\nsubnet: 10.4.1.0/24\n');
const UNITS = ['island@r2lab.service', 'islandd@r2lab.service'];
const SOCKET = 'islandd@r2lab.socket';
/** Who might have port 53, and takes a while until he has it. */
const NAME_SERVER = `[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sleep 1
[Install]
WantedBy=multi-user.target
`;
const SOON = { timeout: 60_000, interval: 200 };

let disk: Disk;
let lab: Lab;
let box: LabHost;

beforeAll(async () => {
  disk = await newDisk();
  await installIsland(disk);
  await writeToDisk(disk, '/etc/island/r2lab.yaml', FILE);
  lab = await createLab();
  const lan = (address: string) => ({ links: { eth0: { segment: 'lan', addresses: [address] } } });
  await lab.raise({ hosts: { hub: lan('192.0.2.1/24'), box: { disk, ...lan('192.0.2.2/24') } } });
  await install([lab.host('hub')], FILE);
  await mustIsland(lab.host('hub'), 'join');
  box = lab.host('box');
});

afterAll(async () => {
  await lab?.close();
  await disk?.remove();
});

test('over the bus and by systemctl, the same is done and told', async () => {
  await bundle({ contract: new URL('../support/systemd/contract.ts', import.meta.url).pathname });
  const { bus, systemctl } = JSON.parse(await box.run([process.execPath, `${BUNDLES}/contract.mjs`], LONG));
  expect(systemctl).toEqual(bus);
  const absent = { load: 'not-found', active: 'inactive', sub: 'dead', enabled: '' };
  expect(bus).toMatchObject({
    'a unit without a file': { ...absent, path: '', isStale: false },
    ...{ 'start of that': 'E_APPLY', 'enable of that': 'E_APPLY', 'reset-failed of that': 'done' },
    'enabled until reboot': { load: 'loaded', active: 'inactive', enabled: 'enabled-runtime' },
    ...{ start: 'done', 'start again': 'done', stop: 'done' },
    started: { active: 'active', sub: 'exited', enabled: 'enabled', isRecent: true, isStale: false },
    'with another file': { isStale: true },
    'after it': { active: 'active', isStale: false },
    'start that fails': 'failed',
    failed: { active: 'failed', result: 'exit-code' },
    ...{ 'start that takes too long': 'E_APPLY', 'start that is interrupted': 'E_RETRY' },
    activating: { active: 'activating' },
    'stop of that': 'done',
    'disable without a file': 'done',
    gone: absent,
  });
});

test('an enabled host is on the island now and after a reboot, until it is disabled', async () => {
  await box.writeFile('/etc/systemd/system/dnsmasq.service', NAME_SERVER);
  await box.run(['systemctl', 'enable', 'dnsmasq.service']);
  const before = await everything();
  const planned = (await run('enable', '--persistent', '--now', '--plan')).trim().split('\n');
  expect(planned.at(-2)).toBe(`systemctl enable ${UNITS.join(' ')}`);
  expect(await everything()).toEqual(before);

  expect(await json('enable', '--persistent', '--now')).toMatchObject({
    ...{ changed: true, term: 'persistent', steps: planned, foreign: [] },
    reached: [{ name: 'hub', rttMs: expect.any(Number) }],
  });
  expect(await activeUnits()).toEqual(UNITS);
  const enabled = await everything();
  const runs = await invocations();
  expect(await run('enable', '--persistent', '--now')).toContain('nothing to do');
  expect([await everything(), await invocations()]).toEqual([enabled, runs]);
  const up = { active: 'active', since: expect.any(String) };
  expect((await json('status')).units).toMatchObject([
    ...UNITS.map((unit) => ({ unit, enabled: 'enabled', ...up })),
    { unit: SOCKET, enabled: 'static', ...up },
  ]);

  const asked = await box.run(['runuser', '-u', 'nobody', '--', 'island', 'status', '--json'], LONG);
  expect(JSON.parse(asked).units).toMatchObject(
    [...UNITS, SOCKET].map((unit) => ({ unit, active: 'active' })),
  );

  await lab.reboot('box');
  box = lab.host('box');
  await vi.waitFor(async () => expect(await activeUnits()).toEqual(UNITS), SOON);
  await reachesHub();
  // In turn, and none was left out because they wait for each other in a circle.
  const since = ['dnsmasq.service', SOCKET, UNITS[1] ?? ''].map(activeSince);
  const times = await Promise.all(since);
  expect(times).toEqual([...times].toSorted((a, b) => a - b));
  expect(Math.min(...times)).toBeGreaterThan(0);

  expect(await run('disable')).toContain('until the next boot it stays');
  expect(await activeUnits()).toEqual(UNITS);
  expect(Object.keys((await everything()).files).filter((path) => path.startsWith('/etc'))).toEqual(
    Object.keys(before.files).filter((path) => path.startsWith('/etc')),
  );
  await box.run(['rm', '/etc/island/r2lab.yaml']);
  expect(await run('disable', '--now', '-i', 'r2lab')).toContain('left the island');
  expect(withoutWires(await everything())).toEqual(withoutWires(before));
  await box.writeFile('/etc/island/r2lab.yaml', FILE);
});

test('a host that has joined is enabled without a packet lost, and a failure leaves it joined and no trace', async () => {
  await run('join');
  const before = await everything();
  const pings = box.start(['ping', '-i', '0.02', '10.3.1.2']);
  try {
    await pings.outputMatching(/icmp_seq/);
    // Found by the check before anything runs, by a start that fails, and by one that never becomes ready.
    const faults = { 'Wat=yes': 'Wat', 'ExecStartPre=/bin/false': UNITS[1] ?? '' };
    for (const [line, said] of Object.entries(faults)) {
      await box.writeFile(`${DROP_IN}/fault.conf`, `[Service]\n${line}\n`);
      const broken = await everything();
      const { code, stderr } = await box.exec(['island', 'enable', '--persistent', '--now'], LONG);
      expect([code, stderr]).toEqual([71, expect.stringContaining(said)]);
      expect(stderr).toContain('everything is as it was before');
      expect(await everything()).toEqual(broken);
      await box.run(['rm', '-r', DROP_IN]);
      await box.run(['systemctl', 'daemon-reload']);
    }
    expect(await everything()).toEqual(before);
    await run('enable', '--runtime', '--now');
    expect((await everything()).kernel).toEqual(before.kernel);
  } finally {
    pings.signal('SIGINT');
    await pings.exited;
  }
  expect(pings.output()).toMatch(/ 0% packet loss/);
  expect(await run('status')).toContain('enabled until the next boot');
  expect(await run('disable', '--now')).toContain('left the island');
});

test.each(['the operator', 'the end of the bus'])(
  '%s in the middle of a start undoes it all',
  async (who) => {
    const before = await everything();
    await box.writeFile(
      '/run/systemd/system/island@.service.d/slow.conf',
      '[Service]\nExecStartPre=sleep 600\n',
    );
    const slow = await everything();
    const enabling = box.start(['island', 'enable', '--persistent', '--now'], LONG);
    await vi.waitFor(async () => {
      expect((await box.exec(['systemctl', 'is-active', UNITS[0] ?? ''])).stdout).toBe('activating\n');
    }, SOON);
    if (who === 'the operator') enabling.signal('SIGINT');
    else await box.run(['systemctl', 'kill', '--signal=KILL', 'dbus.service']);
    expect(await enabling.exited).toBe(75);
    expect(enabling.output()).toContain('everything is as it was before');
    expect(await everything()).toEqual(slow);
    await box.run(['rm', '-r', '/run/systemd/system/island@.service.d']);
    await box.run(['systemctl', 'daemon-reload']);
    expect(await everything()).toEqual(before);
  },
);

test('without a bus, and with two islands, of which one keeps what both need', async () => {
  const before = await everything();
  await box.run(['systemctl', 'stop', 'dbus.socket', 'dbus.service']);
  await box.writeFile('/etc/island/other.yaml', OTHER);
  try {
    await run('enable', '--persistent', '-i', 'r2lab');
    const one = await everything();
    await run('enable', '--persistent', '-i', 'other');
    expect(await run('enable', '--persistent', '-i', 'r2lab')).toContain('nothing to do');
    expect((await json('status', '-i', 'other')).units).toMatchObject([
      ...[{ enabled: 'enabled' }, { enabled: 'enabled' }],
      { unit: 'islandd@other.socket', enabled: 'static', active: 'inactive' },
    ]);
    await run('disable', '-i', 'other');
    expect(await everything()).toEqual(one);
    // The other way is not beside the first.
    await run('enable', '--runtime', '-i', 'r2lab');
    expect(Object.keys((await everything()).files).filter((path) => path.startsWith('/etc'))).toEqual(
      Object.keys(before.files).filter((path) => path.startsWith('/etc')),
    );
    await run('disable');
    expect(await everything()).toEqual(before);
  } finally {
    await box.run(['rm', '/etc/island/other.yaml']);
    await box.run(['systemctl', 'start', 'dbus.socket']);
  }
});

test('what a package has put in place is used as it is', async () => {
  const before = await everything();
  for (const [kind, folder] of Object.entries({ 'island*': 'system', '*.{link,network}': 'network' })) {
    await box.run(['bash', '-c', `cp /usr/local/lib/island/units/${kind} /usr/lib/systemd/${folder}/`]);
  }
  expect((await run('enable', '--persistent', '--plan')).trim().split('\n')).toEqual([
    ...[`write /etc/systemd/system/${SOCKET}`, `systemd-analyze verify ${UNITS.join(' ')} ${SOCKET}`],
    ...['systemctl daemon-reload', `systemctl enable ${UNITS.join(' ')}`, 'systemctl daemon-reload'],
  ]);
  await run('enable', '--persistent');
  await run('disable');
  expect(await everything()).toEqual(before);
});

const DROP_IN = '/etc/systemd/system/islandd@.service.d';
const LONG = { timeoutMs: 170_000 };

/** As an operator types it. */
function run(...args: readonly string[]): Promise<string> {
  return box.run(['island', ...args], LONG);
}

/** `status` of a host that has not joined is a no, and yet an answer. */
async function json(...args: readonly string[]) {
  return JSON.parse((await box.exec(['island', ...args, '--json'], LONG)).stdout);
}

async function activeUnits(): Promise<readonly string[]> {
  const { stdout } = await box.exec(['systemctl', 'is-active', ...UNITS]);
  const states = stdout.trim().split('\n');
  return UNITS.filter((_, index) => states[index] === 'active');
}

/** Another one for each time that a unit was started. */
function invocations(): Promise<string> {
  return box.run(['systemctl', 'show', '--property=InvocationID', ...UNITS, SOCKET]);
}

/** Microseconds since the boot of the machine; 0 for a unit that never was. */
async function activeSince(unit: string): Promise<number> {
  const property = 'ActiveEnterTimestampMonotonic';
  return Number(await box.run(['systemctl', 'show', '--value', '-p', property, unit]));
}

async function reachesHub(): Promise<void> {
  const deadline = performance.now() + 30_000;
  while ((await box.exec(['ping', '-c', '1', '-W', '1', '10.3.1.2'])).code !== 0) {
    if (performance.now() > deadline) throw new Error('the hub does not answer');
    await delay(200);
  }
}

const FILES = `find /etc/systemd /run/systemd/system /run/systemd/network /etc/NetworkManager /var/lib/island \\
  ! -type d 2>/dev/null | sort | while read -r path; do
  printf '%s\\t%s\\n' "$path" "$(readlink "$path" || sha256sum <"$path")"
done
systemctl list-units --all --plain --no-legend --no-pager 'island*' | sed 's/^/unit:/; s/  */\\t/'`;

/** The lab's own links are made anew with a host, and have other MAC addresses then. */
function withoutWires({ kernel: { links: _, addresses: __, ...kernel }, files }: Everything) {
  return { kernel, files };
}

type Everything = Awaited<ReturnType<typeof everything>>;

/** What enable could change: what systemd reads and has, and the kernel. */
async function everything() {
  const [kernel, printed] = await Promise.all([dump(box), box.run(['sh', '-c', FILES])]);
  const files: Record<string, string> = Object.fromEntries(
    printed
      .trim()
      .split('\n')
      .map((line) => line.split('\t')),
  );
  return { kernel, files };
}
