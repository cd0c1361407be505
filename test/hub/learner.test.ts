import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { IslandError } from '../../src/errors.ts';
import { parseSeen } from '../../src/host/endpoints.ts';
import type { SeenEndpoint } from '../../src/host/host.ts';
import { endpointChanges, sightingsWithin } from '../../src/hub/endpoints.ts';
import { learn } from '../../src/hub/learner.ts';
import type { Ipv4 } from '../../src/model/ip.ts';
import type { Effect } from '../../src/plan/effect.ts';
import type { ObservedFdbEntry } from '../../src/plan/observed.ts';
import { memoryLog } from '../support/hub/hub.ts';

const MAC = '0a:11:22:33:44:55';
const OTHER = '0e:00:00:00:00:01';

function seen(mac: string, endpoint: string, expiresSeconds = 59): SeenEndpoint {
  const [address = '', port] = endpoint.split(':');
  return { mac, address: address as Ipv4, port: Number(port), expiresSeconds };
}

function entry(mac: string, endpoint: string): ObservedFdbEntry {
  const { address, port } = seen(mac, endpoint);
  return { link: 'isl-w', mac, outer: address, port };
}

const NOTHING = { seen: [], workers: [{ mac: MAC }], fdb: [], previous: [] };

describe('where a worker is', () => {
  test('is written when its first packet was seen, and not again', () => {
    const view = { ...NOTHING, seen: [seen(MAC, '198.51.100.2:47934')] };
    expect(endpointChanges(view)).toEqual([{ mac: MAC, address: '198.51.100.2', port: 47934 }]);
    expect(endpointChanges({ ...view, fdb: [entry(MAC, '198.51.100.2:47934')] })).toEqual([]);
  });

  test('follows its NAT to another port, and to another address', () => {
    const fdb = [entry(MAC, '198.51.100.2:1000')];
    const before = seen(MAC, '198.51.100.2:1000', 40);
    for (const next of ['198.51.100.2:2000', '203.0.113.9:1000']) {
      const after = [before, seen(MAC, next, 58)];
      const [address, port] = next.split(':');
      expect(endpointChanges({ ...NOTHING, seen: after, fdb, previous: [before] })).toEqual([
        { mac: MAC, address, port: Number(port) },
      ]);
    }
  });

  test('is what expires later, whichever comes first in the set', () => {
    const both = [seen(MAC, '198.51.100.2:1', 59), seen(MAC, '198.51.100.2:2', 58)];
    for (const each of [both, both.toReversed()]) {
      expect(endpointChanges({ ...NOTHING, seen: each })).toMatchObject([{ port: 1 }]);
    }
  });

  test('is, of two that expire in the same second, the one that was not there before', () => {
    const both = [seen(MAC, '198.51.100.2:1'), seen(MAC, '198.51.100.2:2')];
    const view = { ...NOTHING, fdb: [entry(MAC, '198.51.100.2:1')] };
    for (const each of [both, both.toReversed()]) {
      expect(endpointChanges({ ...view, seen: each, previous: both.slice(0, 1) })).toMatchObject([
        { port: 2 },
      ]);
    }
  });

  test('stays, of two NAT addresses that take turns, the one in use', () => {
    const both = [seen(MAC, '198.51.100.2:1'), seen(MAC, '198.51.100.3:2')];
    for (const used of ['198.51.100.2:1', '198.51.100.3:2']) {
      for (const each of [both, both.toReversed()]) {
        const view = { ...NOTHING, seen: each, previous: both, fdb: [entry(MAC, used)] };
        expect(endpointChanges(view)).toEqual([]);
      }
    }
  });

  test('is not forgotten when nothing has been seen of it for a while', () => {
    expect(endpointChanges({ ...NOTHING, fdb: [entry(MAC, '198.51.100.2:1')] })).toEqual([]);
  });

  test('is nobody’s concern for a MAC that no worker has', () => {
    const view = { ...NOTHING, seen: [seen(OTHER, '203.0.113.66:1')], workers: [{ mac: MAC }] };
    expect(endpointChanges(view)).toEqual([]);
  });

  test('is found for a thousand workers in a few milliseconds', () => {
    const macs = Array.from({ length: 1000 }, (_, n) => `0a:00:00:00:${hex(n >> 8)}:${hex(n & 255)}`);
    const all = macs.map((mac, n) => seen(mac, `198.51.100.2:${1024 + n}`));
    const old = macs.map((mac, n) => seen(mac, `198.51.100.2:${9000 + n}`, 30));
    const view = { seen: [...old, ...all], workers: macs.map((mac) => ({ mac })), previous: old, fdb: [] };
    const started = performance.now();
    const changes = endpointChanges(view);
    const ms = performance.now() - started;
    expect(changes.map(({ port }) => port)).toEqual(all.map(({ port }) => port));
    expect(ms).toBeLessThan(100);
    expect(
      endpointChanges({ ...view, fdb: all.map(({ mac, port }) => entry(mac, `198.51.100.2:${port}`)) }),
    ).toEqual([]);
  });
});

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** As nft 1.0.6 prints it; numbers lose leading zeros. */
test('nft tells MACs as numbers', () => {
  const set = {
    family: 'inet',
    name: 'seen',
    table: 'island-r2lab',
    size: 65_535,
    flags: ['timeout', 'dynamic'],
  };
  const elem = [
    { elem: { val: { concat: [2_199_191_224_587, '198.51.100.2', 47_934] }, timeout: 60, expires: 59 } },
  ];
  const print = (more: object) =>
    JSON.stringify({ nftables: [{ metainfo: {} }, { set: { ...set, ...more } }] });
  expect(parseSeen(print({ elem }))).toEqual([seen('02:00:0a:03:01:0b', '198.51.100.2:47934')]);
  expect(parseSeen(print({}))).toEqual([]);
});

/** A hub's kernel, as far as the learner looks. */
function fakeHub() {
  const hub = {
    endpoints: [] as readonly SeenEndpoint[] | undefined,
    entries: [] as ObservedFdbEntry[],
    polls: 0,
    lookMs: 0,
    readings: 0,
    effects: [] as Effect[],
    fails: false,
    workers: [{ mac: MAC }],
  };
  const { log, lines } = memoryLog();
  const host = {
    now: () => performance.now(),
    seenEndpoints: async () => {
      hub.polls += 1;
      if (hub.lookMs > 0) await delay(hub.lookMs);
      return hub.endpoints;
    },
    fdbOf: () => {
      hub.readings += 1;
      return Promise.resolve(hub.entries);
    },
    perform: (effect: Effect) => {
      if (hub.fails)
        return Promise.reject(new IslandError('E_APPLY', `bridge fdb replace ${MAC}: no device`));
      hub.effects.push(effect);
      hub.entries = (hub.endpoints ?? []).map((each) => entry(each.mac, `${each.address}:${each.port}`));
      return Promise.resolve();
    },
  };
  const link = { nftTable: 'island-r2lab', link: 'isl-w', port: 10_310, keepaliveMs: 20_000 };
  const options = { ...link, host, log, workers: () => hub.workers };
  const learner = learn(options);
  onTestFinished(() => learner.close());
  return { hub, learner, lines };
}

test('a worker is silent when nothing came from it for long, since it was first looked for', () => {
  const sightings = sightingsWithin(1000);
  const [present, absent] = [{ seen: [seen(MAC, '192.0.2.1:1')] }, { seen: [] }];
  const workers = [{ mac: MAC }, { mac: OTHER }];
  expect(sightings.of({ ...present, workers }, 0)).toEqual(new Set());
  expect(sightings.of({ ...present, workers }, 1001)).toEqual(new Set([OTHER]));
  expect(sightings.of({ ...absent, workers }, 2001)).toEqual(new Set([OTHER]));
  expect(sightings.of({ ...absent, workers }, 2002)).toEqual(new Set([MAC, OTHER]));
  expect(sightings.of({ ...absent, workers: [] }, 9000)).toEqual(new Set());
  expect(sightings.of({ ...absent, workers }, 9000)).toEqual(new Set());
});

describe('a learner', () => {
  test('knows that bridge names no port which is that of the link', async () => {
    const { hub, learner } = fakeHub();
    hub.entries = [{ link: 'isl-w', mac: MAC, outer: '192.0.2.1' as Ipv4 }];
    hub.endpoints = [seen(MAC, '192.0.2.1:10310')];
    expect(await learner.expect(MAC)).toBe(true);
    expect(hub.effects).toEqual([]);
  });

  test('tells who waits for a worker, soon after its first packet, and writes all changes at once', async () => {
    const { hub, learner } = fakeHub();
    hub.workers.push({ mac: OTHER });
    const known = learner.expect(MAC);
    await delay(120);
    hub.endpoints = [seen(MAC, '198.51.100.2:1'), seen(OTHER, '198.51.100.2:2')];
    const started = performance.now();
    expect(await known).toBe(true);
    expect(performance.now() - started).toBeLessThan(200);
    expect(hub.effects).toEqual([
      {
        tool: 'bridge',
        lines: [
          `fdb replace ${MAC} dev isl-w dst 198.51.100.2 port 1 self permanent`,
          `fdb replace ${OTHER} dev isl-w dst 198.51.100.2 port 2 self permanent`,
        ],
      },
    ]);
  });

  test('looks no more often for a crowd than for one, and rests as long as it looks', async () => {
    const { hub, learner } = fakeHub();
    hub.lookMs = 150;
    for (let n = 0; n < 100; n += 1) {
      void learner.expect(`0a:00:00:00:00:${n}`);
      await delay(10);
    }
    // A second and more: a look and a rest of 150 ms each.
    expect(hub.polls).toBeLessThanOrEqual(6);
    expect(hub.polls).toBeGreaterThanOrEqual(3);
  });

  test('looks twice a second after a start until it knows where all are, and then when the kernel tells of a move', async () => {
    const { hub, learner } = fakeHub();
    await delay(1300);
    expect(hub.polls).toBe(3);
    hub.endpoints = [seen(MAC, '198.51.100.2:1')];
    await vi.waitFor(() => expect(hub.effects.length).toBe(1));
    const { polls } = hub;
    await delay(2500);
    expect(hub.polls).toBe(polls);
    hub.endpoints = [seen(MAC, '198.51.100.2:2')];
    learner.hear();
    learner.hear();
    await vi.waitFor(() => expect(hub.effects.length).toBe(2));
    expect(hub.polls).toBe(polls + 1);
  });

  test('looks every two seconds when it finds a move that nobody told of, or somebody in two places', async () => {
    const { hub, learner } = fakeHub();
    hub.endpoints = [seen(MAC, '198.51.100.2:1')];
    expect(await learner.expect(MAC)).toBe(true);
    hub.endpoints = [seen(MAC, '198.51.100.2:2'), seen(OTHER, '198.51.100.2:3')];
    void learner.expect(OTHER);
    await vi.waitFor(() => expect(hub.effects.length).toBe(2));
    hub.endpoints = [seen(MAC, '198.51.100.2:4')];
    await vi.waitFor(() => expect(hub.effects.length).toBe(3), { timeout: 5000 });
    const both = [seen(MAC, '198.51.100.2:4', 50), seen(MAC, '198.51.100.2:5', 59)];
    hub.endpoints = both;
    learner.hear();
    await vi.waitFor(() => expect(hub.effects.length).toBe(4));
    const { polls } = hub;
    await vi.waitFor(() => expect(hub.polls).toBeGreaterThan(polls), { timeout: 5000 });
  });

  test('looks at nothing without a worker', async () => {
    const { hub, learner } = fakeHub();
    await vi.waitFor(() => expect(hub.polls).toBe(1));
    hub.workers = [];
    learner.refresh();
    await delay(300);
    expect(hub.polls).toBe(1);
    hub.workers = [{ mac: MAC }];
    await vi.waitFor(() => expect(hub.polls).toBe(2), { timeout: 3000 });
  });

  test('writes again what is gone with the link, when it is told to look', async () => {
    const { hub, learner } = fakeHub();
    hub.endpoints = [seen(MAC, '198.51.100.2:1')];
    expect(await learner.expect(MAC)).toBe(true);
    hub.entries = [];
    learner.refresh();
    await vi.waitFor(() => expect(hub.effects.length).toBe(2));
  });

  test('reads no forwarding entries while nothing is new', async () => {
    const { hub, learner } = fakeHub();
    hub.endpoints = [seen(MAC, '198.51.100.2:1')];
    await learner.expect(MAC);
    const { readings } = hub;
    void learner.expect(OTHER);
    await vi.waitFor(() => expect(hub.polls).toBeGreaterThan(8));
    expect(hub.readings - readings).toBeLessThanOrEqual(1);
  });

  test('says once that it cannot, without a MAC, and goes on trying', async () => {
    const { hub, learner, lines } = fakeHub();
    hub.fails = true;
    hub.endpoints = [seen(MAC, '198.51.100.2:1')];
    const known = learner.expect(MAC);
    await delay(300);
    hub.fails = false;
    expect(await known).toBe(true);
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([
      'error cannot learn where workers are {"code":"E_APPLY","reason":"bridge fdb replace (secret): no device"}',
    ]);
  });

  test('lets nobody wait for ever: not for a worker that stays silent, nor when it is closed', async () => {
    const { hub, learner } = fakeHub();
    hub.endpoints = undefined;
    const known = learner.expect(MAC);
    await learner.close();
    expect(await known).toBe(false);
    expect(await learner.expect(MAC)).toBe(false);
  });
});
