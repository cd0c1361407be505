import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { AGENT_PORT } from '../support/lab/agent-protocol.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { dump } from '../support/lab/dump.ts';
import { uplinkFlap } from '../support/lab/flap.ts';
import { createLab, withLab } from '../support/lab/lab.ts';
import { formatFailures, matrix } from '../support/lab/matrix.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { joinByHand } from '../support/lab/plain-island.ts';

test('without an island, the testbed is translated one way and unreachable the other', () =>
  withLab(modelNetwork({ nodes: [1], clusterHosts: 1 }), async (lab) => {
    const passes = await matrix([lab.host('sopnode-w1'), lab.host('fit01')], { deadlineMs: 500 });
    expect(passes.map(({ from, address, reason, saw }) => ({ from, address, reason, saw }))).toEqual([
      { from: 'sopnode-w1', address: '192.168.3.1', reason: 'no answer' },
      { from: 'sopnode-w1', address: '192.168.2.1', reason: 'no answer' },
      { from: 'fit01', address: '138.96.245.51', reason: 'translated', saw: '138.96.16.97' },
    ]);
  }));

test('an island made by hand joins the model network, also after a flap of the uplink', () =>
  withLab(modelNetwork(), async (lab) => {
    const hosts = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01', 'fit02'].map(lab.host);
    // Two ways are the internet's and stay outside: to the public address of faraday from where it has no route.
    const addresses = { faraday: ['192.168.3.100', '192.168.2.100'] };
    await joinByHand(lab, 'vxlan');
    expect(formatFailures(await matrix(hosts, { addresses }))).toEqual([]);
    await uplinkFlap(lab.host('faraday'), 'internet');
    expect(formatFailures(await matrix(hosts, { addresses }))).toEqual([]);
  }));

test('a hop that loses "too big" messages passes a smaller packet and starves a transfer', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0, blackHoleMtu: 1400, laptop: true }), async (lab) => {
    const laptop = await lab.host('laptop').agent();
    await lab.host('sopnode-l1').agent();
    const address = '138.96.245.50';
    const pings = await laptop.ask({
      op: 'ping',
      targets: [1400, 1401].map((packet) => ({ address, packet })),
      deadlineMs: 1000,
    });
    expect(pings.map((each) => each.ok)).toEqual([true, false]);
    const order = { op: 'transfer', address, port: AGENT_PORT, download: 0, deadlineMs: 1000 } as const;
    expect(await laptop.ask({ ...order, upload: 1000 })).toMatchObject({ ok: true, uploaded: 1000 });
    expect(await laptop.ask({ ...order, upload: 100_000 })).toMatchObject({ ok: false });
  }));

test('ten megabytes go each way, and both ends count them', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0, laptop: true }), async (lab) => {
    await lab.host('sopnode-l1').agent();
    const laptop = await lab.host('laptop').agent();
    const bytes = 10_000_000;
    const order = { address: '138.96.245.50', port: AGENT_PORT, upload: bytes, download: bytes };
    const moved = await laptop.ask({ op: 'transfer', ...order, deadlineMs: 5000 });
    expect(moved).toMatchObject({ ok: true, uploaded: bytes, downloaded: bytes, local: '198.51.100.9' });
  }));

test('the cloud gateway is reached at its public address, and workers at none', () =>
  withLab(modelNetwork({ cloud: true, workers: 2, randomPorts: true }), async (lab) => {
    const [hub, cloud, worker] = ['sopnode-l1', 'cloud1', 'worker2'].map(lab.host);
    await Promise.all([hub, cloud, worker].map((host) => host?.agent()));
    const targets = [{ address: '203.0.113.7', port: AGENT_PORT }];
    expect(await (await hub?.agent())?.ask({ op: 'probe', targets, deadlineMs: 1000 })).toMatchObject([
      { ok: true, saw: '138.96.245.50' },
    ]);
    const outward = [{ address: '138.96.245.50', port: AGENT_PORT, protocol: 'udp' as const }];
    expect(
      await (await cloud?.agent())?.ask({ op: 'probe', targets: outward, deadlineMs: 1000 }),
    ).toMatchObject([{ ok: true, saw: '203.0.113.7' }]);
    expect(
      await (await worker?.agent())?.ask({ op: 'probe', targets: outward, deadlineMs: 1000 }),
    ).toMatchObject([{ ok: true, saw: '198.51.100.66' }]);
    const homeward = [{ address: '198.51.100.66', port: AGENT_PORT }];
    expect(
      await (await hub?.agent())?.ask({ op: 'probe', targets: homeward, deadlineMs: 1000 }),
    ).toMatchObject([{ ok: false, error: 'ECONNREFUSED' }]);
  }));

test('a dump shows what was changed and nothing else, and is the same again once it is undone', () =>
  withLab(modelNetwork({ nodes: [1], clusterHosts: 0 }), async (lab) => {
    const faraday = lab.host('faraday');
    const before = await dump(faraday);
    await (await lab.host('fit01').agent()).ask({
      op: 'ping',
      targets: [{ address: '138.96.245.50', packet: 1500 }],
      deadlineMs: 1000,
    });
    expect(await dump(faraday)).toEqual(before);

    await faraday.run(['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/data/rp_filter']);
    await faraday.ip(['rule add pref 99 lookup 10310', 'route add 10.9.0.0/24 dev data']);
    const changed = await dump(faraday);
    expect(changed.sysctls).toEqual({ ...before.sysctls, 'ipv4/conf/data/rp_filter': '0' });
    expect(changed.rules).not.toEqual(before.rules);
    expect(changed.routes).not.toEqual(before.routes);

    await faraday.ip(['rule delete pref 99', 'route delete 10.9.0.0/24']);
    await faraday.run(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/conf/data/rp_filter']);
    expect(await dump(faraday)).toEqual(before);
  }));

test('hosts have names, files and processes of their own, and the machine sees none of them', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0 }), async (lab) => {
    const faraday = lab.host('faraday');
    await faraday.writeFile('/etc/island/r2lab.yaml', 'island: r2lab\n', 0o600);
    await faraday.writeFile('/var/lib/island/r2lab/name', 'faraday\n');
    await faraday.writeFile('/run/island/r2lab/sysctls', 'ip_forward 0\n');
    expect(await faraday.run(['cat', '/etc/island/r2lab.yaml'])).toBe('island: r2lab\n');
    expect(await faraday.run(['hostname'])).toBe('faraday\n');
    expect(await faraday.run(['ls', '/sys/class/net'])).toBe('control\ndata\ninternet\nlo\n');
    for (const path of ['/etc/island/r2lab.yaml', '/var/lib/island/r2lab', '/run/island/r2lab']) {
      expect(existsSync(path)).toBe(false);
      await expect(lab.host('sopnode-l1').readFile(path)).rejects.toThrow('ENOENT');
    }
  }));

test('a program that takes too long is killed with its name in the message, and the lab goes on', () =>
  withLab({ hosts: { lonely: {} } }, async (lab) => {
    const lonely = lab.host('lonely');
    await expect(lonely.exec(['sleep', '60'], { timeoutMs: 200 })).rejects.toThrow('sleep 60: no end');
    const daemon = lonely.start([
      'sh',
      '-c',
      'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.1; done',
    ]);
    await daemon.outputMatching(/up/);
    daemon.signal('SIGTERM');
    expect(await daemon.exited).toBe(3);
    expect(daemon.output()).toBe('up\nbye\n');
    expect(await lonely.exec(['sh', '-c', 'cat; exit 7'], { input: 'hello' })).toMatchObject({
      code: 7,
      stdout: 'hello',
    });
  }));

test('nothing is left when the lab is closed', async () => {
  const before = machine();
  const lab = await createLab();
  await lab.raise(modelNetwork());
  const networks = lab.hosts().map((host) => networkOf(String(host.pid)));
  expect(inhabited(networks)).toEqual(networks);
  const daemon = lab.host('fit01').start(['sleep', '600']);
  await lab.close();
  await lab.close();
  await daemon.exited;
  expect(inhabited(networks)).toEqual([]);
  expect(machine()).toEqual(before);
});

test('nothing is left when the process that made the lab is killed', async () => {
  const before = machine();
  await bundle({ 'lab-holder': new URL('../support/lab/lab-holder.ts', import.meta.url).pathname });
  const holder = spawn(process.execPath, [`${BUNDLES}/lab-holder.mjs`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(holder.stdout), 'line');
  const networks = (JSON.parse(line) as number[]).map((pid) => networkOf(String(pid)));
  expect(inhabited(networks)).toEqual(networks);
  holder.kill('SIGKILL');
  await vi.waitFor(() => expect(inhabited(networks)).toEqual([]), { timeout: 5000 });
  expect(machine()).toEqual(before);
});

/** What a lab could leave on the machine itself. */
function machine() {
  return { mounts: readFileSync('/proc/self/mounts', 'utf8'), links: readdirSync('/sys/class/net') };
}

/** Those of the network namespaces that still have a process in them. */
function inhabited(networks: readonly (string | undefined)[]) {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const alive = new Set(processes.map(networkOf));
  return networks.filter((network) => network !== undefined && alive.has(network));
}

function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
