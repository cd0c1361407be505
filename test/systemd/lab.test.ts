import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import { withLab } from '../support/lab/lab.ts';
import { newDisk, writeToDisk } from '../support/lab/machine.ts';

const UNIT = `[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/ip link add isl type vxlan id 10310 dev eth0 dstport 10310
ExecStop=/bin/sh -c 'echo stopped >>/var/tmp/stops'
[Install]
WantedBy=multi-user.target
`;

test('a host with a disk boots systemd, and what was enabled is there after a reboot and after a power cut', async () => {
  const disk = await newDisk();
  await writeToDisk(disk, '/etc/systemd/system/example.service', UNIT);
  const link = { segment: 'lan', addresses: ['192.0.2.1/24'] };
  try {
    await withLab({ hosts: { box: { disk, links: { eth0: link } } } }, async (lab) => {
      const systemctl = (...args: readonly string[]) => lab.host('box').run(['systemctl', ...args]);
      await systemctl('enable', '--now', 'example.service');
      await lab.reboot('box');
      expect(await systemctl('is-active', 'example.service')).toBe('active\n');
      expect(await lab.host('box').run(['ip', '-br', 'link', 'show', 'isl'])).toContain('isl');
      expect(await lab.host('box').readFile('/var/tmp/stops')).toBe('stopped\n');
      await lab.reboot('box', 'cut');
      expect(await systemctl('is-active', 'example.service')).toBe('active\n');
      expect(await lab.host('box').readFile('/var/tmp/stops')).toBe('stopped\n');
      expect(await systemctl('list-units', '--failed', '--plain', '--no-legend')).toBe('');
    });
  } finally {
    await disk.remove();
  }
  expect(cgroupsOf(process.pid)).toEqual([]);
});

test('a machine ends with who holds it, also when that is killed', async () => {
  const disk = await newDisk();
  await bundle({ 'machine-holder': new URL('../support/lab/machine-holder.ts', import.meta.url).pathname });
  try {
    const holder = spawn(process.execPath, [`${BUNDLES}/machine-holder.mjs`, disk.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = await once(createInterface(holder.stdout), 'line');
    expect([existsSync(`/proc/${first}`), cgroupsOf(holder.pid)]).toEqual([true, [expect.anything()]]);
    holder.kill('SIGKILL');
    await vi.waitFor(
      () => expect([existsSync(`/proc/${first}`), cgroupsOf(holder.pid)]).toEqual([false, []]),
      { timeout: 20_000 },
    );
  } finally {
    await disk.remove();
  }
});

function cgroupsOf(pid: number | undefined): readonly string[] {
  const mounts = execFileSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' });
  return readdirSync(mounts.split('\n')[0] ?? '').filter((name) => name.startsWith(`island-lab-${pid}-`));
}
