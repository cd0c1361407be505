import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IslandError } from '../../src/errors.ts';
import { readConfigFiles } from '../../src/host/config-files.ts';

const STRANGER = 4242;
const isRoot = process.getuid?.() === 0;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'island-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file below the test's own folder, and the folders to it. */
function put(name: string, mode = 0o644): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, 'island: r2lab\n');
  chmodSync(path, mode);
  return path;
}

/** Why it is refused, and what the operator is told to do; undefined when it is read. */
function refusal(path: string): readonly (string | undefined)[] | undefined {
  try {
    readConfigFiles(path);
    return undefined;
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    expect(error.code).toBe('E_CONFIG');
    return [error.message, error.hint];
  }
}

describe('a file that only its owner may write', () => {
  test.each([0o644, 0o600, 0o444, 0o755])('is read with mode %o', (mode) => {
    const path = put('r2lab.yaml', mode);
    expect(readConfigFiles(path)).toEqual([{ path, text: 'island: r2lab\n' }]);
  });

  test('is read through a symlink, a path with dots, and one from the current folder', () => {
    const path = put('real/r2lab.yaml');
    symlinkSync('real/../real', join(folder, 'way'));
    symlinkSync(path, join(folder, 'link.yaml'));
    for (const name of ['way/r2lab.yaml', 'link.yaml', 'real/../link.yaml', 'way/../link.yaml']) {
      expect(refusal(`${folder}/${name}`)).toBeUndefined();
    }
    expect(refusal('package.json')).toBeUndefined();
  });

  test('is read in a folder where others may put files but not replace ours', () => {
    const path = put('shared/r2lab.yaml');
    chmodSync(join(folder, 'shared'), 0o1777);
    expect(refusal(path)).toBeUndefined();
  });
});

describe('a file that others may change is refused', () => {
  test.each([
    ['its group', 0o664, '664'],
    ['everybody', 0o646, '646'],
    ['everybody, who may not read it', 0o602, '602'],
  ])('when %s may write it', (_, mode, shown) => {
    const path = put('r2lab.yaml', mode);
    expect(refusal(path)).toEqual([`${path}: others may write it (mode ${shown})`, `chmod go-w ${path}`]);
  });

  test('with a hint that can be pasted whatever its name is', () => {
    const path = put("it's $(id).yaml", 0o666);
    const hint = refusal(path)?.[1] ?? '';
    execFileSync('sh', ['-c', hint]);
    expect(refusal(path)).toBeUndefined();
  });

  test('when others may write the folder, or one above it', () => {
    const path = put('a/b/r2lab.yaml');
    chmodSync(join(folder, 'a'), 0o775);
    const reason = `${path}: ${folder}/a: others may write it (mode 775)`;
    expect(refusal(path)).toEqual([reason, `chmod go-w ${folder}/a`]);
  });

  test('when others may write the folder of a symlink to it', () => {
    const path = put('real/r2lab.yaml');
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    symlinkSync(path, join(folder, 'open/r2lab.yaml'));
    symlinkSync('open/r2lab.yaml', join(folder, 'twice.yaml'));
    for (const name of ['open/r2lab.yaml', 'twice.yaml']) {
      expect(refusal(join(folder, name))?.[0]).toContain(`${folder}/open: others may write it`);
    }
  });

  test('when what a symlink leads to is', () => {
    const path = put('real/r2lab.yaml', 0o666);
    symlinkSync('real/r2lab.yaml', join(folder, 'link.yaml'));
    expect(refusal(join(folder, 'link.yaml'))).toEqual([
      `${folder}/link.yaml: ${path}: others may write it (mode 666)`,
      `chmod go-w ${path}`,
    ]);
  });
});

describe.runIf(isRoot)('a file of somebody else is refused', () => {
  test('by the owner of the file, whatever its mode', () => {
    const path = put('r2lab.yaml', 0o444);
    chownSync(path, STRANGER, 0);
    expect(refusal(path)).toEqual([
      `${path}: it belongs to somebody else (uid ${STRANGER})`,
      `chown root ${path}`,
    ]);
  });

  test('by the owner of a folder above it', () => {
    const path = put('home/r2lab.yaml');
    chownSync(join(folder, 'home'), STRANGER, 0);
    const reason = `${path}: ${folder}/home: it belongs to somebody else (uid ${STRANGER})`;
    expect(refusal(path)?.[0]).toBe(reason);
  });

  test('by the owner of a symlink, as in /tmp, where anybody may point one at a file of root', () => {
    const path = put('real/r2lab.yaml');
    mkdirSync(join(folder, 'shared'));
    chmodSync(join(folder, 'shared'), 0o1777);
    const link = join(folder, 'shared/r2lab.yaml');
    symlinkSync(path, link);
    execFileSync('chown', ['-h', String(STRANGER), link]);
    const reason = `${link}: it belongs to somebody else (uid ${STRANGER})`;
    expect(refusal(link)).toEqual([reason, `chown -h root ${link}`]);
  });
});

describe('what is no file is refused at once', () => {
  test('a folder, a FIFO that nobody writes to, a device', () => {
    mkdirSync(join(folder, 'folder.yaml'));
    execFileSync('mkfifo', [join(folder, 'fifo.yaml')]);
    for (const path of [`${folder}/folder.yaml`, `${folder}/fifo.yaml`, '/dev/zero', '/dev/null']) {
      expect(refusal(path)?.[0]).toBe(`${path}: not a file: a folder, a pipe or a device`);
    }
  });

  test('a file of more bytes than any island has, before it is read', () => {
    const path = put('r2lab.yaml');
    // It has no block on the disk.
    execFileSync('truncate', ['--size', '1T', path]);
    expect(refusal(path)?.[0]).toBe(`${path}: too long: ${2 ** 40} bytes`);
  });

  test('a symlink to itself, and a name that is not there', () => {
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'));
    expect(refusal(join(folder, 'loop.yaml'))?.[0]).toContain('cannot read: ELOOP');
    expect(refusal('/no/such/r2lab.yaml')?.[0]).toBe('/no/such/r2lab.yaml: cannot read: ENOENT');
  });
});
