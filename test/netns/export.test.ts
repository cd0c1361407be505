import { afterAll, beforeAll, expect, test } from 'vitest';
import { codes, dumpAll, reachable } from '../support/checks.ts';
import { FIREWALLS, type TestFirewall } from '../support/firewalls.ts';
import { mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { exportTo, mustScript, script } from '../support/script.ts';
import { stateOf } from '../support/state.ts';

/** A hub, a gateway that masquerades, and members on one and on two networks, with a default route and without. */
const NAMES = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01', 'fit02'];
const MTU = { mtu: 1450 };

let lab: Lab;
let hosts: LabHost[];
let hub: LabHost;
let faraday: LabHost;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1, 2], clusterHosts: 1, pdu: false }));
  hosts = NAMES.map(lab.host);
  [hub, faraday] = [lab.host('sopnode-l1'), lab.host('faraday')];
});
afterAll(() => lab?.close());

const onAll = (verb: string, says: string) => Promise.all(hosts.map((host) => mustScript(host, verb, says)));
const statesOf = (some: readonly LabHost[]) => Promise.all(some.map(stateOf));

test('the scripts alone make every pair of the model network reach each other, and give every host back', async () => {
  const before = await statesOf(hosts);
  const names = () => Promise.all(hosts.map((host) => host.readFile('/etc/hosts')));
  const namesBefore = await names();
  await Promise.all(hosts.map((host) => exportTo(host)));
  await onAll('start', 'started');
  await reachable(hosts, MTU);
  for (const host of hosts) expect(await host.run(['getent', 'hosts', 'fit07'])).toContain('192.168.3.7');

  const started = await dumpAll(hosts);
  await onAll('start', 'started already');
  await mustScript(hub, 'status', 'all is as it was started');
  expect(await dumpAll(hosts)).toEqual(started);
  expect(await codes(hosts, 'plan', '--exit-code'), 'nothing is left to do').toEqual([0, 0, 0, 0, 0]);

  await faraday.ip(['route delete 138.96.245.0/24 table 10310', 'rule delete pref 12487']);
  const { code, stdout } = await script(faraday, 'status');
  expect([code, stdout]).toEqual([1, expect.stringMatching(/^< table 10310: 138\.96\.245\.0\/24 via/m)]);
  await mustScript(faraday, 'start', 'started');
  await mustScript(faraday, 'restart', 'stopped\nisland-r2lab: started');
  expect(await dumpAll(hosts)).toEqual(started);

  await onAll('stop', 'stopped');
  await mustScript(hub, 'stop', 'stopped');
  expect(await statesOf(hosts)).toEqual(before);
  expect(await names()).toEqual(namesBefore);
  expect(await script(hub, 'status')).toMatchObject({ code: 1, stderr: 'island-r2lab: not started\n' });
  expect(await script(hub, 'leave')).toMatchObject({ code: 64, stderr: expect.stringContaining('usage: ') });
});

test('island takes over from a script and gives back what the script found; the script keeps out meanwhile', async () => {
  const some = ['sopnode-l1', 'fit02'].map(lab.host);
  const before = await statesOf(some);
  await Promise.all(some.map(isTakenOver));
  expect(await statesOf(some)).toEqual(before);
});

async function isTakenOver(host: LabHost): Promise<void> {
  await exportTo(host);
  await mustScript(host, 'start', 'started');
  await mustIsland(host, 'join');
  const joined = await stateOf(host);
  for (const verb of ['start', 'stop']) {
    const refused = { code: 1, stderr: expect.stringContaining('"island leave -i r2lab" ends that') };
    expect(await script(host, verb)).toMatchObject(refused);
  }
  expect(await stateOf(host)).toEqual(joined);
  await mustIsland(host, 'leave');
  await mustScript(host, 'stop', 'stopped');
}

test('a start that fails undoes what it did, and one that was killed is taken up by the next; forwarding that others switched stays', async () => {
  await exportTo(hub);
  const before = await stateOf(hub);
  const stub = (last: string) =>
    hub.writeFile(
      '/run/stubs/sysctl',
      `#!/bin/sh\ncase "$*" in *-w*eth0*) ${last} ;; esac\nPATH=\${PATH#*:} exec sysctl "$@"\n`,
      0o755,
    );
  await stub('exit 1');
  expect(await script(hub, 'start', '/run/stubs')).toMatchObject({
    ...{ code: 1, stderr: 'island-r2lab: start failed at forwarding; everything that it did is undone\n' },
  });
  expect(await stateOf(hub)).toEqual(before);

  await stub('kill -9 $PPID');
  expect((await script(hub, 'start', '/run/stubs')).code).not.toBe(0);
  expect(await stateOf(hub)).not.toEqual(before);
  expect(await script(hub, 'status')).toMatchObject({ code: 1 });
  await mustScript(hub, 'start', 'started');
  expect(await mustIsland(hub, 'plan')).toContain('# nothing to do');
  await mustScript(hub, 'stop', 'stopped');
  expect(await stateOf(hub)).toEqual(before);

  // As Docker and Kubernetes do, which rely on it from then on.
  await mustScript(hub, 'start', 'started');
  await hub.run(['sysctl', '-w', 'net.ipv4.ip_forward=1']);
  await mustScript(hub, 'stop', 'stopped');
  expect(await hub.run(['sysctl', '-n', 'net.ipv4.conf.eth0.forwarding'])).toBe('1\n');
});

test("the rules that a script puts into firewalls of others are found again by their mark, and nobody else's is touched", async () => {
  const named = (name: string): TestFirewall => {
    const found = FIREWALLS.find((each) => each.name.endsWith(name));
    if (found === undefined) throw new Error(`${name}: no such firewall`);
    return found;
  };
  const walls = [
    { host: hub, wall: named('iptables-legacy') },
    { host: faraday, wall: named('Docker 28.5 in iptables-nft') },
  ];
  await Promise.all(walls.map(({ host, wall }) => wall.raise(host)));
  const rules = () => Promise.all(walls.map(({ host, wall }) => wall.dump(host)));
  const ends = walls.map(({ host }) => host);
  const [before, rulesBefore] = [await dumpAll(ends), await rules()];
  await Promise.all(ends.map((host) => exportTo(host)));
  await Promise.all(ends.map((host) => mustScript(host, 'start', 'started')));
  for (const shown of await rules()) expect(shown).toMatch(/island:r2lab /);
  expect(await codes(ends, 'plan', '--exit-code'), 'they are those of join').toEqual([0, 0]);
  await mustScript(faraday, 'start', 'started already');
  await Promise.all(ends.map((host) => mustScript(host, 'stop', 'stopped')));
  expect(await rules()).toEqual(rulesBefore);
  expect(await dumpAll(ends)).toEqual(before);
});
