import { describe, expect, test } from 'vitest';
import { type HostsChange, listNames, removeNames, writeNames } from '../../src/app/hosts.ts';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { fakeHost } from '../support/fake-host.ts';
import { hostOf, hostWithFile } from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';

const textWith = (client: string) => `dns: { client: ${client} }\n${modelFile('vxlan')}`;
const FIT07 = '192.168.3.7  fit07.r2lab.internal fit07';

describe('names that an operator puts into /etc/hosts', () => {
  test('are told beforehand, are there once, follow the file and go again', async () => {
    const { host, edit } = hostWithFile('fit02', textWith('auto'));
    const { names } = host.kernel;
    const bare = names.hosts;
    const told: HostsChange[] = [];
    const onChange = (change: HostsChange) => {
      // Before the file has them.
      expect(change.added.some((line) => names.hosts.includes(`${line}\n`))).toBe(false);
      told.push(change);
    };
    expect(await writeNames(host, { onChange })).toMatchObject({ island: 'r2lab', state: 'written' });
    expect(names.hosts).toContain(`# island:r2lab names begin\n`);
    const written = names.hosts;
    expect(await writeNames(host, { onChange })).toEqual({
      ...{ island: 'r2lab', state: 'same', added: [], removed: [] },
    });
    expect(names.hosts).toBe(written);
    edit(textWith('auto').replace('fit[01-37]', 'node[01-37]'));
    await writeNames(host, { onChange });
    expect(told.map(({ added, removed }) => [added.length, removed.length])).toEqual([
      [45, 0],
      [37, 37],
    ]);
    expect(told[1]?.removed).toContain(FIT07);
    edit('no island at all');
    expect(await removeNames(host, {})).toMatchObject({ island: 'r2lab', state: 'removed' });
    expect(names.hosts).toBe(bare);
    expect(await removeNames(host, {})).toBeUndefined();
    expect(await removeNames(host, { island: 'r2lab' })).toMatchObject({ state: 'same' });
  });

  test("are nobody's to leave with, and not written beside those that join keeps", async () => {
    const host = hostOf('fit02', textWith('hosts'));
    await writeNames(host, {});
    const written = host.kernel.names.hosts;
    await join(host, {});
    expect(await writeNames(host, {})).toMatchObject({ state: 'joined', added: [] });
    expect(await leave(host, {})).toMatchObject({ changed: true, keepsNames: true });
    expect(host.kernel.names.hosts).toBe(written);
    expect(await removeNames(host, {})).toMatchObject({ state: 'removed' });
    expect(await leave(host, {})).toEqual({ island: 'r2lab', changed: false });
  });

  test('are left where broken markers do not tell them from others, and where several islands have some', async () => {
    const host = hostOf('fit02', textWith('auto'));
    await writeNames(host, {});
    const good = host.kernel.names.hosts;
    host.kernel.names.hosts = `# island:r2lab names begin\n${good}`;
    const message = expect.stringMatching(/^\/etc\/hosts:\d+: a second "# island:r2lab names begin"$/);
    await expect(writeNames(host, {})).rejects.toMatchObject({ code: 'E_CONFIG', message });
    await expect(removeNames(host, {})).rejects.toMatchObject({ code: 'E_CONFIG', message });
    host.kernel.names.hosts = `${good}${good.replaceAll('r2lab', 'other')}`;
    await expect(removeNames(host, {})).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: 'say which with -i, such as "-i r2lab"',
    });
    await removeNames(host, { island: 'r2lab' });
    expect(await removeNames(host, {})).toMatchObject({ island: 'other', state: 'removed' });
  });

  test('may be seen by anybody anywhere, and only root writes them', async () => {
    const configs = [{ path: '/etc/island/r2lab.yaml', text: textWith('auto') }];
    const laptop = fakeHost({ hostname: 'laptop', links: {}, configs, isRoot: false });
    const { names, note } = await listNames(laptop, {});
    expect([names.length, names[0], note]).toEqual([
      ...[45, { name: 'sopnode-l1', address: '138.96.245.50' }, undefined],
    ]);
    await expect(writeNames(laptop, {})).rejects.toMatchObject({ code: 'E_PERMISSION' });
    expect(await removeNames(laptop, { island: 'r2lab' })).toMatchObject({ state: 'same' });
  });

  test('are those of the file where only the hub knows the others, and it is said', async () => {
    const text = `workers: { pool: 10.3.1.64/26 }\n${textWith('auto')}`;
    expect((await listNames(hostOf('fit02', text), {})).note).toBe(
      'without the workers, which the hub knows',
    );
    expect((await listNames(hostOf('sopnode-l1', text), {})).note).toBeUndefined();
  });

  test('are not put where somebody else makes the file', async () => {
    const host = hostOf('fit02', textWith('auto'));
    const fixed = { ...host, hostsFile: () => ({ text: '', fixed: 'a symlink to /nix/hosts' }) };
    await expect(writeNames(fixed, {})).rejects.toMatchObject({
      message: '/etc/hosts is a symlink to /nix/hosts, which island does not replace',
    });
  });
});
