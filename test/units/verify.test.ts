import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { socketText } from '../../src/plan/socket-unit.ts';
import { ipv4 } from '../support/observed.ts';

const UNITS = fileURLToPath(new URL('../../units', import.meta.url));
const SERVICES = ['island@.service', 'islandd@.service'];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'island-units-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('systemd finds nothing to say about the units', async () => {
  const units = await copyUnits((text) => text);
  expect(units).toEqual(expect.arrayContaining([...SERVICES, 'island.target']));
  expect(await verify(units)).toEqual({ code: 0, said: '' });
});

test('nor about what "island enable" writes for the addresses that a host answers on, and it fits the daemon', async () => {
  const units = await copyUnits((text) => text);
  const socket = 'islandd@r2lab.socket';
  await writeFile(join(folder, socket), socketText('r2lab', ['10.3.1.2', '127.0.0.1'].map(ipv4)));
  expect(await verify([socket, ...units])).toEqual({ code: 0, said: '' });
  const listens = 'Stream=10.3.1.2:53 Stream=127.0.0.1:53 Datagram=10.3.1.2:53 Datagram=127.0.0.1:53';
  const written = await readFile(join(folder, socket), 'utf8');
  expect(written.match(/(?<=^Listen).*$/gm)).toEqual(listens.split(' '));
  // Both come after the same servers, or one of them would be waited for in vain.
  const servers = (unit: string) => settingOf(unit, 'After')?.split(' ').slice(1);
  expect(servers(written)).toEqual(servers(await readFile(join(UNITS, 'islandd@.service'), 'utf8')));
});

test('the check would notice a misspelt key, a misspelt section and a missing program', async () => {
  const unit = 'island@.service';
  await copyUnits((text) => text.replace('RemainAfterExit', 'RemainAfterEnd'));
  expect((await verify([unit])).said).toContain('RemainAfterEnd');
  await copyUnits((text) => text.replace('[Service]', '[Servant]'));
  expect((await verify([unit])).said).toContain('Servant');
  await copyUnits((text) => text.replaceAll('/island ', '/no-island '));
  expect(await verify([unit])).toMatchObject({ code: 1, said: expect.stringContaining('no-island') });
});

describe.each(SERVICES)('%s', (name) => {
  test('does not try again what trying again cannot cure, and all else for ever', async () => {
    const unit = await readFile(join(UNITS, name), 'utf8');
    const { E_RETRY, E_APPLY, E_BUG, ...hopeless } = EXIT;
    expect(settingOf(unit, 'RestartPreventExitStatus')).toBe(Object.values(hopeless).join(' '));
    expect(settingOf(unit, 'StartLimitIntervalSec')).toBe('0');
  });

  test('is exposed to no more than 2.7 of 10', async () => {
    await copyUnits((text) => text);
    const { said } = await analyze('security', ['--offline=true', join(folder, name)]);
    const level = Number(/Overall exposure level for .*: (\d+\.\d)/.exec(said)?.[1]);
    expect(level).toBeLessThanOrEqual(2.7);
  });
});

function settingOf(unit: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];
}

/** The units with `island` where it surely is: installed or not, this is about the units. */
async function copyUnits(change: (text: string) => string): Promise<string[]> {
  const program = join(folder, 'island');
  await rm(program, { force: true });
  await symlink('/bin/true', program);
  const names = (await readdir(UNITS)).filter((name) => /\.(?:service|target|socket)$/.test(name));
  for (const name of names) {
    const text = await readFile(join(UNITS, name), 'utf8');
    await writeFile(join(folder, name), change(text.replaceAll(/^(Exec\w+=)island /gm, `$1${program} `)));
  }
  return names;
}

interface Said {
  readonly code: number;
  readonly said: string;
}

/** The manual pages that units mention need not be installed. */
function verify(units: readonly string[]): Promise<Said> {
  return analyze('verify', ['--man=no', ...units.map((name) => join(folder, name))]);
}

function analyze(what: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    execFile('systemd-analyze', [what, ...args], (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), said: `${stdout}${stderr}` });
    });
  });
}
