import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FAULTY, faulty, installFault, removeFaults } from '../support/faults.ts';
import { ISLAND, install, island, modelFile, mustIsland } from '../support/island.ts';
import { type Dump, dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { stateOf } from '../support/state.ts';

let lab: Lab;
let faraday: LabHost;
let bare: Dump;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [2], clusterHosts: 0, pdu: false }));
  faraday = lab.host('faraday');
});
afterAll(() => lab?.close());

beforeEach(async () => {
  await install([faraday, lab.host('fit02')], modelFile('vxlan'));
  await island(faraday, 'leave');
  bare = await dump(faraday);
});

describe('interrupted', () => {
  test('by SIGTERM in the middle, join undoes what it did', async () => {
    await installFault(faraday, { tool: 'nft', lines: 0, act: 'wait' });
    const run = faraday.start([process.execPath, ISLAND, 'join'], { env: FAULTY });
    await vi.waitFor(() => faraday.run(['test', '-e', '/run/faults/waiting']), { timeout: 20_000 });
    run.signal('SIGTERM');
    await run.outputMatching(/stopping/);
    await faraday.run(['rm', '/run/faults/waiting']);
    expect(await run.exited).toBe(75);
    expect(run.output()).toContain('interrupted; everything that this run did is undone');
    await removeFaults(faraday);
    expect(await dump(faraday)).toEqual(bare);
  });

  test('by a second writer, the second one is told so and the first goes on', async () => {
    await installFault(faraday, { tool: 'ip', lines: 0, act: 'wait' });
    const first = faraday.start([process.execPath, ISLAND, 'join'], { env: FAULTY });
    await vi.waitFor(() => faraday.run(['test', '-e', '/run/faults/waiting']), { timeout: 20_000 });
    const second = await island(faraday, 'leave');
    expect(second).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('another island command is changing r2lab'),
    });
    await faraday.run(['rm', '/run/faults/waiting']);
    expect(await first.exited).toBe(0);
    await removeFaults(faraday);
  });

  test('two joins at the same moment: the host is as after one, and the one that comes too late says so', async () => {
    await mustIsland(faraday, 'join');
    const joined = await stateOf(faraday);
    await mustIsland(faraday, 'leave');
    const both = await Promise.all([island(faraday, 'join'), island(faraday, 'join')]);
    for (const { code, stderr } of both) {
      expect([
        [0, ''],
        [75, expect.stringContaining('another island command is changing r2lab on this host')],
      ]).toContainEqual([code, stderr]);
    }
    expect(both.some(({ code }) => code === 0)).toBe(true);
    expect(await stateOf(faraday)).toEqual(joined);
  });
});

describe('where something is missing', () => {
  test.each([
    ['/usr/sbin/ip', 'the program ip is not installed'],
    ['/usr/sbin/nft', 'the program nft is not installed'],
  ])('%s, join says so with status 69 and touches nothing', async (program, message) => {
    // A file that nobody may execute, mounted over it in the host's own mount namespace.
    await faraday.run(['mount', '--bind', '/dev/null', await realPath(program)]);
    const { code, stderr } = await island(faraday, 'join');
    await faraday.run(['umount', await realPath(program)]);
    expect({ code, stderr }).toEqual({ code: 69, stderr: expect.stringContaining(message) });
    expect(stderr).toContain('apt-get install');
    expect(await dump(faraday)).toEqual(bare);
  });

  test('root, join says so with status 77, and what only reads still works', async () => {
    const nobody = 'setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all'.split(' ');
    const { code, stderr } = await faraday.exec([...nobody, process.execPath, ISLAND, 'join']);
    expect({ code, stderr }).toEqual({ code: 77, stderr: expect.stringContaining('sudo island join') });
    expect((await faraday.exec([...nobody, process.execPath, ISLAND, 'plan'])).code).toBe(0);
    expect(await dump(faraday)).toEqual(bare);
  });

  test('the kind of link, join says so with status 69 and touches nothing', async () => {
    const has =
      (
        await faraday.exec([
          'ip',
          'link',
          'add',
          'probe',
          'type',
          'ipip',
          'local',
          '192.0.2.1',
          'remote',
          '192.0.2.2',
        ])
      ).code === 0;
    if (has) await faraday.run(['ip', 'link', 'delete', 'probe']);
    // Where the kernel has ipip, a stand-in plays one that has not: it refuses the first line.
    if (has) await installFault(faraday, { tool: 'ip', lines: 0, act: 'fail' });
    await install([faraday], modelFile('ipip'));
    const { code, stderr } = await faulty(faraday, 'join');
    await removeFaults(faraday);
    expect(code).toBe(69);
    expect(stderr).toContain('this kernel does not make the ipip link');
    expect(await dump(faraday)).toEqual(bare);
  });
});

describe('what others have here', () => {
  test('the service range of Kubernetes that overlaps is refused, and nothing is touched', async () => {
    const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
    await faraday.writeFile(manifest, 'spec:\n  - --service-cluster-ip-range=10.3.0.0/16\n');
    const { code, stderr } = await island(faraday, 'join');
    await faraday.run(['rm', manifest]);
    expect({ code, stderr }).toEqual({
      code: 78,
      stderr: expect.stringContaining(
        '10.3.0.0/16, which the services of Kubernetes use on this host, overlaps',
      ),
    });
    expect(await dump(faraday)).toEqual(bare);
  });

  test('a link with an overlapping subnet, such as docker0, is refused, and nothing is touched', async () => {
    await faraday.ip([
      'link add docker0 type bridge',
      'address add 138.96.245.1/26 dev docker0',
      'link set docker0 up',
    ]);
    const { code, stderr } = await island(faraday, 'join');
    await faraday.ip(['link delete docker0']);
    expect({ code, stderr }).toEqual({
      code: 78,
      stderr: expect.stringContaining('138.96.245.0/26 on docker0 of this host overlaps the network'),
    });
    expect(await dump(faraday)).toEqual(bare);
  });

  test('a link of the wrong kind under our name is refused and kept', async () => {
    const name = (await mustIsland(faraday, 'plan')).match(/link add dev (\S+)/)?.[1] ?? '';
    await faraday.ip([`link add ${name} type bridge`]);
    const before = await dump(faraday);
    const { code, stderr } = await island(faraday, 'join');
    expect({ code, stderr }).toEqual({
      code: 78,
      stderr: expect.stringContaining(`link ${name} is there already`),
    });
    expect(await dump(faraday)).toEqual(before);
    await faraday.ip([`link delete ${name}`]);
  });
});

async function realPath(program: string): Promise<string> {
  return (await faraday.run(['readlink', '-f', program])).trim();
}
