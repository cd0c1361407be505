import { existsSync } from 'node:fs';
import { IslandError } from '../errors.ts';
import type { Systemd } from './systemd.ts';

/** sd_booted(3): there is systemd where there is this. */
const BOOTED = '/run/systemd/system';

/** Undefined where process 1 is something else. */
export async function openSystemd(): Promise<Systemd | undefined> {
  if (!existsSync(BOOTED)) return undefined;
  const { openBusSystemd } = await import('./systemd-bus.ts');
  try {
    return await openBusSystemd();
  } catch (error) {
    // Without a bus, or with one that systemd is not on (yet), root has another way to it.
    if (!(error instanceof IslandError)) throw error;
    return (await import('./systemctl.ts')).systemctl();
  }
}
