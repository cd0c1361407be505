import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FAULTY, installFault, removeFaults } from '../support/faults.ts';
import { ISLAND, install, island, joinAll, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { type State, stateOf } from '../support/state.ts';

/** Another file of the same island: what it makes of faraday differs in every kind of thing. */
const OTHER = `mtu: 1400\n${modelFile('vxlan', '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n')}`;

let lab: Lab;
let faraday: LabHost;
let bare: State;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [2], clusterHosts: 0, pdu: false }));
  faraday = lab.host('faraday');
  // So that its answer need not be waited for in vain.
  await joinAll([lab.host('sopnode-l1')], modelFile('vxlan'));
  // So that a join has something to switch on, and to switch off again.
  await faraday.run(['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward']);
});
afterAll(() => lab?.close());

beforeEach(async () => {
  await install([faraday], modelFile('vxlan'));
  await island(faraday, 'leave');
  await noWatcher();
  bare = await allOf();
});

const allOf = () => stateOf(faraday);

interface Waiting {
  readonly leftMs: number;
  readonly watched: boolean;
}

/** What status says of the join that waits to be confirmed; null when none does. */
async function pendingNow(): Promise<Waiting | null> {
  return JSON.parse((await island(faraday, 'status', '--json')).stdout).pending;
}

/** Waits until nothing is pending: the watcher has done its work, or there was none to do. */
async function settled(): Promise<void> {
  const wait = async () => expect(await pendingNow(), 'the time passes, and the join is undone').toBeNull();
  await vi.waitFor(wait, { timeout: 20_000, interval: 200 });
}

/** The processes that would undo a join. */
async function watchers(): Promise<readonly string[]> {
  const { stdout } = await faraday.exec(['pgrep', '-f', `^${process.execPath} ${ISLAND} revert -i`]);
  return stdout.split('\n').filter(Boolean);
}

async function killWatcher(): Promise<void> {
  const [pid = '', ...more] = await watchers();
  expect([/^\d+$/.test(pid), more]).toEqual([true, []]);
  await faraday.run(['kill', '-KILL', pid]);
}

async function noWatcher(): Promise<void> {
  const ended = async () => expect(await watchers(), 'the watcher ends by itself').toEqual([]);
  await vi.waitFor(ended, { timeout: 10_000, interval: 100 });
}

async function isAsTheFileSays(): Promise<boolean> {
  return (await island(faraday, 'plan', '--exit-code')).code === 0;
}

describe('a join that nobody confirms is undone, and leaves neither file nor process,', () => {
  test('when the whole session that started it is hung up and killed', async () => {
    // As sshd opens one; its leader waits behind the join.
    const script = 'echo leader $$; "$0" "$1" join --confirm-within 5s; echo joined; sleep 60';
    const words = ['sh', '-c', script, process.execPath, ISLAND];
    const session = faraday.start(['setsid', '--wait', ...words]);
    await session.outputMatching(/joined/, 20_000);
    const [, leader = ''] = /leader (\d+)/.exec(session.output()) ?? [];
    for (const signal of ['-HUP', '-KILL']) await faraday.exec(['pkill', signal, '--session', leader]);
    await session.exited;

    expect(await pendingNow()).toMatchObject({ watched: true });
    expect(await isAsTheFileSays()).toBe(true);
    await settled();
    expect(await allOf()).toEqual(bare);
    await noWatcher();
    expect(await island(faraday, 'confirm')).toMatchObject({
      ...{ code: 1, stdout: expect.stringContaining('no join waits to be confirmed') },
    });
  });

  test('when it was itself killed half-way', async () => {
    await installFault(faraday, { tool: 'ip', lines: 4, act: 'kill island' });
    const words = [process.execPath, ISLAND, 'join', '--confirm-within', '2s'];
    expect((await faraday.exec(words, { env: FAULTY })).code).not.toBe(0);
    await removeFaults(faraday);
    await settled();
    expect(await allOf()).toEqual(bare);
  });

  test('when the clock of the host jumps meanwhile', async () => {
    // Nobody has a clock of his own in a namespace: what Node would read of it stands in, a year ahead after 1 s.
    const jump =
      'const now = Date.now, start = now(); Date.now = () => now() + (now() - start > 1000) * 3e10;';
    await faraday.writeFile('/run/jump.cjs', jump);
    const env = { NODE_OPTIONS: '--require=/run/jump.cjs' };
    const started = performance.now();
    const words = [process.execPath, ISLAND, 'join', '--confirm-within', '3s'];
    expect((await faraday.exec(words, { env })).code).toBe(0);
    await settled();
    expect(performance.now() - started).toBeGreaterThan(3000);
    expect(await allOf()).toEqual(bare);
  });

  test('to what the island was before, when the host had joined already', async () => {
    await mustIsland(faraday, 'join');
    const joined = await allOf();
    await install([faraday], OTHER);
    await mustIsland(faraday, 'join', '--confirm-within', '3s');
    expect(await allOf()).not.toEqual(joined);
    await settled();
    expect(await allOf()).toEqual(joined);
    expect(await isAsTheFileSays()).toBe(false);
  });
});

describe('a join that is confirmed', () => {
  test('stays, and nothing waits any more', async () => {
    const joined = await island(faraday, 'join', '--confirm-within', '60s', '--json');
    expect(JSON.parse(joined.stdout).pending).toEqual({ leftMs: expect.any(Number), watched: true });
    expect(joined.stderr).toMatch(/undone in \d\d s unless "island confirm" comes first/);
    expect(JSON.parse(await mustIsland(faraday, 'confirm', '--json'))).toEqual({
      ...{ schemaVersion: 1, confirmed: { island: 'r2lab', leftMs: expect.any(Number) } },
    });
    await noWatcher();
    expect(await isAsTheFileSays()).toBe(true);
    expect(await faraday.run(['ls', '/run/island/r2lab'])).toBe('sysctls.json\n');
  });
});

describe('while a join waits,', () => {
  test('another join may give it more time, and both are undone at once', async () => {
    await mustIsland(faraday, 'join', '--confirm-within', '2s');
    await install([faraday], OTHER);
    await mustIsland(faraday, 'join', '--confirm-within', '5s');
    expect(await watchers()).toHaveLength(1);
    // The first one's time passes.
    await faraday.run(['sleep', '2']);
    expect(await isAsTheFileSays()).toBe(true);
    await settled();
    expect(await allOf()).toEqual(bare);
  });

  test('leave ends it', async () => {
    await mustIsland(faraday, 'join', '--confirm-within', '1h');
    await mustIsland(faraday, 'leave');
    expect(await allOf()).toEqual(bare);
    await noWatcher();
  });

  test('Ctrl-C in the middle of it undoes it at once', async () => {
    await installFault(faraday, { tool: 'nft', lines: 0, act: 'wait' });
    const words = [process.execPath, ISLAND, 'join', '--confirm-within', '1h'];
    const run = faraday.start(words, { env: FAULTY });
    await vi.waitFor(() => faraday.run(['test', '-e', '/run/faults/waiting']), { timeout: 20_000 });
    expect(await pendingNow()).toMatchObject({ watched: true });
    run.signal('SIGINT');
    await run.outputMatching(/stopping/);
    await faraday.run(['rm', '/run/faults/waiting']);
    expect(await run.exited).toBe(75);
    await removeFaults(faraday);
    expect(await allOf()).toEqual(bare);
    await noWatcher();
  });
});

describe('when the watcher is killed with kill -9,', () => {
  test('status says so, and join has it watched again', async () => {
    await mustIsland(faraday, 'join', '--confirm-within', '1h');
    await killWatcher();
    expect((await island(faraday, 'status')).stdout).toContain('the process that would undo it has gone');
    await mustIsland(faraday, 'join');
    expect(await pendingNow()).toMatchObject({ watched: true });
    await mustIsland(faraday, 'join', '--confirm-within', '1s');
    await settled();
    expect(await allOf()).toEqual(bare);
  });

  test('and the time is over, status says so, and join undoes first what nobody undid', async () => {
    await install([faraday], OTHER);
    await mustIsland(faraday, 'join', '--confirm-within', '1s');
    await killWatcher();
    const isOver = async () => expect((await pendingNow())?.leftMs).toBeLessThan(0);
    await vi.waitFor(isOver, { timeout: 5000, interval: 100 });
    expect((await island(faraday, 'status')).stdout).toContain('and nobody undid it');
    await install([faraday], modelFile('vxlan'));
    expect((await island(faraday, 'join')).stderr).toContain('the last join was not confirmed in time');
    expect([await isAsTheFileSays(), await pendingNow()]).toEqual([true, null]);
    await mustIsland(faraday, 'leave');
    expect(await allOf()).toEqual(bare);
  });

  test.each([
    ['confirm keeps it', 'confirm', true],
    ['leave removes it', 'leave', false],
  ])('and the time is over, %s', async (_, verb, stays) => {
    await mustIsland(faraday, 'join', '--confirm-within', '1s');
    await killWatcher();
    await faraday.run(['sleep', '1']);
    await mustIsland(faraday, verb);
    expect([await isAsTheFileSays(), await pendingNow()]).toEqual([stays, null]);
    if (!stays) expect(await allOf()).toEqual(bare);
  });
});
