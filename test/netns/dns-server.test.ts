import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { logOf, within } from '../support/daemon.ts';
import { modelFile } from '../support/island.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';

/** A gateway with several addresses, a host on its LAN, and one outside of the island that has three. */
const NETWORK = {
  hosts: {
    gateway: {
      links: {
        lan: { segment: 'lan', addresses: ['192.168.3.100/24'] },
        data: { segment: 'data', addresses: ['192.168.2.100/24'] },
        out: { segment: 'out', addresses: ['203.0.113.1/24'] },
      },
      ip: ['link add isl-test up type bridge', 'address add 10.3.1.3/32 dev isl-test'],
    },
    fit01: {
      links: { lan: { segment: 'lan', addresses: ['192.168.3.1/24'] } },
      routes: ['10.3.1.0/24 via 192.168.3.100', '192.168.2.0/24 via 192.168.3.100'],
    },
    outside: {
      links: { out: { segment: 'out', addresses: ['203.0.113.7/24', '203.0.113.8/24'] } },
      routes: ['10.3.1.0/24 via 203.0.113.1'],
    },
  },
};

const FILE = `${modelFile('vxlan')}dns: { allow: [203.0.113.8/32] }\n`;
const FIT01 = 'fit01.r2lab.internal';
/** Nothing here takes as long; a busy machine might. */
const SOON_MS = 30_000;

let lab: Lab;
let gateway: LabHost;
let fit01: LabHost;
let outside: LabHost;
const running: LabProcess[] = [];

beforeAll(async () => {
  lab = await createLab();
  const program = (name: string) => new URL(`../support/dns/${name}.ts`, import.meta.url).pathname;
  await Promise.all([
    lab.raise(NETWORK),
    bundle({
      'dns-responder': program('program'),
      'dns-asker': program('asker'),
      'dns-holder': program('holder'),
    }),
  ]);
  [gateway, fit01, outside] = [lab.host('gateway'), lab.host('fit01'), lab.host('outside')];
});
afterAll(() => lab?.close());
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await stop(each);
});

const NODE = (name: string) => [process.execPath, `${BUNDLES}/dns-${name}.mjs`];

function start(host: LabHost, argv: readonly string[]): LabProcess {
  const started = host.start(argv);
  running.push(started);
  return started;
}

async function stop(started: LabProcess): Promise<void> {
  started.signal('SIGTERM');
  await started.exited;
}

async function respond(...listen: readonly string[]): Promise<LabProcess> {
  const responder = start(gateway, [...NODE('responder'), JSON.stringify({ file: FILE, listen })]);
  await responder.outputMatching(/"ready"/, SOON_MS);
  return responder;
}

/** The rcode, or that there is no answer; dig takes none but from the address that it asked. */
async function dig(host: LabHost, address: string, ...more: readonly string[]): Promise<string> {
  const query = [`@${address}`, FIT01, '+norecurse', '+tries=2', '+timeout=5', ...more];
  const { stdout } = await host.exec(['dig', ...query]);
  return /status: (\w+)/.exec(stdout)?.[1] ?? 'no answer';
}

interface Counted {
  readonly udp: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly state: readonly unknown[];
}

async function counted(
  responder: LabProcess,
  isSo: (counted: Counted) => boolean = () => true,
): Promise<Counted> {
  const latest = () => logOf(responder).filter(({ msg }) => msg === 'counted');
  await within(SOON_MS, 'the counters are so', async () => {
    const before = latest().length;
    responder.signal('SIGUSR2');
    await within(SOON_MS, 'it tells them', () => latest().length > before);
    return isSo(latest().at(-1) as unknown as Counted);
  });
  return latest().at(-1) as unknown as Counted;
}

interface Burst {
  readonly from: string;
  readonly count: number;
  readonly waitMs: number;
}

function burst(host: LabHost, { from, count, waitMs }: Burst): LabProcess {
  return start(host, [...NODE('asker'), from, '10.3.1.3', String(count), FIT01, String(waitMs)]);
}

async function answeredOf(asker: LabProcess): Promise<number> {
  await asker.exited;
  return Number(/(\d+) answered/.exec(asker.output())?.[1]);
}

describe('a responder on a gateway with several addresses', () => {
  test('answers from each that it is to have, over UDP and TCP, and is not at the others', async () => {
    const responder = await respond('10.3.1.3', '192.168.3.100', '127.0.0.1');
    for (const more of [[], ['+tcp']]) {
      expect(await dig(fit01, '10.3.1.3', ...more)).toBe('NOERROR');
      expect(await dig(fit01, '192.168.3.100', ...more)).toBe('NOERROR');
      expect(await dig(gateway, '127.0.0.1', ...more)).toBe('NOERROR');
      expect(await dig(fit01, '192.168.2.100', ...more)).toBe('no answer');
      expect(await dig(gateway, '203.0.113.1', ...more)).toBe('no answer');
    }
    expect(await counted(responder)).toMatchObject({ udp: 3, tcp: 3, drops: {} });
  });

  test('is silent towards strangers, answers some of whom the file allows, and all of the island', async () => {
    const responder = await respond('10.3.1.3');
    const stranger = burst(outside, { from: '203.0.113.7', count: 30, waitMs: 60_000 });
    await counted(responder, (now) => now.drops['stranger'] === 30);
    const { code } = await outside.exec(['dig', '-b', '203.0.113.7', '@10.3.1.3', FIT01, '+tcp', '+tries=1']);
    expect(code).not.toBe(0);
    expect((await counted(responder)).udp).toBe(0);
    expect(stranger.output()).not.toContain('answered');
    stranger.signal('SIGKILL');
    const allowed = await answeredOf(burst(outside, { from: '203.0.113.8', count: 200, waitMs: 500 }));
    expect(allowed).toBeGreaterThan(0);
    expect(allowed).toBeLessThan(200);
    const { udp, drops } = await counted(responder);
    expect({ udp, drops }).toEqual({ udp: allowed, drops: { stranger: 31, rate: 200 - allowed } });
    expect(await answeredOf(burst(fit01, { from: '192.168.3.1', count: 200, waitMs: SOON_MS }))).toBe(200);
  });

  test('waits for an address, and keeps it when it goes and comes back', async () => {
    const responder = await respond('10.3.1.3', '10.3.1.9');
    expect((await counted(responder)).state).toMatchObject([
      { address: '10.3.1.3', state: 'listening' },
      { address: '10.3.1.9', state: 'waiting', why: 'this host does not have the address' },
    ]);
    expect(await dig(fit01, '10.3.1.3')).toBe('NOERROR');
    const come = ['address add 10.3.1.9/32 dev isl-test'];
    await gateway.ip(come);
    responder.signal('SIGHUP');
    await responder.outputMatching(/"names are answered","address":"10.3.1.9"/, SOON_MS);
    expect(await dig(fit01, '10.3.1.9')).toBe('NOERROR');
    const lines = logOf(responder).length;
    await gateway.ip(['address del 10.3.1.9/32 dev isl-test']);
    expect(await dig(gateway, '10.3.1.9', '+tries=1', '+timeout=1')).toBe('no answer');
    await gateway.ip(come);
    expect(await dig(fit01, '10.3.1.9')).toBe('NOERROR');
    expect(await dig(fit01, '10.3.1.9', '+tcp')).toBe('NOERROR');
    expect(logOf(responder)).toHaveLength(lines);
    await gateway.ip(['address del 10.3.1.9/32 dev isl-test']);
  });
});

describe('beside dnsmasq, which has port 53 of all addresses', () => {
  const dnsmasq = async (): Promise<LabProcess> => {
    const options = ['--no-resolv', '--no-hosts', '--user=root', '--address=/lan.test/192.0.2.1'];
    await gateway.run(['mkdir', '-p', '/etc/dnsmasq.d']);
    const folder = ['-C', '/dev/null', '-7', '/etc/dnsmasq.d,.dpkg-dist'];
    const started = start(gateway, [
      'dnsmasq',
      '--keep-in-foreground',
      '--log-facility=-',
      ...options,
      ...folder,
    ]);
    await started.outputMatching(/started, version/, SOON_MS);
    return started;
  };
  const lanName = async (address: string) =>
    (await gateway.run(['dig', `@${address}`, 'lan.test', '+short', '+tries=2'])).trim();

  test('the fix that is said, typed as it stands, gives the responder its addresses and dnsmasq all others', async () => {
    let other = await dnsmasq();
    const responder = await respond('10.3.1.3', '192.168.3.100');
    const told = logOf(responder).filter(({ level }) => level === 'error');
    expect(told.map(({ address }) => address).toSorted()).toEqual(['10.3.1.3', '192.168.3.100']);
    for (const { why, hint } of told) {
      expect(why).toMatch(/^dnsmasq \(pid \d+\) listens on all addresses$/);
      const typed = /run "(?<typed>.*)"/.exec(String(hint))?.groups?.['typed'] ?? '';
      // There is no systemd in the lab.
      const restarted = await gateway.run(['sh', '-ec', `systemctl() { echo "$@"; }; ${typed}`]);
      expect(restarted).toMatch(/^restart \S+\n$/);
    }
    await stop(other);
    other = await dnsmasq();
    responder.signal('SIGHUP');
    for (const address of ['10.3.1.3', '192.168.3.100']) {
      await responder.outputMatching(new RegExp(`"names are answered","address":"${address}"`), SOON_MS);
      expect(await dig(fit01, address)).toBe('NOERROR');
    }
    expect([await lanName('192.168.2.100'), await lanName('127.0.0.1')]).toEqual(['192.0.2.1', '192.0.2.1']);
    expect(logOf(responder).filter(({ level }) => level === 'error')).toHaveLength(2);
    await stop(other);
    await gateway.run(['rm', '-r', '/etc/dnsmasq.d']);
  });
});

test('what is asked at a socket that is passed on waits for the responder, also from one to the next', async () => {
  const settings = JSON.stringify({ file: FILE, listen: ['10.3.1.3'] });
  const [, responder = ''] = NODE('responder');
  const holder = gateway.start([...NODE('holder'), responder, settings, '10.3.1.3', '192.168.2.100']);
  await holder.outputMatching(/bound/, SOON_MS);
  for (const round of [1, 2]) {
    const asker = burst(fit01, { from: '192.168.3.1', count: 100, waitMs: SOON_MS });
    await asker.outputMatching(/sent/, SOON_MS);
    const overTcp = dig(fit01, '10.3.1.3', '+tcp', '+timeout=30');
    await gateway.run(['touch', `/run/go${round}`]);
    expect([await answeredOf(asker), await overTcp]).toEqual([100, 'NOERROR']);
    if (round === 1) {
      // A socket that is not wanted is left to who passed it, and nobody answers there.
      expect(await dig(gateway, '192.168.2.100', '+tries=1', '+timeout=1')).toBe('no answer');
    }
    await gateway.run(['kill', String(logOf(holder).findLast(({ msg }) => msg === 'ready')?.['pid'])]);
    await within(SOON_MS, 'it has ended', () => holder.output().split('released').length > round);
  }
  expect(holder.output()).not.toMatch(/"level":"(?:error|warn)"/);
});
