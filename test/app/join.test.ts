import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { plan } from '../../src/app/plan.ts';
import { status } from '../../src/app/status.ts';
import { commandsOf, effectsOf } from '../../src/plan/effect.ts';
import { fakeHost } from '../support/fake-host.ts';
import { file, hostOf, killedAfter, NAMES, name, SELF, stateOf, textOf } from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';

describe('join', () => {
  test.each(NAMES)('brings %s to what the file says, and running it again does nothing', async (self) => {
    const host = hostOf(self, modelFile('vxlan'));
    await join(host, {});
    expect((await plan(host, {})).steps).toEqual([]);
    const before = host.kernel.ran.length;
    await join(host, {});
    expect(host.kernel.ran.length).toBe(before);
  });

  test('runs exactly what plan printed', async () => {
    const host = hostOf('faraday', modelFile('ipip'));
    const { steps } = await plan(host, {});
    const said: string[] = [];
    await join(host, { onCommand: (command) => said.push(command) });
    expect(said).toEqual(effectsOf(steps).flatMap(commandsOf));
    expect(said.filter((command) => !command.startsWith('nft'))).toEqual(
      host.kernel.ran.filter((command) => !command.startsWith('nft')),
    );
  });

  test('from the state of any other file it converges', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, file, async (self, earlier, later) => {
        const configs = [{ path: '/etc/island/r2lab.yaml', text: textOf(earlier) }];
        const host = fakeHost({ hostname: self, configs, ...SELF[self] });
        await join(host, {});
        configs[0] = { path: '/etc/island/r2lab.yaml', text: textOf(later) };
        await join(host, {});
        expect((await plan(host, {})).steps).toEqual([]);
        expect((await status(host, {})).drift).toEqual([]);
      }),
    );
  });

  test('a step that fails undoes what this run did', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, file, fc.nat(40), async (self, earlier, later, count) => {
        const configs = [{ path: '/etc/island/r2lab.yaml', text: textOf(earlier) }];
        const host = fakeHost({ hostname: self, configs, ...SELF[self] });
        await join(host, {});
        configs[0] = { path: '/etc/island/r2lab.yaml', text: textOf(later) };
        const before = stateOf(host);
        const files = new Map(host.files);
        host.kernel.failOnce(count);
        const failure = await join(host, {}).catch((error: unknown) => error);
        if (!(failure instanceof Error)) return;
        expect(failure.message).toContain('everything that this run did is undone');
        expect(stateOf(host)).toEqual(before);
        expect(host.files).toEqual(files);
      }),
    );
  });

  test('a run that was killed after any command is finished by the next join, or undone by leave', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, fc.nat(40), fc.boolean(), async (self, wanted, count, finish) => {
        const host = hostOf(self, textOf(wanted));
        const bare = stateOf(host);
        await killedAfter(host, count, () => join(host, {}));
        if (finish) {
          await join(host, {});
          expect((await plan(host, {})).steps).toEqual([]);
        }
        await leave(host, {});
        expect(stateOf(host)).toEqual(bare);
        expect([...host.files.keys()]).toEqual([]);
      }),
    );
  });
});

describe('leave', () => {
  test('gives the host back, also when it was killed before', async () => {
    await fc.assert(
      fc.asyncProperty(name, file, fc.nat(40), async (self, joined, count) => {
        const host = hostOf(self, textOf(joined));
        const bare = stateOf(host);
        await join(host, {});
        await killedAfter(host, count, () => leave(host, {}));
        await leave(host, {});
        expect(stateOf(host)).toEqual(bare);
      }),
    );
  });

  test('leaves what others put beside the island', async () => {
    const host = hostOf('faraday', modelFile('vxlan'));
    await join(host, {});
    host.kernel.meddle('ip rule add pref 99 from 10.0.0.1 lookup 42 protocol 110');
    await leave(host, {});
    expect(host.kernel.observe().rules.map(({ priority }) => priority)).toContain(99);
  });
});
