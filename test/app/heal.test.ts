import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Healed, heal } from '../../src/app/heal.ts';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import type { FakeHost } from '../support/fake-host.ts';
import {
  file,
  hostOf,
  hostWithFile,
  killedAfter,
  NAMES,
  name,
  stateOf,
  textOf,
} from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';

const TEXT = modelFile('vxlan');
const FIRST = { kept: undefined, joins: true };

/** As a daemon does it that has healed before. */
function again(host: FakeHost, before: Healed): Promise<Healed> {
  return heal(host, { kept: before.island, joins: false });
}

describe('to heal', () => {
  test.each(NAMES)('joins %s at first, and then runs nothing and writes nothing', async (self) => {
    const [host, joined] = [hostOf(self, TEXT), hostOf(self, TEXT)];
    await join(joined, {});
    const first = await heal(host, FIRST);
    expect(first).toMatchObject({ state: 'kept', repaired: expect.arrayContaining([expect.any(String)]) });
    expect([stateOf(host), host.files]).toEqual([stateOf(joined), joined.files]);
    const { length } = host.kernel.ran;
    // Whatever is written would be refused.
    const frozen = { ...host, exclusively: () => Promise.reject(new Error('no lock is needed')) };
    expect(await again(frozen, first)).toMatchObject({ state: 'kept', repaired: [] });
    expect(host.kernel.ran.length).toBe(length);
  });

  test('brings back what join made, from wherever a join with another file was killed', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, file, fc.nat(40), async (self, mine, other, count) => {
        const { host, edit } = hostWithFile(self, textOf(mine));
        const first = await heal(host, FIRST);
        const before = stateOf(host);
        edit(textOf(other));
        await killedAfter(host, count, () => join(host, {}));
        edit(textOf(mine));
        await again(host, first);
        expect(stateOf(host)).toEqual(before);
      }),
    );
  });

  test('leaves a host alone that has left, until it has joined again', async () => {
    const host = hostOf('faraday', TEXT);
    const first = await heal(host, FIRST);
    await leave(host, {});
    const before = stateOf(host);
    expect(await again(host, first)).toMatchObject({ state: 'left' });
    expect(stateOf(host)).toEqual(before);
    await join(host, {});
    expect(await again(host, first)).toMatchObject({ state: 'kept', repaired: [] });
  });

  test('leaves a host alone while a join waits to be confirmed, and undoes one that nobody else undoes', async () => {
    const { host, edit } = hostWithFile('faraday', TEXT);
    const first = await heal(host, FIRST);
    const before = stateOf(host);
    edit(`mtu: 1400\n${TEXT}`);
    await join(host, { confirmWithinMs: 60_000 });
    const joined = stateOf(host);
    expect(await again(host, first)).toMatchObject({ state: 'pending' });
    host.uptimeMs += 61_000;
    expect(await again(host, first)).toMatchObject({ state: 'pending' });
    expect(stateOf(host)).toEqual(joined);
    host.watched.clear();
    expect(await again(host, first)).toMatchObject({ state: 'kept', unused: expect.any(String) });
    expect(stateOf(host)).toEqual(before);
  });

  test('goes by an edited file only once somebody has joined with it', async () => {
    const { host, edit } = hostWithFile('faraday', TEXT);
    const first = await heal(host, FIRST);
    const before = stateOf(host);
    edit(`mtu: 1400\n${TEXT}`);
    const second = await again(host, first);
    expect(second).toMatchObject({
      unused: 'the file has changed; "systemctl reload" or "island join" brings this host to it',
    });
    expect(stateOf(host)).toEqual(before);
    await join(host, {});
    const third = await again(host, second);
    expect(third).toMatchObject({ repaired: [], unused: undefined });
    expect(third.island).not.toEqual(first.island);
    edit('island: r2lab\n');
    expect(await again(host, third)).toMatchObject({ repaired: [], unused: expect.stringMatching(/^\/etc/) });
  });

  test('is not in the way of another command, nor refused by one', async () => {
    const host = hostOf('faraday', TEXT);
    await host.exclusively('r2lab', async () => {
      expect(await heal(host, FIRST)).toMatchObject({ state: 'busy' });
    });
    expect(host.kernel.ran).toEqual([]);
  });
});
