import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirm } from '../../src/app/confirm.ts';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { plan } from '../../src/app/plan.ts';
import { watch } from '../../src/app/revert.ts';
import { status } from '../../src/app/status.ts';
import { IslandError } from '../../src/errors.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import {
  file,
  hostOf,
  hostWithFile,
  killedAfter,
  name,
  SELF,
  stateOf,
  textOf,
} from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';

const MINUTE = { confirmWithinMs: 60_000 };
const FIRST = modelFile('vxlan');
const SECOND = `mtu: 1400\n${modelFile('ipip')}`;

/** A watcher never gives up; a test does. */
const TOO_LONG_MS = 3_600_000;

/** Runs the watcher to its end; time passes only while it waits. `during` is what happens in between. */
async function watched(host: FakeHost, during: (waitedMs: number) => unknown = () => undefined) {
  const started = host.uptimeMs;
  const said: string[] = [];
  await watch(host, 'r2lab', {
    interrupted: () => host.uptimeMs - started > TOO_LONG_MS,
    say: (text) => said.push(text),
    pause: async (ms) => {
      host.uptimeMs += ms;
      await during(host.uptimeMs - started);
    },
  });
  return { waitedMs: host.uptimeMs - started, said };
}

async function pendingOn(host: FakeHost) {
  return (await status(host, {})).pending;
}

function allOf(host: FakeHost) {
  return { state: stateOf(host), files: new Map(host.files) };
}

/** But for what the file meant: a join that has nothing to do is over at once, and nothing of it is to be undone. */
function allButMeaning(host: FakeHost) {
  const { state, files } = allOf(host);
  return { state, files: [...files].map(([path, text]) => [path, text.replace(/,\s*"meaning": "\w*"/, '')]) };
}

describe('a join with a time limit', () => {
  test('is undone to what was there before, whatever that was and whatever it did', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, file, fc.boolean(), async (self, earlier, later, wasJoined) => {
        const { host, edit } = hostWithFile(self, textOf(earlier));
        if (wasJoined) await join(host, {});
        const [before, asJoined] = [allOf(host), allButMeaning(host)];
        edit(textOf(later));
        await join(host, MINUTE);
        const { waitedMs } = await watched(host);
        expect(allButMeaning(host)).toEqual(asJoined);
        if (waitedMs > 0) expect(allOf(host)).toEqual(before);
        expect([0, 60_000]).toContain(waitedMs);
      }),
    );
  });

  test('is undone as well when it was killed after any command', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, file, fc.nat(40), async (self, earlier, later, count) => {
        const { host, edit } = hostWithFile(self, textOf(earlier));
        await join(host, {});
        edit(textOf(later));
        const all = (await plan(host, {})).steps.length > 0 ? allOf : allButMeaning;
        const before = all(host);
        await killedAfter(host, count, () => join(host, MINUTE));
        await watched(host);
        expect(all(host)).toEqual(before);
      }),
    );
  });

  test('stays when it is confirmed, and the watcher ends within a second', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    const joined = stateOf(host);
    const { waitedMs, said } = await watched(host, (ms) => ms === 20_000 && confirm(host));
    expect({ waitedMs, said }).toEqual({ waitedMs: 20_000, said: [] });
    expect(stateOf(host)).toEqual(joined);
    expect([...host.files.keys()].toSorted()).toEqual(['r2lab/joined', 'r2lab/sysctls']);
  });

  test('is said to wait by join and by status, with the time that is left', async () => {
    const host = hostOf('faraday', FIRST);
    expect((await join(host, MINUTE)).pending).toEqual({ leftMs: 60_000, watched: true });
    host.uptimeMs += 18_000;
    expect(await pendingOn(host)).toEqual({ leftMs: 42_000, watched: true });
    expect(await confirm(host)).toEqual({ island: 'r2lab', leftMs: 42_000 });
    expect(await pendingOn(host)).toBeUndefined();
  });

  test('waits for nothing when there was nothing to do', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, {});
    expect((await join(host, MINUTE)).pending).toBeUndefined();
    expect([host.watched.size, [...host.files.keys()].includes('r2lab/before')]).toEqual([0, false]);
  });

  test('that fails is undone at once, and nothing waits any more', async () => {
    await fc.assert(
      fc.asyncProperty(name, fc.nat(40), async (self, count) => {
        const host = hostOf(self, FIRST);
        const before = allOf(host);
        host.kernel.failOnce(count);
        const failure = await join(host, MINUTE).catch((error: unknown) => error);
        if (failure instanceof IslandError) expect(allOf(host)).toEqual(before);
      }),
    );
  });

  test('that fails, and cannot be undone either, still waits, and the watcher undoes it', async () => {
    const host = hostOf('faraday', FIRST);
    const before = allOf(host);
    host.kernel.failAfter(3);
    await expect(join(host, MINUTE)).rejects.toThrow('the undo failed as well');
    host.kernel.heal();
    await watched(host);
    expect(allOf(host)).toEqual(before);
  });

  test('does nothing at all when nobody would undo it', async () => {
    const host = hostOf('faraday', FIRST);
    const before = allOf(host);
    host.watcher.start = () => Promise.reject(new IslandError('E_APPLY', 'does not start'));
    await expect(join(host, MINUTE)).rejects.toThrow('does not start');
    expect([host.kernel.ran, allOf(host)]).toEqual([[], before]);
  });

  test('leaves forwarding alone when somebody switched it as a whole in between', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    for (const link of ['all', 'internet', 'control', 'data']) {
      host.kernel.perform({ tool: 'sysctl', key: `net.ipv4.conf.${link}.forwarding`, value: '1' });
    }
    await watched(host);
    expect(host.kernel.observe().forwarding.get('control')).toBe('1');
    expect((await status(host, {})).absent).toBe(true);
  });

  test('is undone also when a link of the host has gone meanwhile', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    host.kernel.meddle('ip link delete dev data');
    await watched(host);
    expect((await host.joinedIslands()).length).toBe(0);
    expect(host.kernel.observe().links.map(({ name: link }) => link)).toEqual(['internet', 'control']);
  });
});

/** Others' link for ipip packets, up though nobody uses it, as "modprobe ipip" and a hand may leave it. */
describe('the fallback link, which join sets down', () => {
  // A stand-in for the kernel: most machines that run this have no ipip.
  function hostWithFallback(): FakeHost {
    const { links, routes } = SELF.faraday;
    const configs = [{ path: '/etc/island/r2lab.yaml', text: modelFile('ipip') }];
    return fakeHost({
      ...{ hostname: 'faraday', configs, routes },
      links: { ...links, tunl0: { addresses: [], kind: 'ipip' } },
    });
  }

  function isUp(host: FakeHost): boolean | undefined {
    return host.kernel.observe().links.find(({ name: link }) => link === 'tunl0')?.up;
  }

  test('is up again when nobody confirms', async () => {
    const host = hostWithFallback();
    const before = allOf(host);
    await join(host, MINUTE);
    expect(isUp(host)).toBe(false);
    await watched(host);
    expect(isUp(host)).toBe(true);
    expect(allOf(host)).toEqual(before);
  });

  test('stays down after a confirmation, and leave sets it up', async () => {
    const host = hostWithFallback();
    await join(host, MINUTE);
    await confirm(host);
    await watched(host);
    expect(isUp(host)).toBe(false);
    await leave(host, {});
    expect(isUp(host)).toBe(true);
  });

  test('stays as somebody has taken it into use meanwhile', async () => {
    const host = hostWithFallback();
    host.kernel.meddle('ip link set dev tunl0 down');
    await join(host, MINUTE);
    host.kernel.meddle('ip link set dev tunl0 up');
    host.kernel.meddle('ip address replace 10.244.0.1/32 dev tunl0');
    await watched(host);
    expect(isUp(host)).toBe(true);
  });

  test('may have gone with its module: the rest is undone', async () => {
    const host = hostWithFallback();
    await join(host, MINUTE);
    host.kernel.meddle('ip link delete dev tunl0');
    const { said } = await watched(host);
    expect(said).toEqual(['nobody confirmed the join of r2lab: it is undone']);
    expect((await status(host, {})).absent).toBe(true);
  });
});

describe('a second join while the first one waits', () => {
  test('with a limit of its own has that, and what counts as before stays what the first one found', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, file, async (self, earlier, later) => {
        const { host, edit } = hostWithFile(self, textOf(earlier));
        const before = allOf(host);
        await join(host, MINUTE);
        if ((await pendingOn(host)) === undefined) return;
        host.uptimeMs += 50_000;
        edit(textOf(later));
        await join(host, { confirmWithinMs: 300_000 });
        expect((await watched(host)).waitedMs).toBe(300_000);
        expect(allOf(host)).toEqual(before);
      }),
    );
  });

  test('without one changes nothing about it', async () => {
    const { host, edit } = hostWithFile('faraday', FIRST);
    const before = allOf(host);
    await join(host, MINUTE);
    host.uptimeMs += 10_000;
    edit(SECOND);
    expect((await join(host, {})).pending).toEqual({ leftMs: 50_000, watched: true });
    expect((await plan(host, {})).steps).toEqual([]);
    await watched(host);
    expect(allOf(host)).toEqual(before);
  });

  test('may be under another port: what both have made is undone', async () => {
    const { host, edit } = hostWithFile('faraday', FIRST);
    const before = allOf(host);
    await join(host, MINUTE);
    edit(`port: 20000\n${SECOND}`);
    await join(host, {});
    await watched(host);
    expect(allOf(host)).toEqual(before);
  });

  test('that fails leaves the first one waiting as it was', async () => {
    const { host, edit } = hostWithFile('faraday', FIRST);
    await join(host, MINUTE);
    const first = allOf(host);
    edit(SECOND);
    host.kernel.failOnce(2);
    await expect(join(host, { confirmWithinMs: 300_000 })).rejects.toThrow('is undone');
    expect(allOf(host)).toEqual(first);
  });

  test('has it watched again, when the watcher was killed', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    host.watched.clear();
    expect(await pendingOn(host)).toEqual({ leftMs: 60_000, watched: false });
    await join(host, {});
    expect(await pendingOn(host)).toEqual({ leftMs: 60_000, watched: true });
  });

  test('undoes the first one before anything else, when its time is over and nobody did', async () => {
    const { host, edit } = hostWithFile('faraday', FIRST);
    await join(host, MINUTE);
    host.watched.clear();
    host.uptimeMs += 61_000;
    edit(SECOND);
    const said: string[] = [];
    const { pending } = await join(host, { say: (text) => said.push(text) });
    expect(pending).toBeUndefined();
    expect(said).toEqual([expect.stringContaining('was not confirmed in time')]);
    expect((await plan(host, {})).steps).toEqual([]);
    expect(host.files.has('r2lab/before')).toBe(false);
  });
});

describe('leave while a join waits', () => {
  test.each([0, 61_000])('cancels it, %i ms later', async (ms) => {
    const host = hostOf('faraday', FIRST);
    const before = allOf(host);
    await join(host, MINUTE);
    host.uptimeMs += ms;
    await leave(host, {});
    expect(allOf(host)).toEqual(before);
    expect((await watched(host)).waitedMs).toBe(0);
    expect(allOf(host)).toEqual(before);
  });

  test('that fails leaves it waiting', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    const joined = allOf(host);
    host.kernel.failOnce(1);
    await expect(leave(host, {})).rejects.toThrow('is undone');
    expect(allOf(host)).toEqual(joined);
  });
});

describe('the watcher', () => {
  test('does not give up: not when another command is in the way, and not when the undo fails', async () => {
    const host = hostOf('faraday', FIRST);
    const before = allOf(host);
    await join(host, MINUTE);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const busy = host.exclusively('r2lab', () => held);
    const { waitedMs, said } = await watched(host, async (ms) => {
      if (ms === 64_000) {
        release();
        await busy;
        host.kernel.failOnce(0);
      }
    });
    expect(waitedMs).toBe(66_000);
    expect(said).toEqual([
      ...Array.from({ length: 2 }, () =>
        expect.stringMatching(/^cannot undo .* yet: another island command/),
      ),
      expect.stringMatching(/^cannot undo .* yet: the kernel refuses/),
      'nobody confirmed the join of r2lab: it is undone',
    ]);
    expect(allOf(host)).toEqual(before);
  });

  test('takes a join that was begun while it ended as its own', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    const { run } = host.watcher;
    let rounds = 0;
    host.watcher.run = async (island, work) => {
      rounds += 1;
      const result = await run(island, work);
      // It has seen that nothing waits, and another join has found it there.
      if (rounds === 1) {
        await leave(host, {});
        host.watched.add(island);
        await join(host, MINUTE);
      }
      return result;
    };
    await watched(host, (ms) => ms === 1000 && confirm(host));
    expect(rounds).toBe(2);
    expect((await status(host, {})).absent).toBe(true);
  });

  test('ends without a word when it is asked to', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    await watch(host, 'r2lab', { interrupted: () => true });
    expect(await pendingOn(host)).toEqual({ leftMs: 60_000, watched: false });
  });
});

describe('confirm', () => {
  test('has nothing to say to where no join waits', async () => {
    const host = hostOf('faraday', FIRST);
    expect(await confirm(host)).toBeUndefined();
    expect(await confirm(host, 'r2lab')).toBeUndefined();
    await join(host, {});
    expect(await confirm(host)).toBeUndefined();
  });

  test('counts as long as nothing was undone', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    host.uptimeMs += 60_500;
    expect(await confirm(host)).toEqual({ island: 'r2lab', leftMs: -500 });
  });

  test('asks which one, when several wait', async () => {
    const host = hostOf('faraday', FIRST);
    await join(host, MINUTE);
    host.files.set('other/confirm', '{"deadlineMs":1}');
    await expect(confirm(host)).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: 'say which with -i, such as "-i r2lab"',
    });
    expect(await confirm(host, 'other')).toEqual({ island: 'other', leftMs: 1 });
  });

  test('is for root', async () => {
    const host = fakeHost({ hostname: 'faraday', isRoot: false, links: {} });
    await expect(confirm(host)).rejects.toMatchObject({ code: 'E_PERMISSION', hint: 'sudo island confirm' });
  });
});
