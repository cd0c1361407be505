import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { install, island, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { type State, stateOf } from '../support/state.ts';

let lab: Lab;
let hub: LabHost;
let bare: State;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }));
  hub = lab.host('sopnode-l1');
  // At the other end, so that no join waits for an answer in vain.
  await install([lab.host('faraday')], modelFile('vxlan'));
  await mustIsland(lab.host('faraday'), 'join');
  // The folders themselves stay behind an island, so they are there from the beginning.
  await hub.run(['mkdir', '-p', '/var/lib/island', '/run/island']);
});
afterAll(() => lab?.close());

beforeEach(async () => {
  await install([hub], modelFile('vxlan'));
  await mustIsland(hub, 'leave');
  bare = await stateOf(hub);
});

/** A small disk in a place, in the host's own mount namespace, for as long as the work takes. */
async function withDisk(folder: string, options: string, work: () => Promise<void>): Promise<void> {
  await hub.run(['mount', '-t', 'tmpfs', '-o', `mode=755,${options}`, 'disk', folder]);
  try {
    await work();
  } finally {
    await hub.run(['umount', folder]);
  }
}

const FILES = {
  '/var/lib/island': '/var/lib/island/r2lab/joined.json',
  '/run/island': '/run/island/r2lab/sysctls.json',
} as const;

/** A page for its only file, which the filler has; no file beside the folder; or nothing to be written at all. */
const DISKS = [
  ['full', 'size=4k', 'head -c 4096 /dev/zero >"$0/filler" 2>&1', 'ENOSPC'],
  ['out of inodes', 'nr_inodes=4', ': >"$0/1"; : >"$0/2"; : >"$0/3"', 'ENOSPC'],
  ['read-only', 'size=64k', 'mount -o remount,ro "$0"', 'EROFS'],
] as const;
const RELIEF = 'mount -o remount,rw,size=64k "$0"; rm -f "$0/filler" "$0/"[123]';

const CASES = DISKS.flatMap(([name, options, spoil, reason]) =>
  Object.entries(FILES).map(
    ([folder, file]) => [name, folder, { name, options, spoil, reason, folder, file }] as const,
  ),
);

/** Runs a line of shell with the folder as $0; of what no longer fits there, only a part is written. */
async function shell(line: string, folder: string): Promise<void> {
  await hub.exec(['sh', '-c', line, folder]);
}

test.each(CASES)(
  'a disk that is %s at %s: join names the file and changes nothing, later ones repair, and leave leaves',
  async (_, __, disk) => {
    await withDisk(disk.folder, disk.options, async () => {
      await shell(disk.spoil, disk.folder);
      const before = await stateOf(hub);
      expect(await island(hub, 'join')).toMatchObject({
        code: 71,
        stderr: expect.stringContaining(
          `island: ${disk.file}: cannot write: ${disk.reason}; everything that this run did is undone\nhint: check the space`,
        ),
      });
      expect(await stateOf(hub)).toEqual(before);
      await shell(RELIEF, disk.folder);
      await mustIsland(hub, 'join');

      await shell(disk.spoil, disk.folder);
      const joined = await stateOf(hub);
      await hub.run(['nft', 'delete', 'table', 'inet', 'island-r2lab']);
      await mustIsland(hub, 'join');
      expect(await stateOf(hub)).toEqual(joined);

      const { code, stderr } = await island(hub, 'leave');
      const left = `island: ${disk.file}: cannot remove: EROFS; all else has left the island\n`;
      expect({ code, stderr }).toEqual(
        disk.name === 'read-only'
          ? { code: 71, stderr: expect.stringContaining(left) }
          : { code: 0, stderr: '' },
      );
      expect({ ...(await stateOf(hub)), files: [] }).toEqual({ ...bare, files: [] });
      await shell(RELIEF, disk.folder);
      await mustIsland(hub, 'leave');
    });
    expect(await stateOf(hub)).toEqual(bare);
  },
);

test.each(DISKS)(
  'on a disk that has become %s since, a join to another file leaves the old record',
  async (_, options, spoil, reason) => {
    const [folder, file] = ['/var/lib/island', FILES['/var/lib/island']];
    await withDisk(folder, options, async () => {
      await mustIsland(hub, 'join');
      await shell(spoil, folder);
      const joined = await stateOf(hub);
      await install([hub], `port: 10400\n${modelFile('vxlan')}`);
      expect(await island(hub, 'join')).toMatchObject({
        code: 71,
        stderr: expect.stringContaining(
          `island: ${file}: cannot write: ${reason}; everything that this run did is undone`,
        ),
      });
      expect(await stateOf(hub)).toEqual(joined);
      await shell(RELIEF, folder);
      await mustIsland(hub, 'join');
      await mustIsland(hub, 'leave');
    });
    expect(await stateOf(hub)).toEqual(bare);
  },
);
