import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { supervisorOf } from '../../src/host/notify.ts';

const PATH = '/usr/bin:/bin';
const SOCKET = { NOTIFY_SOCKET: '/run/nobody' };

test('where nobody waits for word nothing is told', () => {
  expect(supervisorOf({ env: {}, pid: 1, path: PATH })).toBeUndefined();
  expect(supervisorOf({ env: SOCKET, pid: 1, path: '/nowhere' })).toBeUndefined();
});

test('the watchdog is another process’s where it says so', () => {
  const patience = (env: object) =>
    supervisorOf({ env: { ...SOCKET, ...env }, pid: 7, path: PATH })?.patienceMs;
  expect(patience({ WATCHDOG_USEC: '3000000' })).toBe(3000);
  expect(patience({ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' })).toBe(3000);
  expect(patience({ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '8' })).toBeUndefined();
  expect(patience({})).toBeUndefined();
});

test('words are told one after the other, whatever becomes of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), `island-notify-${process.pid}-`));
  const program = join(folder, 'systemd-notify');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  await writeFile(
    program,
    `#!/bin/sh\necho "+$1" >>${folder}/told\nsleep 0.05\necho "-$1" >>${folder}/told\nexit 1\n`,
  );
  await chmod(program, 0o755);
  vi.stubEnv('PATH', `${folder}:${PATH}`);
  const supervisor = supervisorOf({ env: SOCKET, pid: 1, path: folder });
  supervisor?.tell('RELOADING=1');
  supervisor?.tell('READY=1');
  await supervisor?.close();
  expect(await readFile(`${folder}/told`, 'utf8')).toBe('+RELOADING=1\n-RELOADING=1\n+READY=1\n-READY=1\n');
});
