import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
  await faraday.run(['sh', '-c', 'rm -rf /run/empty; mkdir /run/empty']);
  // So that a command has to name the link.
  await faraday.run(['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/control/forwarding']);
  bare = await dump(faraday);
});

/** Names of links that the kernel permits: everything but white space, `/` and `:`, 15 bytes at most. */
const QUOTED = ['`>p`;$(>q);~ü', '-x'];
const UNSPEAKABLE = ['a"b', "it's", '#1', 'q=1', 'b\\c', 'eth*', 'e\u001b[2Jx', '\\374'];

/** Gives the LAN link of the host another name while `use` runs; `\374` is that byte, which is no UTF-8. */
async function withLink(host: LabHost, name: string, use: () => Promise<void>): Promise<void> {
  const script = (from: string, to: string) =>
    `ip link set dev "${from}" down; ip link set dev "${from}" name "${to}"; ip link set dev "${to}" up`;
  const odd = '$(printf %b "$1")';
  const word = name === '\\374' ? '\\0374' : name.replaceAll('\\', '\\\\');
  await host.run(['sh', '-c', script('control', odd), 'sh', word]);
  try {
    await use();
  } finally {
    await host.run(['sh', '-c', script(odd, 'control'), 'sh', word]);
  }
}

describe('a link of somebody else with a name that a shell would read as more than a name', () => {
  test.each(QUOTED)('such as %s: the printed plan, run by sh, does what join does and nothing else', (name) =>
    withLink(faraday, name, async () => {
      const plan = await mustIsland(faraday, 'plan');
      expect(plan).toContain(name);
      await faraday.run(['sh', '-ec', 'cd /run/empty; exec sh -e'], { input: plan });
      expect(await faraday.run(['ls', '-A', '/run/empty'])).toBe('');
      // The plan is done, so that nothing is left for join but to remember it.
      expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
      await mustIsland(faraday, 'leave');
      await mustIsland(faraday, 'join');
      expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
      await mustIsland(faraday, 'leave');
    }),
  );

  test.each(UNSPEAKABLE)(
    'such as %j, which no tool can be told, is refused, and nothing is touched',
    async (name) => {
      await withLink(faraday, name, async () => {
        const { code, stderr } = await island(faraday, 'join');
        expect({ code, stderr }).toEqual({
          code: 78,
          stderr: expect.stringContaining('cannot be told such a name'),
        });
        expect(stderr).toContain('hint: rename it');
        expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      });
      await mustIsland(faraday, 'leave');
      expect(await dump(faraday)).toEqual(bare);
    },
  );

  test('on a member, where the routes name it', async () => {
    const fit02 = lab.host('fit02');
    await withLink(fit02, '$(>pwned)', async () => {
      await fit02.run(['sh', '-ec', 'mkdir -p /run/empty; cd /run/empty; exec sh -e'], {
        input: await mustIsland(fit02, 'plan'),
      });
      expect(await fit02.run(['ls', '-A', '/run/empty'])).toBe('');
      await mustIsland(fit02, 'leave');
    });
  });
});

test('control characters that the kernel holds, such as in an alias, neither stop island nor reach the terminal', async () => {
  await mustIsland(faraday, 'join');
  await faraday.run(['sh', '-c', 'ip link set dev data alias "$(printf "a\\033[2J\\nb")"']);
  const link = (await faraday.run(['sh', '-c', 'ls /sys/class/net | grep isl-'])).trim();
  await faraday.run(['sh', '-c', `ip link set dev ${link} alias "$(printf "a\\033[2J\\nrm x")"`]);
  const { code, stdout, stderr } = await island(faraday, 'status');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toContain('alias is a?[2J?rm x instead of island:r2lab/sopnode-l1');
  await mustIsland(faraday, 'join');
  await mustIsland(faraday, 'leave');
  await faraday.run(['ip', 'link', 'set', 'dev', 'data', 'alias', '']);
  expect(await dump(faraday)).toEqual(bare);
});

describe('an island name that nft would read as more than a name', () => {
  const EVIL = 'x; flush ruleset';

  test('is refused from the command line, and nothing is run', async () => {
    for (const verb of ['leave', 'confirm', 'revert']) {
      for (const name of [EVIL, '../../../etc', 'Upper', '-x', '']) {
        expect(await island(faraday, verb, `--island=${name}`)).toMatchObject({
          ...{ code: 64, stderr: expect.stringContaining('not the name of an island') },
        });
      }
    }
    expect(await dump(faraday)).toEqual(bare);
  });

  test('does nothing as the name of a file', async () => {
    await install([faraday], modelFile('vxlan'), EVIL);
    await faraday.run(['rm', '/etc/island/r2lab.yaml']);
    for (const args of [['plan'], ['plan', '-c', `/etc/island/${EVIL}.yaml`], ['status'], ['whoami']]) {
      expect((await faraday.exec([process.execPath, ISLAND, ...args])).stderr).toBe('');
    }
    await faraday.run(['rm', `/etc/island/${EVIL}.yaml`]);
    expect(await dump(faraday)).toEqual(bare);
  });

  test('does nothing as the name of a folder among those of the islands', async () => {
    await faraday.writeFile(`/var/lib/island/${EVIL}/joined.json`, '{"name":"faraday","port":10310}\n');
    expect(await island(faraday, 'leave')).toMatchObject({ code: 0 });
    await faraday.run(['rm', '-r', '/var/lib/island']);
    expect(await dump(faraday)).toEqual(bare);
  });
});
