import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FAULTY, installFault, removeFaults } from '../support/faults.ts';
import { ISLAND, install, island, modelFile, mustIsland } from '../support/island.ts';
import { type Dump, dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

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

/** Runs island with the stand-ins of test/support/faults.ts in front of the real programs. */
function faulty(...args: readonly string[]) {
  return faraday.exec([process.execPath, ISLAND, ...args], { env: FAULTY, timeoutMs: 60_000 });
}

/** Points in the middle of what join runs on faraday: before, between and after any kind of line. */
const POINTS = [
  ['nft', 0],
  ['ip', 0],
  ['ip', 1],
  ['ip', 2],
  ['ip', 4],
  ['ip', 7],
  ['ip', 100],
  ['bridge', 0],
  ['bridge', 1],
] as const;

describe('killed with kill -9', () => {
  test.each(POINTS)('in %s after %i lines, join is finished by the next join', async (tool, lines) => {
    await installFault(faraday, tool, { lines, act: 'kill island' });
    expect((await faulty('join')).code).not.toBe(0);
    await removeFaults(faraday);
    await mustIsland(faraday, 'join');
    expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
    await mustIsland(faraday, 'leave');
    expect(await dump(faraday)).toEqual(bare);
  });

  test.each([['ip', 1] as const, ['ip', 100] as const])(
    'in %s after %i lines, join is undone by leave',
    async (tool, lines) => {
      await installFault(faraday, tool, { lines, act: 'kill island' });
      expect((await faulty('join')).code).not.toBe(0);
      await removeFaults(faraday);
      await mustIsland(faraday, 'leave');
      expect(await dump(faraday)).toEqual(bare);
    },
  );

  test.each([['ip', 0] as const, ['ip', 2] as const, ['nft', 0] as const])(
    'in %s after %i lines, leave is finished by the next leave',
    async (tool, lines) => {
      await mustIsland(faraday, 'join');
      await installFault(faraday, tool, { lines, act: 'kill island' });
      expect((await faulty('leave')).code).not.toBe(0);
      await removeFaults(faraday);
      await mustIsland(faraday, 'leave');
      expect(await dump(faraday)).toEqual(bare);
    },
  );
});

describe('refused by the kernel in the middle', () => {
  test.each(POINTS)('of %s after %i lines, join undoes what it did and says so', async (tool, lines) => {
    await installFault(faraday, tool, { lines, act: 'fail' });
    const { code, stderr } = await faulty('join');
    await removeFaults(faraday);
    expect({ code, undone: stderr.includes('everything that this run did is undone') }).toEqual({
      code: tool === 'ip' && lines === 0 ? 69 : 71,
      undone: true,
    });
    expect(await dump(faraday)).toEqual(bare);
  });

  test('a repair that fails leaves the island as it was before the repair', async () => {
    await mustIsland(faraday, 'join');
    await install(
      [faraday],
      modelFile(
        'vxlan',
        '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9, networks: [{ subnet: 10.99.0.0/24, gateway: 10.99.0.1 }] }\n',
      ),
    );
    const before = await dump(faraday);
    await installFault(faraday, 'ip', { lines: 0, act: 'fail' });
    expect((await faulty('join')).stderr).toContain('everything that this run did is undone');
    await removeFaults(faraday);
    expect(await dump(faraday)).toEqual(before);
  });
});

describe('interrupted', () => {
  test('by SIGTERM in the middle, join undoes what it did', async () => {
    await installFault(faraday, 'nft', { lines: 0, act: 'wait' });
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
    await installFault(faraday, 'ip', { lines: 0, act: 'wait' });
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

  test('two joins at the same moment: one does it, the other waits for no one and changes nothing', async () => {
    const both = await Promise.all([island(faraday, 'join'), island(faraday, 'join')]);
    expect(both.map(({ code }) => code).filter((code) => code !== 0 && code !== 75)).toEqual([]);
    expect(both.some(({ code }) => code === 0)).toBe(true);
    expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
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
    const nobody = [
      'setpriv',
      '--reuid',
      '65534',
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-all',
    ];
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
    if (has) await installFault(faraday, 'ip', { lines: 0, act: 'fail' });
    await install([faraday], modelFile('ipip'));
    const { code, stderr } = await faulty('join');
    await removeFaults(faraday);
    expect(code).toBe(69);
    expect(stderr).toContain('this kernel does not make the ipip link');
    expect(await dump(faraday)).toEqual(bare);
  });

  test('the uplink, join on a host with the address still works, and the island is there when it is back', async () => {
    await faraday.ip(['link set internet down']);
    const { code, stderr } = await island(faraday, 'join');
    await faraday.ip(['link set internet up', 'route replace default via 138.96.16.110']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
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

describe('somebody else changes what is ours', () => {
  const DRIFTS: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['the link is deleted', ['ip', 'link', 'delete', 'LINK'], /link LINK .* is missing/],
    ['the link is set down', ['ip', 'link', 'set', 'LINK', 'down'], /link LINK .* is down/],
    ['its MTU is changed', ['ip', 'link', 'set', 'LINK', 'mtu', '1300'], /mtu is 1300 instead of 1450/],
    [
      'the inner address is removed',
      ['ip', 'address', 'delete', '10.3.1.3/32', 'dev', 'LINK'],
      /address 10\.3\.1\.3 on LINK is missing/,
    ],
    [
      'the table is flushed',
      ['ip', 'route', 'flush', 'table', '10310'],
      /route 138\.96\.245\.0\/24 in table 10310 is missing/,
    ],
    [
      'the rules are gone',
      ['ip', 'rule', 'flush', 'protocol', '110'],
      /rule \d+ .* lookup 10310.* is missing/,
    ],
    [
      'nftables is flushed',
      ['nft', 'delete', 'table', 'inet', 'island-r2lab'],
      /nft table island-r2lab is missing/,
    ],
    [
      'a chain is emptied',
      ['nft', 'flush', 'chain', 'inet', 'island-r2lab', 'sources'],
      /nft table island-r2lab: sources differs/,
    ],
    [
      'forwarding is switched off',
      ['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/control/forwarding'],
      /sysctl net\.ipv4\.conf\.control\.forwarding: value is 0 instead of 1/,
    ],
    [
      'a forwarding entry is stolen',
      [
        'sh',
        '-c',
        'bridge fdb replace $(bridge fdb show dev LINK | cut -d" " -f1) dev LINK dst 203.0.113.66 self permanent',
      ],
      /outer is 203\.0\.113\.66 instead of 138\.96\.245\.50/,
    ],
    [
      'the neighbour is removed',
      ['ip', 'neighbour', 'delete', '10.3.1.2', 'dev', 'LINK'],
      /neighbour 10\.3\.1\.2 on LINK is missing/,
    ],
  ];

  test.each(DRIFTS)('%s: status names it, join repairs it', async (_, command, words) => {
    await mustIsland(faraday, 'join');
    const before = await dump(faraday);
    const link = (await faraday.run(['sh', '-c', 'ls /sys/class/net | grep isl-'])).trim();
    await faraday.run(command.map((word) => word.replaceAll('LINK', link)));
    const { code, stdout } = await island(faraday, 'status');
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(words.source.replaceAll('LINK', link)));
    await mustIsland(faraday, 'join');
    expect((await island(faraday, 'status')).stdout).toContain('as the file says');
    expect(await dump(faraday)).toEqual(before);
  });
});

async function realPath(program: string): Promise<string> {
  return (await faraday.run(['readlink', '-f', program])).trim();
}
