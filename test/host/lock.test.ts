import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  asDaemon,
  daemonOf,
  exclusively,
  inTurn,
  isHeld,
  watcherOf,
  workersOf,
} from '../../src/host/lock.ts';

/** Locks are the machine's, and other runs of the tests may be under way. */
const ISLAND = `test-${process.pid}`;
const BUSY = { code: 'E_RETRY', message: `another island command is changing ${ISLAND} on this host` };

describe('while one command changes an island', () => {
  test('a second one is refused, and let in once the first has ended', async () => {
    const order: string[] = [];
    await exclusively(ISLAND, async () => {
      await expect(exclusively(ISLAND, () => Promise.resolve(order.push('second')))).rejects.toMatchObject(
        BUSY,
      );
      order.push('first');
    });
    expect(await exclusively(ISLAND, () => Promise.resolve('third'))).toBe('third');
    expect(order).toEqual(['first']);
  });

  test('another island is not in its way', async () => {
    const both = exclusively(ISLAND, () => exclusively(`${ISLAND}-other`, () => Promise.resolve('both')));
    expect(await both).toBe('both');
  });

  test('only one of many that start at once gets in', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const runs = Array.from({ length: 20 }, () => exclusively(ISLAND, () => held));
    const refused = runs.map((run) =>
      run.then(
        () => false,
        () => true,
      ),
    );
    const first = await Promise.race(refused);
    release();
    expect(first).toBe(true);
    expect((await Promise.all(refused)).filter((was) => !was).length).toBe(1);
  });
});

test('anybody can see whether a lock is held, and the one of the watcher is another', async () => {
  expect(await isHeld(ISLAND)).toBe(false);
  await exclusively(ISLAND, async () => {
    expect([await isHeld(ISLAND), await isHeld(watcherOf(ISLAND))]).toEqual([true, false]);
    await exclusively(watcherOf(ISLAND), () => Promise.resolve());
  });
  expect(await isHeld(ISLAND)).toBe(false);
});

test('a command that fails lets the next one in, and its error through', async () => {
  await expect(exclusively(ISLAND, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  expect(await exclusively(ISLAND, () => Promise.resolve(1))).toBe(1);
});

test('a process that is killed leaves no lock behind', async () => {
  const script = `require('node:net').createServer().listen('\\0island/${ISLAND}', () => console.log('held'))`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await expect(exclusively(ISLAND, () => Promise.resolve())).rejects.toMatchObject(BUSY);
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
  expect(await exclusively(ISLAND, () => Promise.resolve('free'))).toBe('free');
});

test('who connects to the lock is sent away, and does not keep the command from ending', async () => {
  await exclusively(ISLAND, async () => {
    const visitor = connect(`\0island/${ISLAND}`).resume();
    await once(visitor, 'close');
  });
});

describe('where a daemon runs', () => {
  test('a command waits for what it does, instead of failing', async () => {
    await asDaemon(ISLAND, async () => {
      const repair = exclusively(ISLAND, () => delay(200));
      await delay(20);
      expect(await exclusively(ISLAND, () => Promise.resolve('after it'))).toBe('after it');
      await repair;
    });
  });

  test('a second one is refused, and a command runs beside it', async () => {
    await asDaemon(ISLAND, async () => {
      expect(await isHeld(daemonOf(ISLAND))).toBe(true);
      await expect(asDaemon(ISLAND, () => Promise.resolve())).rejects.toMatchObject({
        code: 'E_RETRY',
        message: `another "island serve" runs for ${ISLAND} on this host`,
      });
      expect(await exclusively(ISLAND, () => Promise.resolve('beside it'))).toBe('beside it');
    });
  });
});

describe('what a hub hands out is changed in turn', () => {
  test('however many want to, one at a time, and nobody is sent away', async () => {
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 20 }, (_, index) =>
      inTurn(ISLAND, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await delay(2);
        inside -= 1;
        return index;
      }),
    );
    expect(await Promise.all(turns)).toEqual(turns.map((_, index) => index));
    expect(most).toBe(1);
  });

  test('while another command changes the kernel', async () => {
    expect(await exclusively(ISLAND, () => inTurn(ISLAND, () => Promise.resolve('both')))).toBe('both');
  });

  test('and who waits for too long is told for whom', async () => {
    await inTurn(ISLAND, async () => {
      expect(await isHeld(workersOf(ISLAND))).toBe(true);
      const started = performance.now();
      await expect(inTurn(ISLAND, () => Promise.resolve(), { waitMs: 100 })).rejects.toMatchObject({
        code: 'E_RETRY',
        message: `another island command is changing the workers of ${ISLAND} on this host`,
        hint: `wait for it; "ss -lxp | grep island/${ISLAND}/workers" shows its process`,
      });
      expect(performance.now() - started).toBeGreaterThan(100);
    });
    expect(await inTurn(ISLAND, () => Promise.resolve('free'))).toBe('free');
  });

  test('and the error of one is its own', async () => {
    await expect(inTurn(ISLAND, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await inTurn(ISLAND, () => Promise.resolve('free'))).toBe('free');
  });
});
