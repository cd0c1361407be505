import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Taken } from '../support/hub/served.ts';
import type { Visited } from '../support/hub/visitor.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import type { LabHost } from '../support/lab/host.ts';
import { withLab } from '../support/lab/lab.ts';
import type { Network } from '../support/lab/network.ts';

const HUB = '198.51.100.1';
const PORT = '10310';
const KEY = randomBytes(32);

/** A hub, a host that behaves, one with 65 536 addresses that does not, and a NAT with one of each behind it. */
const NETWORK: Network = {
  hosts: {
    hub: {
      links: { internet: { segment: 'internet', addresses: [`${HUB}/24`] } },
      routes: ['10.9.0.0/16 via 198.51.100.3'],
    },
    good: { links: { internet: { segment: 'internet', addresses: ['198.51.100.2/24'] } } },
    bad: {
      links: { internet: { segment: 'internet', addresses: ['198.51.100.3/24'] } },
      // Every address of the range is its own.
      routes: ['local 10.9.0.0/16 dev lo'],
    },
    nat: {
      links: {
        internet: { segment: 'internet', addresses: ['198.51.100.4/24'] },
        lan: { segment: 'lan', addresses: ['192.168.7.1/24'] },
      },
      forwards: true,
      nft: 'table ip nat { chain out { type nat hook postrouting priority 100; oifname "internet" masquerade; }; }',
    },
    inmate: {
      links: { lan: { segment: 'lan', addresses: ['192.168.7.2/24'] } },
      routes: ['default via 192.168.7.1'],
    },
    neighbour: {
      links: { lan: { segment: 'lan', addresses: ['192.168.7.3/24'] } },
      routes: ['default via 192.168.7.1'],
    },
  },
};

const program = (name: string) => fileURLToPath(new URL(`../support/hub/${name}.ts`, import.meta.url));
const rows: string[] = [];

beforeAll(() => bundle({ 'hub-served': program('served'), 'hub-visitor': program('visitor') }));
afterAll(() => {
  process.stdout.write(
    `${['flood                     | good client            | hub', ...rows].join('\n')}\n`,
  );
});

function visitor(kind: string, count: number, from: string): string[] {
  const bundled = join(BUNDLES, 'hub-visitor.mjs');
  return [process.execPath, bundled, kind, String(count), from, HUB, PORT, '/run/key'];
}

async function visit(host: LabHost, kind: string, count: number, from: string): Promise<Visited> {
  return JSON.parse(await host.run(visitor(kind, count, from), { timeoutMs: 100_000 }));
}

/** Serves on the hub while `use` runs, and tells what it has taken. */
async function withServed(use: (host: (name: string) => LabHost, taken: () => Taken) => Promise<void>) {
  await withLab(NETWORK, async (lab) => {
    for (const host of lab.hosts()) await host.writeFile('/run/key', KEY);
    const served = lab
      .host('hub')
      .start([process.execPath, join(BUNDLES, 'hub-served.mjs'), HUB, PORT, '/run/key']);
    await served.outputMatching(/\n/);
    await use(lab.host, () => JSON.parse(served.output().trimEnd().split('\n').at(-1) ?? ''));
  });
}

test.each([
  ['garbage', 10_000, '198.51.100.3/32'],
  ['garbage', 10_000, '10.9.0.0/16'],
  ['idle', 300, '198.51.100.3/32'],
  ['trickle', 300, '10.9.0.0/16'],
])('%s on %d connections from %s keeps no other host out, and takes little memory', (kind, count, from) =>
  withServed(async (host, taken) => {
    await visit(host('good'), 'hello', 20, '0.0.0.0/0');
    const before = taken();
    const flood = visit(host('bad'), kind, count, from);
    const good = await visit(host('good'), 'hello', 100, '0.0.0.0/0');
    const { spentMs } = await flood;
    const after = taken();
    rows.push(
      `${`${kind} ${count} ${from}`.padEnd(25)} | ${good.answered} of ${good.count}, ` +
        `median ${good.medianMs} worst ${good.worstMs} ms | ` +
        `${after.cpuMs - before.cpuMs} ms CPU in ${spentMs} ms, ${before.rssMb} -> ${after.rssMb} MB, ${after.logLines} lines`,
    );
    expect(good.answered).toBe(good.count);
    expect(after.rssMb - before.rssMb).toBeLessThan(100);
    expect(after.logLines).toBeLessThan(20);
    await vi.waitFor(() => expect(taken().handles).toBe(0), { timeout: 10_000 });
  }),
);

test('who shares the address of a flood is served again within seconds of its end', () =>
  withServed(async (host) => {
    const kinds = [
      ['garbage', 10_000],
      ['idle', 300],
    ] as const;
    for (const [kind, count] of kinds) {
      await visit(host('inmate'), kind, count, '192.168.7.2/32');
      const { spentMs } = await visit(host('neighbour'), 'again', 1, '0.0.0.0/0');
      rows.push(`${kind} ${count} behind the same NAT: served ${spentMs} ms after its end`);
      expect(spentMs).toBeLessThan(4000);
    }
  }));

test('two hundred hosts behind one NAT that come at one moment are all served', () =>
  withServed(async (host) => {
    const { answered, count, medianMs, worstMs } = await visit(host('neighbour'), 'herd', 200, '0.0.0.0/0');
    rows.push(`${count} good ones at once: ${answered} answered, median ${medianMs} worst ${worstMs} ms`);
    expect(answered).toBe(count);
  }));

test('connections that are only half open, or whose other end is gone, keep nobody out', () =>
  withServed(async (host, taken) => {
    // Answers to its SYNs do not reach it, so all of them stay half open.
    await host('bad').run(['nft', '-f', '-'], {
      input:
        'table ip deaf { chain in { type filter hook input priority 0; tcp flags & (syn|ack) == syn|ack drop; }; }',
    });
    host('bad').start(visitor('idle', 2000, '10.9.0.0/16'));
    const halfOpen = () => host('hub').run(['ss', '-Htn', 'state', 'syn-recv']);
    await vi.waitFor(async () => expect((await halfOpen()).split('\n').length).toBeGreaterThan(100), {
      timeout: 10_000,
    });
    const gone = host('inmate').start(visitor('idle', 300, '192.168.7.2/32'));
    await vi.waitFor(() => expect(taken().handles).toBeGreaterThan(50), { timeout: 10_000 });
    await host('inmate').ip(['link set lan down']);
    const good = await visit(host('good'), 'hello', 100, '0.0.0.0/0');
    rows.push(`half open 2000, gone 300  | ${good.answered} of ${good.count}, worst ${good.worstMs} ms`);
    expect(good.answered).toBe(good.count);
    await vi.waitFor(() => expect(taken().handles).toBe(0), { timeout: 10_000 });
    gone.signal('SIGKILL');
  }));
