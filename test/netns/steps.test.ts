import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Fault,
  faultHappened,
  faulty,
  installFault,
  removeFaults,
  TOOLS,
  type Tool,
} from '../support/faults.ts';
import { install, island, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import type { Outcome } from '../support/lab/namespace.ts';
import { stateOf } from '../support/state.ts';

/** The hub, a gateway that masquerades its networks, and a host that has only routes. */
const NAMES = ['sopnode-l1', 'faraday', 'fit02'] as const;

let lab: Lab;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [2], clusterHosts: 0, pdu: false }));
  await install(NAMES.map(lab.host), modelFile('vxlan'));
});
afterAll(() => lab?.close());

interface Trial {
  readonly verb: 'join' | 'leave';
  /** The n-th of the faults; all later ones are beyond the end when one is. */
  readonly faultAt: (n: number) => Fault;
  readonly ended: (outcome: Outcome, n: number) => void;
  /** Where a run may make up for a fault, and then is taken back for the next. */
  readonly takenBackBy?: 'join' | 'leave';
}

/**
 * Runs the verb with one fault after the other, until one lies behind its last step. Every failure must leave
 * the host as it was: the next run starts from there and gets one step further, and the last one succeeds.
 */
async function throughAll(host: LabHost, { verb, faultAt, ended, takenBackBy }: Trial): Promise<number> {
  const before = await stateOf(host);
  for (let n = 0; ; n += 1) {
    const { outcome, happened } = await withFault(host, faultAt(n), verb);
    const words = `after ${JSON.stringify(faultAt(n))}: ${outcome.stderr}`;
    if (outcome.code === 0)
      expect((await island(host, 'plan', '--exit-code')).code, words).toBe(LEFT_TO_DO[verb]);
    else ended(outcome, n);
    if (!happened) return n;
    if (outcome.code === 0 && takenBackBy !== undefined) await mustIsland(host, takenBackBy);
    expect(await stateOf(host), words).toEqual(before);
  }
}

/** Exit status of `island plan --exit-code` once the verb has done its work. */
const LEFT_TO_DO = { join: 0, leave: 1 } as const;

async function withFault(host: LabHost, fault: Fault, verb: string) {
  await installFault(host, fault);
  const outcome = await faulty(host, verb);
  const happened = await faultHappened(host);
  await removeFaults(host);
  return { outcome, happened };
}

const UNDONE = '; everything that this run did is undone';

/** The commands of a plan by tool, as they appear in messages. */
async function commandsOn(host: LabHost): Promise<Record<Tool, readonly string[]>> {
  const { commands } = JSON.parse(await mustIsland(host, 'plan', '--json'));
  const of = (tool: Tool) => commands.filter((command: string) => command.startsWith(`${tool} `));
  return { ip: of('ip'), bridge: of('bridge'), nft: of('nft') };
}

/** A script for nft is one transaction: where in it the refused line stands makes no difference. */
function faultIn(tool: Tool): Trial['faultAt'] {
  return (n) => ({ tool, lines: tool === 'nft' ? n * 10_000 : n, act: 'fail' });
}

/** Joins and leaves with a fault in each line of the tool's batch; how many the join had. */
async function everyLineOf(host: LabHost, tool: Tool): Promise<number> {
  const commands = (await commandsOn(host))[tool];
  const faultAt = faultIn(tool);
  const joined = await throughAll(host, {
    ...{ verb: 'join', faultAt },
    ended({ code, stderr }, n) {
      const isMade = / link add /.test(commands[n] ?? '');
      const words = isMade ? 'this kernel does not make the vxlan link' : commands[n];
      expect(code).toBe(isMade ? 69 : 71);
      expect(stderr).toContain(`island: ${tool === 'nft' ? 'nft -f' : words}: `);
      expect(stderr).toContain(UNDONE);
    },
  });
  await throughAll(host, {
    ...{ verb: 'leave', faultAt },
    ended({ code, stderr }) {
      expect(code).toBe(71);
      expect(stderr).toMatch(new RegExp(`^island: ${tool} (?:\\S+ delete |-f).*: .*${UNDONE}`));
    },
  });
  return joined;
}

describe('one line', () => {
  test.concurrent.each(NAMES)(
    'on %s, whichever line the kernel refuses, join and leave undo what they did and say which',
    async (name) => {
      const host = lab.host(name);
      const bare = await stateOf(host);
      const planned = await commandsOn(host);
      for (const tool of TOOLS.filter((each) => planned[each].length > 0)) {
        expect(await everyLineOf(host, tool)).toBe(planned[tool].length);
      }
      expect(await stateOf(host)).toEqual(bare);
    },
  );
});

/**
 * Joins and leaves with every start of a program failing after its work: for what reads that is as good as
 * before it, and a batch that fails before its work is one that fails in its first line.
 */
async function everyStart(host: LabHost): Promise<void> {
  const trial = {
    faultAt: (start: number): Fault => ({ start, when: 'after', act: 'fail' }),
    ended({ code, stderr }: Outcome) {
      expect(stderr).toMatch(/^island: (?:ip|bridge|nft)\b.*: a stand-in fails/);
      // Firewalls of others are written by others, and may be readable in a moment.
      expect(code).toBe(/the firewalls of this host/.test(stderr) ? 75 : 71);
    },
  };
  await throughAll(host, { ...trial, verb: 'join', takenBackBy: 'leave' });
  // Of a join that has nothing to do, the undo has nothing to undo.
  await throughAll(host, { ...trial, verb: 'join' });
  await throughAll(host, { ...trial, verb: 'leave', takenBackBy: 'join' });
}

describe('one program', () => {
  // A firewall of somebody else that drops what the hub forwards, so that join has to write there as well.
  const firewall = 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }';
  beforeAll(() => lab.host('sopnode-l1').run(['nft', '-f', '-'], { input: firewall }));
  afterAll(() => lab.host('sopnode-l1').run(['nft', 'delete', 'table', 'ip', 'filter']));

  // What the others start, this hub with somebody else's firewall starts as well.
  test.each(NAMES.slice(0, 1))(
    'on %s, whichever program says that it failed, all is as before',
    async (name) => {
      const host = lab.host(name);
      const bare = await stateOf(host);
      await everyStart(host);
      expect(await stateOf(host)).toEqual(bare);
    },
  );
});

const LAPTOP =
  '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9, networks: [{ subnet: 10.99.0.0/24, gateway: 10.99.0.1 }] }\n';

test.each(TOOLS)(
  'a join to another file that fails in any line of %s leaves the island of the file before',
  async (tool) => {
    const hub = lab.host('sopnode-l1');
    await mustIsland(hub, 'join');
    await install([hub], modelFile('vxlan', LAPTOP));
    const planned = (await commandsOn(hub))[tool].length;
    expect(planned).toBeGreaterThan(0);
    const lines = await throughAll(hub, {
      verb: 'join',
      faultAt: faultIn(tool),
      ended: ({ code, stderr }) =>
        expect({ code, stderr }).toEqual({ code: 71, stderr: expect.stringContaining(UNDONE) }),
    });
    expect(lines).toBe(planned);
    await install([hub], modelFile('vxlan'));
    await mustIsland(hub, 'leave');
  },
);

const CONF = '/proc/sys/net/ipv4/conf';

/** Runs what is given while nobody can write below the folder of sysctls. */
async function whileReadOnly(host: LabHost, folder: string, work: () => Promise<void>): Promise<void> {
  await host.run(['mount', '--bind', folder, folder]);
  await host.run(['mount', '-o', 'remount,bind,ro', folder]);
  try {
    await work();
  } finally {
    await host.run(['umount', folder]);
  }
}

test.each([
  [CONF, /sysctl net\.ipv4\.conf\.isl-\S+\.forwarding: cannot write 1/],
  [`${CONF}/eth0`, /sysctl net\.ipv4\.conf\.eth0\.forwarding: cannot write 1/],
])('with %s read-only, join undoes what it did and names the sysctl', async (folder, words) => {
  const hub = lab.host('sopnode-l1');
  const bare = await stateOf(hub);
  await whileReadOnly(hub, folder, async () => {
    const { code, stderr } = await island(hub, 'join');
    expect({ code, stderr }).toEqual({ code: 71, stderr: expect.stringMatching(words) });
    expect(stderr).toContain(UNDONE);
  });
  expect(await stateOf(hub)).toEqual(bare);
  await mustIsland(hub, 'join');
  await mustIsland(hub, 'leave');
  expect(await stateOf(hub)).toEqual(bare);
});

test('a sysctl that leave cannot write back undoes the leave', async () => {
  const hub = lab.host('sopnode-l1');
  const bare = await stateOf(hub);
  await mustIsland(hub, 'join');
  const joined = await stateOf(hub);
  await whileReadOnly(hub, `${CONF}/eth0`, async () => {
    const { code, stderr } = await island(hub, 'leave');
    expect({ code, stderr }).toEqual({
      code: 71,
      stderr: expect.stringMatching(/sysctl net\.ipv4\.conf\.eth0\.forwarding: cannot write 0/),
    });
    expect(stderr).toContain(UNDONE);
  });
  expect(await stateOf(hub)).toEqual(joined);
  await mustIsland(hub, 'leave');
  expect(await stateOf(hub)).toEqual(bare);
});
