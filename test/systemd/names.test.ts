import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linkNameOf } from '../../src/model/addressing.ts';
import { logOf, startDaemon, stopDaemon, within } from '../support/daemon.ts';
import { ISLAND, install, island, mustIsland } from '../support/island.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { type Disk, newDisk } from '../support/lab/machine.ts';
import { installResolved } from '../support/names/resolved.ts';
import { answerNames } from '../support/names/responder.ts';
import { exportTo, mustScript, script } from '../support/script.ts';

const LINK = linkNameOf('r2lab', 'sopnode-l1');
/** A busy machine has its own idea of five seconds. */
const SOON_MS = 60_000;

const FILE = (client: string) => `island: r2lab
link: vxlan
dns: { client: ${client} }
hub: { name: sopnode-l1, outer: 138.96.16.99, inner: 10.3.1.2 }
peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks: [{ subnet: 192.168.3.0/24, gateway: 192.168.3.100 }]
hosts: [{ name: "fit[01-02]", address: "192.168.3.[1-2]" }]
`;

let lab: Lab;
let disk: Disk;
let gateway: LabHost;
let inner: LabProcess;
let outer: LabProcess;

/** Behind the tunnel the hub's own responder, and beside it a server that knows the rest of the world. */
beforeAll(async () => {
  disk = await newDisk();
  lab = await createLab();
  await bundle({ 'stand-in-dns': new URL('../support/names/stand-in.ts', import.meta.url).pathname });
  await lab.raise({
    hosts: {
      'sopnode-l1': { links: { eth0: { segment: 'internet', addresses: ['138.96.16.99/28'] } } },
      faraday: {
        disk,
        links: {
          internet: { segment: 'internet', addresses: ['138.96.16.97/28'] },
          control: { segment: 'control', addresses: ['192.168.3.100/24'] },
        },
      },
    },
  });
  const hub = lab.host('sopnode-l1');
  gateway = lab.host('faraday');
  await install([hub], FILE('off'));
  await mustIsland(hub, 'join');
  const outside = ['138.96.16.99', 'example.org', '203.0.113.7'];
  outer = hub.start([process.execPath, `${BUNDLES}/stand-in-dns.mjs`, ...outside]);
  [inner] = await Promise.all([answerNames(hub), outer.outputMatching(/listens/)]);
});
afterAll(async () => {
  await lab?.close();
  await disk?.remove();
});

/** Joins as the unit does: in its sandbox, but for the folder /tmp, in which the program may be. */
async function joinFromUnit(): Promise<void> {
  const unit = await readFile(new URL('../../units/island@.service', import.meta.url), 'utf8');
  const sandbox =
    /^(?:Capability|Protect|ReadWrite|PrivateDev|NoNew|Restrict|Lock|System|State|Runtime)\w*=.*$/gm;
  const properties = [...unit.matchAll(sandbox)].flatMap(([line]) => ['-p', line]);
  expect(properties).toContain('ProtectSystem=strict');
  await gateway.run(
    ['systemd-run', '--wait', '--pipe', '--quiet', ...properties, '--', process.execPath, ISLAND, 'join'],
    { timeoutMs: 120_000 },
  );
}

/** What programs are told of a name; undefined when nobody knows it. */
async function addressOf(name: string): Promise<string | undefined> {
  const { stdout } = await gateway.exec(['getent', 'hosts', name]);
  return stdout.split(' ')[0] || undefined;
}

/** And of an address. */
async function nameOf(address: string): Promise<string | undefined> {
  const { stdout } = await gateway.exec(['getent', 'hosts', address]);
  return stdout.trim().split(/\s+/)[1];
}

/** What `island test` finds wrong with names, whether it is required, and what to type. */
async function namesTested(): Promise<readonly string[]> {
  const { stdout } = await island(gateway, 'test', '--json');
  const { causes } = JSON.parse(stdout) as {
    causes: readonly Record<'code' | 'required' | 'fix', unknown>[];
  };
  return causes
    .filter(({ code }) => String(code).startsWith('ISL-N'))
    .map(({ code, required, fix }) => `${code} ${required}: ${fix}`);
}

async function told(): Promise<string> {
  const { stdout } = await gateway.exec(['sh', '-c', `resolvectl dns ${LINK}; resolvectl domain ${LINK}`]);
  // Of many domains it makes columns.
  return stdout.replaceAll(/Link \d+ /g, '').replaceAll(/\n +/g, ' ');
}

const DOMAINS = ['r2lab.internal', '1.3.10.in-addr.arpa', '3.168.192.in-addr.arpa'].map((apex) => `~${apex}`);
const TOLD = `(${LINK}): 10.3.1.2\n(${LINK}): ${DOMAINS.join(' ')}\n`;

test('without systemd-resolved the names are in /etc/hosts, on request, between what others wrote there', async () => {
  const others = '127.0.0.1\tlocalhost\r\n10.0.0.9 fit02 printer\n\n# no newline at the end';
  await gateway.run(['sh', '-c', 'cat >/etc/hosts; chmod 640 /etc/hosts'], { input: others });
  const resolvConf = await gateway.readFile('/etc/resolv.conf');
  await install([gateway], FILE('hosts'));
  expect(await addressOf('fit01')).toBeUndefined();
  expect(await mustIsland(gateway, 'plan')).toContain('/etc/hosts:2: fit02 is 10.0.0.9 there');
  await joinFromUnit();
  const names = ['fit01', 'fit01.r2lab.internal', 'sopnode-l1-tunnel', 'faraday'];
  expect(await Promise.all(names.map(addressOf))).toEqual([
    ...['192.168.3.1', '192.168.3.1', '10.3.1.2', '192.168.3.100'],
  ]);
  expect(await gateway.run(['stat', '-c', '%a %u %g', '/etc/hosts'])).toBe('640 0 0\n');
  await gateway.run(['sed', '-i', '/fit01/d', '/etc/hosts']);
  const { code, stdout } = await island(gateway, 'status');
  expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('lacks "192.168.3.1') });
  const daemon = await startDaemon(gateway, '--every', '1h');
  await within(SOON_MS, 'it is put back', async () => (await addressOf('fit01')) !== undefined);
  await gateway.run(['sed', '-i', 's/^192.168.3.1 /192.168.3.9 /', '/etc/hosts']);
  await within(SOON_MS, 'also what is wrong', async () => (await addressOf('fit01')) === '192.168.3.1');
  expect(await stopDaemon(daemon)).toBe(0);
  await gateway.run([
    'sh',
    '-c',
    'cp -p /etc/hosts /etc/hosts.good; sed -i "1i # island:r2lab begin" /etc/hosts',
  ]);
  const refused = await island(gateway, 'join');
  expect([refused.code, refused.stderr]).toEqual([
    78,
    expect.stringMatching(/\/etc\/hosts:\d+: a second "# island:r2lab begin"/),
  ]);
  await gateway.run(['mv', '/etc/hosts.good', '/etc/hosts']);
  await mustIsland(gateway, 'leave');
  expect(await gateway.readFile('/etc/hosts')).toBe(others);
  expect(await gateway.readFile('/etc/resolv.conf')).toBe(resolvConf);
});

test('systemd-resolved asks the hub about the names of the island and about no others, as long as the host is on it', async () => {
  await installResolved(gateway);
  await gateway.run(['resolvectl', 'dns', 'internet', '138.96.16.99']);
  await install([gateway], FILE('auto'));
  const resolvConf = await gateway.readFile('/etc/resolv.conf');
  expect(await addressOf('fit01.r2lab.internal')).toBeUndefined();

  const printed = await mustIsland(gateway, 'plan');
  expect(printed).toContain(
    [
      `resolvectl default-route ${LINK} no`,
      `resolvectl domain ${LINK} ${DOMAINS.map((each) => `'${each}'`).join(' ')}`,
      `resolvectl dns ${LINK} 10.3.1.2`,
    ].join('\n'),
  );
  await joinFromUnit();
  expect(await told()).toBe(TOLD);
  expect(await addressOf('fit01.r2lab.internal')).toBe('192.168.3.1');
  expect(await addressOf('www.example.org')).toBe('203.0.113.7');
  expect(await nameOf('192.168.3.1')).toBe('fit01.r2lab.internal');
  expect(await nameOf('10.3.1.2')).toBe('sopnode-l1.r2lab.internal');
  // Those of others are asked of others, next to ours as well.
  for (const theirs of ['203.0.113.7', '10.3.2.1']) expect(await nameOf(theirs)).toBeUndefined();
  expect(await namesTested()).toEqual([]);
  expect(await mustIsland(gateway, 'plan')).toContain('# nothing to do');
  expect(await gateway.readFile('/etc/resolv.conf')).toBe(resolvConf);

  const daemon = await startDaemon(gateway, '--every', '1h');
  const repairs = () => logOf(daemon).filter(({ msg }) => msg === 'repaired').length;
  /** Said when it was looked at once more: until then nobody is to change anything else. */
  const healed = async (what: string, ...argv: readonly string[]) => {
    const before = repairs();
    await gateway.run(argv);
    await within(SOON_MS, `repaired after ${what}`, () => repairs() > before);
    expect(await told()).toBe(TOLD);
  };
  await healed('its link was deleted', 'ip', 'link', 'delete', LINK);
  await healed('somebody told it something else', 'resolvectl', 'dns', LINK, '138.96.16.99');
  await gateway.run(['systemctl', 'restart', 'systemd-resolved']);
  await within(SOON_MS, 'it knows after a restart', async () => (await told()) === TOLD);
  await gateway.run(['systemctl', 'stop', 'systemd-resolved']);
  await healed('it lost all', 'sh', '-c', 'rm -rf /run/systemd/resolve; systemctl start systemd-resolved');
  expect(await addressOf('fit01.r2lab.internal')).toBe('192.168.3.1');
  expect(daemon.output()).not.toMatch(/"level":"error"/);
  expect(await stopDaemon(daemon)).toBe(0);

  await mustIsland(gateway, 'leave');
  expect(await addressOf('fit01.r2lab.internal')).toBeUndefined();
  expect(await gateway.readFile('/etc/resolv.conf')).toBe(resolvConf);
  inner.signal('SIGTERM');
  expect(await inner.exited).toBe(0);
  // Of what it has no zone for it would have said REFUSED.
  expect(inner.output()).toMatch(/"rcodes":\["NOERROR=\d+"\]/);
  expect(outer.output()).toContain('asked www.example.org');
  expect(outer.output()).toContain('asked 7.113.0.203.in-addr.arpa');
  expect(outer.output()).toContain('asked 1.2.3.10.in-addr.arpa');
  expect(outer.output()).not.toMatch(/3.168.192|1.3.10.in-addr/);
});

test('island test tells a hub that answers nobody from programs that ask somebody else', async () => {
  await mustIsland(gateway, 'join');
  expect(await namesTested()).toEqual(['ISL-N01 true: on sopnode-l1: island enable --persistent --now']);
  inner = await answerNames(lab.host('sopnode-l1'));
  const { code } = await gateway.exec(['mv', '/etc/resolv.conf', '/run/resolv.conf']);
  expect(code).toBe(0);
  await gateway.writeFile('/etc/resolv.conf', 'nameserver 138.96.16.99\n');
  expect(await namesTested()).toEqual([
    expect.stringMatching(/^ISL-N02 true: resolvectl query sopnode-l1\S* .*stub-resolv\.conf/),
  ]);
  await gateway.run(['mv', '/run/resolv.conf', '/etc/resolv.conf']);
  expect(await namesTested()).toEqual([]);
  await mustIsland(gateway, 'leave');
});

test('without a link it asks the hub by the printed file, and nobody else there once the link of its own server takes all', async () => {
  await install([gateway], FILE('off'));
  await mustIsland(gateway, 'join');
  const path = '/etc/systemd/resolved.conf.d/island-r2lab.conf';
  const piece = await mustIsland(gateway, 'dns', 'client', 'resolved', '--name', 'fit01');
  expect(piece).toMatch(new RegExp(`^# ${path}: .*restart systemd-resolved`));
  await gateway.writeFile(path, piece);
  const whole = "systemctl restart systemd-resolved && resolvectl domain internet '~.'";
  await gateway.run(['sh', '-c', `${whole} && resolvectl dns internet 138.96.16.99`]);
  expect(await addressOf('fit01.r2lab.internal')).toBe('192.168.3.1');
  expect(await nameOf('192.168.3.1')).toBe('fit01.r2lab.internal');
  expect(await addressOf('www.example.org')).toBe('203.0.113.7');
  inner.signal('SIGTERM');
  expect(await inner.exited).toBe(0);
  expect(inner.output()).toMatch(/"rcodes":\["NOERROR=\d+"\]/);
  await gateway.run([
    'sh',
    '-c',
    `rm ${path}; resolvectl domain internet ''; systemctl restart systemd-resolved`,
  ]);
  await mustIsland(gateway, 'leave');
  await install([gateway], FILE('auto'));
});

test('systemd-resolved takes as many domains of a link as the island ever tells it', async () => {
  const many = "resolvectl domain internet $(seq -f '~%g.10.in-addr.arpa' 256)";
  await gateway.run(['sh', '-c', `${many} && resolvectl domain internet ''`]);
});

test("systemd-resolved that hangs, does not run or hears of systemd-networkd alone is in nobody's way", async () => {
  const isActive = async () =>
    (await gateway.exec(['systemctl', 'is-active', 'systemd-resolved'])).stdout.trim();
  await gateway.run(['systemctl', 'kill', '--signal=STOP', 'systemd-resolved']);
  await mustIsland(gateway, 'join');
  const { code, stdout } = await island(gateway, 'status');
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('does not answer') });
  await gateway.run(['systemctl', 'kill', '--signal=CONT', 'systemd-resolved']);
  await within(SOON_MS, 'it is heard again', async () => (await island(gateway, 'status')).code === 1);
  await mustIsland(gateway, 'join');
  expect(await told()).toBe(TOLD);

  await gateway.run(['systemctl', 'stop', 'systemd-resolved']);
  expect((await island(gateway, 'status')).code).toBe(0);
  await gateway.run(['ip', 'link', 'delete', LINK]);
  await mustIsland(gateway, 'join');
  await mustIsland(gateway, 'leave');
  expect(await isActive()).toBe('inactive');

  // A file of systemd-networkd that matches every link takes ours as well.
  await gateway.writeFile('/etc/systemd/network/10-all.network', '[Match]\nName=isl*\n[Network]\nDHCP=no\n');
  await gateway.run(['systemctl', 'start', 'systemd-networkd', 'systemd-resolved']);
  await mustIsland(gateway, 'join');
  await within(SOON_MS, 'it is said', async () =>
    (await mustIsland(gateway, 'plan')).includes(`systemd-networkd has taken ${LINK}`),
  );
  await mustIsland(gateway, 'leave');
  await gateway.run([
    'sh',
    '-c',
    'systemctl stop systemd-networkd && rm /etc/systemd/network/10-all.network',
  ]);
});

test('an exported script tells systemd-resolved the same, and does not start it', async () => {
  const isActive = () => gateway.exec(['systemctl', 'is-active', 'systemd-resolved']);
  await gateway.run(['systemctl', 'start', 'systemd-resolved']);
  await exportTo(gateway, 'vxlan', FILE('auto'));
  await mustScript(gateway, 'start', 'started');
  expect(await told()).toBe(TOLD);
  expect((await island(gateway, 'plan', '--exit-code')).code).toBe(0);
  await gateway.run(['resolvectl', 'revert', LINK]);
  expect((await script(gateway, 'status')).stdout).toMatch(/^< Link .*: 10\.3\.1\.2$/m);
  await gateway.run(['systemctl', 'stop', 'systemd-resolved']);
  await mustScript(gateway, 'restart', 'stopped\nisland-r2lab: started');
  await mustScript(gateway, 'stop', 'stopped');
  expect((await isActive()).stdout.trim()).toBe('inactive');
});
