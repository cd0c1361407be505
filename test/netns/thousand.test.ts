import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Member } from '../support/crowd/crowd.ts';
import { type CrowdedHub, type KernelState, raiseCrowdedHub } from '../support/crowd/crowded-hub.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';

/** `npm run bench -- workers` is the same with a thousand. */
const COUNT = 80;
const NAMES = Array.from({ length: COUNT }, (_, index) => `w${index}`);
/** The kernel of a worker asks once in it; 20 s unless the file says otherwise. */
const PERIOD_MS = 1000;
/** How long the hub takes at most to look where a packet came from. */
const LEARNED_MS = 5500;

let hub: CrowdedHub;
let members: readonly Member[] = [];
let known: KernelState;

beforeAll(async () => {
  await bundle({ crowd: fileURLToPath(new URL('../support/crowd/program.ts', import.meta.url)) });
  hub = await raiseCrowdedHub({ program: `${BUNDLES}/crowd.mjs` });
});
afterAll(() => hub?.close());

function print(text: string): void {
  process.stdout.write(`${COUNT} workers: ${text}\n`);
}

describe('a hub with many workers behind one NAT', () => {
  test('leases each an address, lets each in, and knows where each is', async () => {
    const before = await hub.usage();
    const joined = await hub.crowd.ask({ op: 'join', names: NAMES });
    members = joined.members;
    const after = await hub.usage();
    const cpuMs = Math.round((after.cpuMs - before.cpuMs) / COUNT);
    print(`joined in ${Math.round(joined.ms)} ms, ${cpuMs} ms of processor time each, ${after.peakMb} MB`);
    expect(new Set(members.map(({ inner }) => inner)).size).toBe(COUNT);
    known = await hub.kernel();
    expect(known).toEqual(await hub.expected(members));
    expect(after.peakMb).toBeLessThan(400);
  });

  test('loses nothing of it when its daemon is stopped or killed, and another one starts', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      print(`ready ${Math.round(await hub.restart(signal))} ms after ${signal}`);
      expect(await hub.kernel()).toEqual(known);
    }
    expect(hub.daemon().output()).not.toMatch(/learned where|"repaired":[^0]/);
  });

  test('reaches all of them again after a boot, as soon as their kernels have asked once', async () => {
    const ready = await hub.reboot();
    expect((await hub.kernel()).fdb).toEqual([]);
    const { ms } = await hub.crowd.ask({ op: 'keepalive', periodMs: PERIOD_MS });
    print(`ready ${Math.round(ready)} ms after a boot, all reached again ${Math.round(ms)} ms later`);
    expect(ms).toBeLessThan(PERIOD_MS + LEARNED_MS);
    expect(await hub.kernel()).toEqual({ ...known, ...(await hub.expected(members)) });
  });
});
