import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ISLAND, install, island, modelFile } from '../support/island.ts';
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
  await install([faraday], modelFile('vxlan'));
  await island(faraday, 'leave');
  bare = await dump(faraday);
});

/** What status says of the join that waits to be confirmed; null when none does. */
async function pendingNow(): Promise<{ readonly leftMs: number; readonly watched: boolean } | null> {
  return JSON.parse((await island(faraday, 'status', '--json')).stdout).pending;
}

/** Waits until nothing is pending: the watcher has done its work, or there was none to do. */
async function settled(what: string, timeout = 15_000): Promise<void> {
  await vi.waitFor(async () => expect(await pendingNow(), what).toBeNull(), { timeout, interval: 200 });
}

/** The processes that would undo a join. */
async function watchers(): Promise<readonly string[]> {
  const { stdout } = await faraday.exec(['pgrep', '-f', `^${process.execPath} ${ISLAND} revert -i`]);
  return stdout.split('\n').filter(Boolean);
}

async function noWatcher(): Promise<void> {
  const ended = async () => expect(await watchers(), 'the watcher ends by itself').toEqual([]);
  await vi.waitFor(ended, { timeout: 10_000, interval: 100 });
}

describe('a join that nobody confirms', () => {
  test('is undone, also when the whole session that started it is killed', async () => {
    // A session of its own, as sshd opens it, whose leader waits behind the join until it is killed.
    const script = `"$0" "$1" join --confirm-within 4s; echo joined; sleep 60`;
    const session = faraday.start([
      'setsid',
      '--wait',
      'sh',
      '-c',
      `echo leader $$; ${script}`,
      process.execPath,
      ISLAND,
    ]);
    await session.outputMatching(/joined/, 20_000);
    const [, leader = ''] = /leader (\d+)/.exec(session.output()) ?? [];
    await faraday.run(['kill', '-KILL', '--', `-${leader}`]);
    await session.exited;

    expect(await pendingNow()).toMatchObject({ watched: true });
    expect((await island(faraday, 'plan', '--exit-code')).code).toBe(0);
    await settled('the deadline passes, and the join is undone');
    expect(await dump(faraday)).toEqual(bare);
    await noWatcher();
  });
});
