import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DiskImage, makeDiskImage } from '../support/guest/disk-image.ts';
import { runGuest } from '../support/guest/guest.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { GATEWAY_DISK, type Seen, UNITS, UNPLUGGED } from './gateway-disk.ts';

const BOOTS = ['enable', 'reset', UNPLUGGED];
const BOOT_MS = 420_000;
const seen = new Map<string, Seen>();
let disk: DiskImage | undefined;

/** One after the other, from one disk; each ends with a reset. What fails makes those after it pointless. */
beforeAll(async () => {
  await bundle({ 'gateway-guest': new URL('gateway-guest.ts', import.meta.url).pathname });
  disk = makeDiskImage(GATEWAY_DISK);
  const script = `${BUNDLES}/gateway-guest.mjs`;
  for (const name of BOOTS) {
    const started = performance.now();
    const [result] = await runGuest({ script, arguments: [name], disk: disk.path, timeoutMs: BOOT_MS });
    seen.set(name, result as Seen);
    const took = Math.round((performance.now() - started) / 1000);
    process.stderr.write(`guest with systemd: ${name} after ${took} s: ${JSON.stringify(result)}\n`);
  }
}, BOOTS.length * BOOT_MS);

afterAll(() => disk?.remove());

const ENABLED = UNITS.map((unit) => `${unit} active enabled`);

test('enabled now, the hub answers and both units are there for the next boot', () => {
  const { kubelet, answeredBefore, answered, units } = seen.get('enable') ?? {};
  expect({ kubelet: kubelet?.answered, answeredBefore }).toEqual({ kubelet: false, answeredBefore: false });
  expect({ answered, units }).toEqual({ answered: true, units: ENABLED });
});

test('after a reset the hub answers the kubelet when that starts, without any command', () => {
  const { kubelet, answered, units } = seen.get('reset') ?? {};
  expect({ kubelet: kubelet?.answered, answered, units }).toEqual({
    ...{ kubelet: true, answered: true, units: ENABLED },
  });
});

test("udev leaves the island's links alone, and gives others an address of its own", () => {
  const { udev, origins } = seen.get('reset') ?? {};
  expect(udev).toContain('ID_NET_LINK_FILE=/etc/systemd/network/70-island.link');
  expect(origins, 'random and set').toEqual(['1', '3']);
});

test('a boot without the uplink is done before that comes, after which the hub answers without any command', () => {
  const { kubelet, answeredBefore, answered, units } = seen.get(UNPLUGGED) ?? {};
  expect({ kubelet: kubelet?.answered, answeredBefore }).toEqual({ kubelet: false, answeredBefore: false });
  expect({ answered, units }).toEqual({ answered: true, units: ENABLED });
});
