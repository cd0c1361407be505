import { describe, expect, test } from 'vitest';
import { heal } from '../../src/app/heal.ts';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { status } from '../../src/app/status.ts';
import { hostOf, stateOf } from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';

const textWith = (client: string) => `dns: { client: ${client} }\n${modelFile('vxlan')}`;

describe('names by systemd-resolved', () => {
  test('are put back after somebody took them away, and are nobody’s while it does not run', async () => {
    const host = hostOf('faraday', textWith('auto'));
    const bare = stateOf(host);
    const first = await heal(host, { kept: undefined, joins: true });
    const good = stateOf(host);
    const [told] = [host.kernel.observe().resolved].flat();
    if (typeof told !== 'object') throw new Error('it was told nothing');
    const again = () => heal(host, { kept: first.island, joins: false });

    host.kernel.meddle(`resolvectl revert ${told.link}`);
    expect((await status(host, {})).drift).toEqual([
      `DNS of ${told.link} (10.3.1.2 for ~r2lab.internal and 8 more) is missing`,
    ]);
    expect(await again()).toMatchObject({ repaired: [expect.stringContaining('DNS of isl-')] });
    expect(stateOf(host)).toEqual(good);

    host.kernel.names.run(false);
    expect(await again()).toMatchObject({ repaired: [] });
    host.kernel.names.run(true);
    expect(await again()).toMatchObject({ repaired: [expect.stringContaining('DNS of isl-')] });
    expect(stateOf(host)).toEqual(good);
    await leave(host, {});
    expect(stateOf(host)).toEqual(bare);
  });
});

describe('names in /etc/hosts', () => {
  test('keep nothing else from leaving when they cannot be taken out', async () => {
    const host = hostOf('fit02', textWith('hosts'));
    const { hosts } = host.kernel.names;
    const bare = stateOf(host);
    await join(host, {});
    const ruled = host.kernel.observe().rules.length;
    expect(host.kernel.names.hosts).toContain('192.168.3.7  fit07.r2lab.internal fit07\n');

    const perform = host.perform;
    const readOnly = {
      ...host,
      perform: (effect: Parameters<typeof perform>[0]) => {
        if (effect.tool === 'hosts') host.kernel.failOnce(0);
        return perform(effect);
      },
    };
    await expect(leave(readOnly, {})).rejects.toThrow(/refuses: sed .*; all else has left the island/s);
    expect([host.kernel.observe().rules.length < ruled, host.files.size]).toEqual([true, 0]);

    const good = host.kernel.names.hosts;
    host.kernel.names.hosts = `# island:r2lab begin\n${good}`;
    await expect(leave(host, {})).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: '/etc/hosts:3: a second "# island:r2lab begin"; all else has left the island',
    });
    host.kernel.names.hosts = good;
    expect(await leave(host, {})).toMatchObject({ changed: true });
    expect([stateOf(host), host.kernel.names.hosts]).toEqual([bare, hosts]);
  });

  test('with broken markers nothing is joined', async () => {
    const host = hostOf('sopnode-l1', textWith('hosts'));
    host.kernel.names.hosts += '# island:r2lab end\n';
    const before = stateOf(host);
    await expect(join(host, {})).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: '/etc/hosts:2: "# island:r2lab end" without its begin; nothing was changed',
    });
    expect(stateOf(host)).toEqual(before);
  });
});
