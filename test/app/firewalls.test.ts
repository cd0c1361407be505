import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { plan } from '../../src/app/plan.ts';
import { status } from '../../src/app/status.ts';
import { restorable } from '../../src/plan/before.ts';
import type { Firewall } from '../../src/plan/firewall.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { file, killedAfter, name, SELF, stateOf, textOf } from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';
import { chain, DROP, filterTable, jump, rule } from '../support/rulesets.ts';

const DOCKER = filterTable({ forward: [rule(jump('DOCKER-USER'))], chains: [chain('DOCKER-USER', [])] });
const FIREWALLD: Firewall = {
  ...{ tool: 'nft', family: 'inet', table: 'firewalld', access: 'open' },
  chains: [
    { name: 'filter_FORWARD', hook: 'forward', policy: 'accept', rules: [{ ...rule(DROP), handle: 7 }] },
  ],
};
const LEGACY = filterTable({ tool: 'iptables-legacy' });

/** What others have loaded on a host, reloaded by whoever it belongs to at any moment. */
const firewalls = fc.subarray<Firewall>([DOCKER, FIREWALLD, LEGACY]);

function hostWith(self: keyof typeof SELF, text: string, loaded: readonly Firewall[]): FakeHost {
  const configs = [{ path: '/etc/island/r2lab.yaml', text }];
  return fakeHost({ hostname: self, configs, ...SELF[self], firewalls: loaded });
}

/** Without the handles, which the kernel gives anew. */
function rulesOf({ kernel }: FakeHost): unknown {
  return kernel.firewalls.map(({ table, chains }) => [
    table,
    chains.map((each) => [each.name, each.rules.map(({ handle: _, ...written }) => written)]),
  ]);
}

const world = fc.record({ self: name, wanted: file, loaded: firewalls });

describe('beside the firewalls of others', () => {
  test('join converges, also after a reload that took our rules out, and leave gives them back', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ self, wanted, loaded }) => {
        const host = hostWith(self, textOf(wanted), loaded);
        const bare = rulesOf(host);
        await join(host, {});
        const joined = rulesOf(host);
        expect((await plan(host, {})).steps).toEqual([]);
        expect((await status(host, {})).drift).toEqual([]);
        host.kernel.firewalls = loaded;
        await join(host, {});
        expect(rulesOf(host)).toEqual(joined);
        await leave(host, {});
        expect(rulesOf(host)).toEqual(bare);
      }),
    );
  });

  test('a step that fails takes out what this run put in', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.nat(30), async ({ self, wanted, loaded }, count) => {
        const host = hostWith(self, textOf(wanted), loaded);
        const bare = [rulesOf(host), stateOf(host)];
        host.kernel.failOnce(count);
        const failure = await join(host, {}).catch((error: unknown) => error);
        if (failure instanceof Error) expect([rulesOf(host), stateOf(host)]).toEqual(bare);
      }),
    );
  });

  test('a run that was killed after any command is finished by the next join, or undone by leave', async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.nat(30), fc.boolean(), async ({ self, wanted, loaded }, count, finish) => {
        const host = hostWith(self, textOf(wanted), loaded);
        const bare = rulesOf(host);
        await killedAfter(host, count, () => join(host, {}));
        if (finish) {
          await join(host, {});
          expect((await plan(host, {})).steps).toEqual([]);
          await killedAfter(host, count, () => leave(host, {}));
        }
        await leave(host, {});
        expect(rulesOf(host)).toEqual(bare);
      }),
    );
  });

  test('a rule in a firewall that has gone since is not what an unconfirmed join goes back to', async () => {
    const host = hostWith('faraday', modelFile('vxlan'), [DOCKER, LEGACY]);
    await join(host, {});
    const { owned } = await plan(host, {});
    const before = { marks: { island: 'r2lab', ports: [10_310] }, forwardingOfAll: '0', resources: owned };
    const rules = () =>
      restorable(before, host.kernel.observe()).flatMap((each) =>
        each.kind === 'accept' ? [each.tool] : [],
      );
    expect(new Set(rules())).toEqual(new Set(['nft', 'iptables-legacy']));
    host.kernel.firewalls = [LEGACY];
    expect(new Set(rules())).toEqual(new Set(['iptables-legacy']));
  });

  test('the guard is there before anything is let in, and goes after it', async () => {
    const host = hostWith('faraday', modelFile('vxlan'), [DOCKER, LEGACY]);
    const order = () =>
      host.kernel.ran
        .map((command) => /nft -f|iptables-legacy-restore|link (?:add|delete)/.exec(command)?.[0])
        .filter(Boolean);
    await join(host, {});
    expect(order()).toEqual(['nft -f', 'nft -f', 'iptables-legacy-restore', 'link add']);
    host.kernel.ran.length = 0;
    await leave(host, {});
    expect(order()).toEqual(['link delete', 'nft -f', 'iptables-legacy-restore', 'nft -f']);
  });
});
