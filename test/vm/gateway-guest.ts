// Runs in the guest, as a bundle, once its boot is done; the argument says which of the boots it is.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { reportResult } from '../support/guest/guest.ts';
import { HUB, KUBELET_RECORD, NETWORK_MADE, PLUG_IN, type Seen, UNITS } from './gateway-disk.ts';

const PATIENCE_S = 150;
const UNPLUGGED_S = 60;

const BOOTS: Readonly<Record<string, () => Promise<Partial<Seen>>>> = { enable, reset, unplugged };

const upAfter = uptime();
const kubelet = await until('the kubelet has written what it found', () =>
  existsSync(KUBELET_RECORD) ? JSON.parse(readFileSync(KUBELET_RECORD, 'utf8')) : undefined,
);
const seen = await BOOTS[process.argv[2] ?? '']?.();
reportResult({ kubelet, upAfter, ...seen });

async function enable(): Promise<Partial<Seen>> {
  const answeredBefore = answers();
  const { status, stdout, stderr } = spawnSync('island', ['enable', '--persistent', '--now'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`island enable: exit ${status}\n${stdout}${stderr}\n${journal()}`);
  const answered = answers();
  await untilActive();
  return { answeredBefore, answered, units: states() };
}

async function reset(): Promise<Partial<Seen>> {
  const answered = answers();
  await untilActive();
  const udev = run('udevadm', 'info', '--query=property', `/sys/class/net/${islandLink()}`);
  // What udev does to links of others and would do to ours: it gives them another address.
  for (const name of ['islother', 'other']) {
    run('ip', 'link', 'add', name, 'type', 'vxlan', 'id', name === 'other' ? '1' : '2', 'dstport', '1');
  }
  run('udevadm', 'settle');
  const origins = ['islother', 'other'].map((name) =>
    readFileSync(`/sys/class/net/${name}/addr_assign_type`, 'utf8').trim(),
  );
  return { answered, units: states(), udev: udev.trim().split('\n'), origins };
}

async function unplugged(): Promise<Partial<Seen>> {
  const answeredBefore = answers();
  await delay(Math.max(0, madeAfter() + UNPLUGGED_S - uptime()) * 1000);
  run(PLUG_IN);
  await until('the hub answers', () => answers() || undefined);
  await untilActive();
  return { answeredBefore, answered: true, units: states() };
}

function madeAfter(): number {
  return Number(readFileSync(NETWORK_MADE, 'utf8'));
}

function answers(): boolean {
  return spawnSync('ping', ['-n', '-q', '-c', '1', '-W', '5', HUB]).status === 0;
}

function islandLink(): string {
  const links: readonly { ifname: string }[] = JSON.parse(run('ip', '-j', 'link', 'show', 'type', 'ipip'));
  return links.map(({ ifname }) => ifname).find((name) => name.startsWith('isl')) ?? 'none';
}

async function untilActive(): Promise<void> {
  await until(
    'the units are active',
    () => states().every((state) => state.includes(' active ')) || undefined,
  );
}

/** Of each unit: its name, state and whether it is enabled. */
function states(): string[] {
  const shown = run('systemctl', 'show', '--property=Id,ActiveState,UnitFileState', ...UNITS);
  return shown
    .trim()
    .split('\n\n')
    .map((unit) => unit.replaceAll(/^\w+=/gm, '').split('\n').join(' '));
}

function run(...[program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' });
}

function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/** Else what the units logged is the reason why the guest ends. */
async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const deadline = uptime() + PATIENCE_S;
  for (;;) {
    const value = look();
    if (value !== undefined) return value;
    if (uptime() > deadline) throw new Error(`not in time: ${what}\n${journal()}`);
    await delay(2000);
  }
}

function journal(): string {
  return run('journalctl', '--boot', '--no-pager', '--lines=20', '--output=cat', '--unit=island*');
}
