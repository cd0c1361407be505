import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { plan } from '../../src/app/plan.ts';
import { status } from '../../src/app/status.ts';
import { formatRegister } from '../../src/hub/register-file.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { hostOf, killedAfter, stateOf } from '../support/fake-site.ts';
import { HUB_MAC, WORKERS_FILE, workerNumber } from '../support/plan-workers.ts';

const KEY = 'A'.repeat(43);

/** Who has a lease, and what lies behind each: a range of its own or nothing. */
const tenants = fc.uniqueArray(
  fc.record({ number: fc.integer({ min: 64, max: 72 }), hasRange: fc.boolean(), anew: fc.boolean() }),
  { selector: ({ number }) => number, maxLength: 5 },
);
type Tenants = Parameters<Parameters<typeof tenants.map>[0]>[0];

/** Leases them, as the daemon would. */
function lease(host: FakeHost, leased: Tenants): void {
  const leases = leased.map(({ number, hasRange, anew }) => {
    const { name, inner, mac } = workerNumber(number);
    const holder = {
      ...{ mac: anew ? mac.replace('0e:', '06:') : mac, key: KEY, joinedMs: 0 },
      routes: hasRange ? [`10.244.${number - 64}.0/24`] : [],
    };
    return { name, inner, pinned: false, sinceMs: 0, holder };
  });
  host.files.set('r2lab/workers', formatRegister({ mac: HUB_MAC, tokens: [], leases }));
}

async function expectConverged(host: FakeHost): Promise<void> {
  expect((await plan(host, {})).steps).toEqual([]);
  expect((await status(host, {})).drift).toEqual([]);
}

describe('a hub with workers', () => {
  test('comes from any leases to any others, and a second join does nothing', async () => {
    await fc.assert(
      fc.asyncProperty(tenants, tenants, async (earlier, later) => {
        const host = hostOf('sopnode-l1', WORKERS_FILE);
        lease(host, earlier);
        await join(host, {});
        lease(host, later);
        await join(host, {});
        await expectConverged(host);
        const neighbours = host.kernel.observe().neighbours.map(({ address }) => address);
        for (const { number } of later) expect(neighbours).toContain(`10.3.1.${number}`);
        // Beside the workers there is faraday.
        expect(neighbours.length).toBe(later.length + 1);
        const before = host.kernel.ran.length;
        await join(host, {});
        expect(host.kernel.ran.length).toBe(before);
      }),
    );
  });

  test('that was killed after any command is finished by the next join, or undone by leave, which keeps the leases', async () => {
    await fc.assert(
      fc.asyncProperty(tenants, tenants, fc.nat(40), fc.boolean(), async (earlier, later, count, finish) => {
        const host = hostOf('sopnode-l1', WORKERS_FILE);
        const bare = stateOf(host);
        lease(host, earlier);
        await join(host, {});
        lease(host, later);
        await killedAfter(host, count, () => join(host, {}));
        if (finish) {
          await join(host, {});
          await expectConverged(host);
        }
        await leave(host, {});
        expect(stateOf(host)).toEqual(bare);
        expect([...host.files.keys()]).toEqual(['r2lab/workers']);
      }),
    );
  });

  test('puts back what it had when a step of a change fails', async () => {
    await fc.assert(
      fc.asyncProperty(tenants, tenants, fc.nat(20), async (earlier, later, count) => {
        const host = hostOf('sopnode-l1', WORKERS_FILE);
        lease(host, earlier);
        await join(host, {});
        const before = stateOf(host);
        lease(host, later);
        host.kernel.failOnce(count);
        const failure = await join(host, {}).catch((error: unknown) => error);
        if (!(failure instanceof Error)) return;
        expect(failure.message).toContain('everything that this run did is undone');
        expect(stateOf(host)).toEqual(before);
      }),
    );
  });
});

describe('a worker', () => {
  /** At home, with what the hub gave it. */
  function worker(): FakeHost {
    const host = fakeHost({
      hostname: 'home',
      configs: [{ path: '/etc/island/r2lab.yaml', text: WORKERS_FILE }],
      links: { eth0: { addresses: ['192.168.77.11/24'] } },
      routes: [{ to: '0.0.0.0/0', via: '192.168.77.1', dev: 'eth0' }],
    });
    const { name, inner, mac } = workerNumber(65);
    const record = {
      name,
      inner,
      mac,
      hubMac: HUB_MAC,
      hub: '138.96.245.50',
      port: 10_310,
      key: KEY,
      routes: [],
    };
    host.files.set('r2lab/lease', JSON.stringify(record));
    return host;
  }

  test('comes to what its lease says, and running it again does nothing', async () => {
    const host = worker();
    await join(host, {});
    await expectConverged(host);
    const before = host.kernel.ran.length;
    await join(host, {});
    expect(host.kernel.ran.length).toBe(before);
  });

  test('that was killed while it joined or left is finished by the next command, and nothing is left of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.nat(30), fc.boolean(), async (joining, leaving, finish) => {
        const host = worker();
        const bare = stateOf(host);
        await killedAfter(host, joining, () => join(host, {}));
        if (finish) {
          await join(host, {});
          await expectConverged(host);
        }
        await killedAfter(host, leaving, () => leave(host, {}));
        await leave(host, {});
        expect(stateOf(host)).toEqual(bare);
        expect([...host.files.keys()]).toEqual([]);
      }),
    );
  });
});
