// What every way to systemd has to do, done by each on the host where this runs; prints what came of it as JSON.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { IslandError } from '../../../src/errors.ts';
import { systemctl } from '../../../src/host/systemctl.ts';
import type { Systemd, UnitState } from '../../../src/host/systemd.ts';
import { openBusSystemd } from '../../../src/host/systemd-bus.ts';

const FOLDER = '/etc/systemd/system';
const UNIT = 'contract@a.service';
const FILE = `${FOLDER}/contract@.service`;
const GOOD = ['/bin/true', '/bin/true'] as const;
const SOON = { timeoutMs: 20_000 };

/** Steps in the order in which they are taken, each with what is to be told of it. */
async function outcomesOf(systemd: Systemd): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  const step = async (name: string, work: () => Promise<unknown>) => {
    told[name] = await work().then(plain, (error: unknown) =>
      error instanceof IslandError ? error.code : `${error}`,
    );
  };
  const state = (unit = UNIT) => systemd.stateOf(unit);
  await step('a unit without a file', () => state());
  await step('start of that', () => systemd.act('start', UNIT, SOON));
  await step('enable of that', () => systemd.enable([UNIT], 'persistent'));
  await step('reset-failed of that', () => systemd.resetFailed(UNIT));
  write(...GOOD);
  await step('daemon-reload', () => systemd.reload());
  await step('enable until reboot', () => systemd.enable([UNIT], 'runtime'));
  await step('enabled until reboot', () => state());
  await step('disable that', () => systemd.disable([UNIT], 'runtime'));
  await step('enable for good', () => systemd.enable([UNIT], 'persistent'));
  await step('start', () => systemd.act('start', UNIT, SOON));
  await step('started', () => state());
  await step('start again', () => systemd.act('start', UNIT, SOON));
  write('/bin/true', '/bin/false');
  await step('with another file', () => state());
  await step('daemon-reload again', () => systemd.reload());
  await step('reload that fails', () => systemd.act('reload', UNIT, SOON));
  await step('after it', () => state());
  await step('restart', () => systemd.act('restart', UNIT, SOON));
  await step('stop', () => systemd.act('stop', UNIT, SOON));
  write('/bin/false', '/bin/true');
  await systemd.reload();
  await step('start that fails', () => systemd.act('start', UNIT, SOON));
  await step('failed', () => state());
  await step('reset-failed', () => systemd.resetFailed(UNIT));
  write('/bin/sleep 600', '/bin/true');
  await systemd.reload();
  await step('start that takes too long', () => systemd.act('start', UNIT, { timeoutMs: 50 }));
  await step('start that is interrupted', () =>
    systemd.act('start', UNIT, { ...SOON, interrupted: () => true }),
  );
  await step('activating', () => state());
  await step('stop of that', () => systemd.act('stop', UNIT, SOON));
  rmSync(FILE);
  await step('disable without a file', () => systemd.disable([UNIT], 'persistent'));
  await systemd.reload();
  await systemd.resetFailed(UNIT);
  await step('gone', () => state());
  systemd.close();
  return told;
}

function write(start: string, reload: string): void {
  mkdirSync(FOLDER, { recursive: true });
  const service = `Type=oneshot\nRemainAfterExit=yes\nExecStart=${start}\nExecReload=${reload}\n`;
  writeFileSync(FILE, `[Service]\n${service}[Install]\nWantedBy=multi-user.target\n`);
}

/** A moment in the last minute is what can be compared; systemd forgets when a unit ended whenever it likes to. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? 'done';
  const { sinceMs, ...state } = value as UnitState;
  if (state.active !== 'active') return state;
  return { ...state, isRecent: sinceMs !== undefined && Math.abs(Date.now() - sinceMs) < 60_000 };
}

const bus = await outcomesOf(await openBusSystemd());
process.stdout.write(JSON.stringify({ bus, systemctl: await outcomesOf(systemctl()) }));
