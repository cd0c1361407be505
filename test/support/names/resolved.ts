import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../lab/host.ts';

/** Where test/setup puts packages that hosts of the lab install, and the machine does not. */
const PACKAGES = fileURLToPath(new URL('../../../node_modules/.cache/island-debs/', import.meta.url));

/** Installs and starts systemd-resolved on a host that boots systemd; where it is a part of systemd, it is only started. */
export async function installResolved(host: LabHost): Promise<void> {
  const { code } = await host.exec(['test', '-e', '/lib/systemd/systemd-resolved']);
  if (code !== 0) {
    const deb = readdirSync(PACKAGES).find((name) => name.startsWith('systemd-resolved_'));
    if (deb === undefined) throw new Error(`${PACKAGES}: no systemd-resolved; run "sh test/setup systemd"`);
    await host.run(['dpkg', '-i', `${PACKAGES}${deb}`], { timeoutMs: 120_000 });
  }
  await host.run(['systemctl', 'enable', '--now', 'systemd-resolved']);
}
