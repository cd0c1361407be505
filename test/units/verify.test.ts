import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EXIT } from '../../src/errors.ts';

const UNITS = fileURLToPath(new URL('../../units', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'island-units-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('systemd finds nothing to say about the units', async () => {
  const units = await copyUnits((text) => text);
  expect(units).toContain('island@.service');
  expect(await verify(units)).toEqual({ code: 0, said: '' });
});

test('the check would notice a misspelt key, a misspelt section and a missing program', async () => {
  const [unit = ''] = await copyUnits((text) => text.replace('RemainAfterExit', 'RemainAfterEnd'));
  expect((await verify([unit])).said).toContain('RemainAfterEnd');
  await copyUnits((text) => text.replace('[Service]', '[Servant]'));
  expect((await verify([unit])).said).toContain('Servant');
  await copyUnits((text) => text.replaceAll('/island ', '/no-island '));
  expect(await verify([unit])).toMatchObject({ code: 1, said: expect.stringContaining('no-island') });
});

test('the unit does not try again what trying again cannot cure', async () => {
  const unit = await readFile(join(UNITS, 'island@.service'), 'utf8');
  const { E_RETRY, E_APPLY, ...hopeless } = EXIT;
  expect(/^RestartPreventExitStatus=(.*)$/m.exec(unit)?.[1]).toBe(Object.values(hopeless).join(' '));
});

/** The units with `island` where it surely is: installed or not, this is about the units. */
async function copyUnits(change: (text: string) => string): Promise<string[]> {
  const program = join(folder, 'island');
  await rm(program, { force: true });
  await symlink('/bin/true', program);
  const names = await readdir(UNITS);
  for (const name of names) {
    const text = await readFile(join(UNITS, name), 'utf8');
    await writeFile(join(folder, name), change(text.replaceAll(/^(Exec\w+=)island /gm, `$1${program} `)));
  }
  return names;
}

function verify(units: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve, reject) => {
    const files = units.map((name) => join(folder, name));
    // The manual pages that other packages' units mention need not be installed.
    execFile('systemd-analyze', ['verify', '--man=no', ...files], (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), said: `${stdout}${stderr}` });
    });
  });
}
