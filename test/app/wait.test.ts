import { describe, expect, test } from 'vitest';
import type { Joined, JoinOptions } from '../../src/app/join.ts';
import { joinInTime } from '../../src/app/wait.ts';
import { loadIsland } from '../../src/config/load.ts';
import { IslandError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { modelFile } from '../support/island.ts';

const island = loadIsland(modelFile('vxlan'), 'r2lab.yaml');
const DOWN = new IslandError('E_RETRY', 'the link eth0 is down');

function joinedAs(role: string, ms: number | undefined, pending?: object): Joined {
  const reached = [{ end: island.hub, link: undefined, ms }];
  return { scene: { island, place: { role } }, reached, pending } as unknown as Joined;
}

type Outcome = Joined | IslandError | 'asks';

/** What each try comes to, the last one over and over, on a host whose clock the pauses move on. */
function waiting(outcomes: readonly Outcome[], options: Partial<JoinOptions> = {}) {
  const told: string[] = [];
  let [now, tries] = [0, 0];
  const join = async (_: Host, { ask }: JoinOptions): Promise<Joined> => {
    const outcome = outcomes[Math.min(tries, outcomes.length - 1)];
    tries += 1;
    if (outcome === 'asks' && (await ask?.('?')) === false) throw new IslandError('E_RETRY', 'no');
    if (outcome instanceof IslandError || typeof outcome !== 'object') throw outcome;
    return outcome;
  };
  const done = joinInTime({ now: () => now } as Host, join, {
    ...{ waitMs: 30_000, say: (text: string) => void told.push(text), ...options },
    pause: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  });
  return { done, told, tries: () => tries, now: () => now };
}

describe('a join that waits', () => {
  test('joins as soon as it can, and says once what it waits for', async () => {
    const there = joinedAs('peer', 1);
    const { done, told } = waiting([DOWN, DOWN, DOWN, joinedAs('peer', undefined), there]);
    expect(await done).toBe(there);
    expect(told).toEqual([
      'waiting: the link eth0 is down',
      'waiting: the hub sopnode-l1 does not answer at 10.3.1.2',
    ]);
  });

  test('gives up in time, with what is missing', async () => {
    const { done, now, tries } = waiting([DOWN]);
    await expect(done).rejects.toBe(DOWN);
    expect(now()).toBeGreaterThan(25_000);
    expect(now()).toBeLessThanOrEqual(30_000);
    expect(tries()).toBeLessThan(30);
  });

  test('with a silent hub is a join for a peer and a member, but not yet for a worker', async () => {
    for (const role of ['peer', 'member']) {
      const silent = joinedAs(role, undefined);
      const { done, now } = waiting([silent]);
      expect(await done).toBe(silent);
      expect(now()).toBeLessThan(6000);
    }
    await expect(waiting([joinedAs('worker', undefined)]).done).rejects.toMatchObject({
      ...{ code: 'E_RETRY', message: expect.stringContaining('does not answer at 10.3.1.2') },
    });
  });

  test('does not keep a hub waiting for its peers, nor who has to confirm', async () => {
    for (const joined of [joinedAs('hub', undefined), joinedAs('peer', undefined, { leftMs: 1 })]) {
      const { done, now } = waiting([joined]);
      expect([await done, now()]).toEqual([joined, 0]);
    }
  });

  test('ends at once for what waiting does not cure, and when the operator says no or stops it', async () => {
    const wrong = new IslandError('E_CONFIG', 'hub: 7');
    await expect(waiting([wrong]).done).rejects.toBe(wrong);
    const declined = waiting(['asks'], { ask: () => Promise.resolve(false) });
    await expect(declined.done).rejects.toMatchObject({ message: 'no' });
    const stopped = waiting([DOWN], { interrupted: () => true });
    await expect(stopped.done).rejects.toBe(DOWN);
    expect([declined.tries(), stopped.tries(), stopped.now()]).toEqual([1, 1, 0]);
  });
});
