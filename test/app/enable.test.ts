import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disable } from '../../src/app/disable.ts';
import { type EnableOptions, enable } from '../../src/app/enable.ts';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { status } from '../../src/app/status.ts';
import type { Host } from '../../src/host/host.ts';
import { parseSession } from '../../src/model/session.ts';
import { fakeHost } from '../support/fake-host.ts';
import { file, hostOf, hostWithFile, NAMES, SELF, stateOf, textOf } from '../support/fake-site.ts';
import { type FakeSystemd, fakeSystemd } from '../support/fake-systemd.ts';
import { modelFile } from '../support/island.ts';

const TEXT = modelFile('vxlan');
const OTHER = TEXT.replace('r2lab', 'other')
  .replaceAll('10.3.1.', '10.4.1.')
  .concat('subnet: 10.4.1.0/24\nport: 20000\n');
const term = fc.constantFrom('persistent' as const, 'runtime' as const);
const UNITS = ['island@r2lab.service', 'islandd@r2lab.service'];
const SOCKET = 'islandd@r2lab.socket';
const MORE = `dns: { listen: [192.168.3.100] }\n${TEXT}`;

function site(text = TEXT) {
  const { host: machine, edit } = hostWithFile('faraday', text);
  const fake = fakeSystemd(machine);
  const all = () => everything(fake, stateOf(machine), machine.files);
  return { machine, edit, fake, host: fake.host, all };
}

function enabled(wish: EnableOptions) {
  return (host: Host) => enable(host, wish);
}

/** And the file then wants names answered on another address. */
function edited(wish: EnableOptions) {
  return async (host: Host, edit: (text: string) => void) => {
    await enable(host, wish);
    edit(MORE);
  };
}

/** What enable could change; a unit that nobody has heard of is inactive. */
function everything(
  { files, links, active, opened }: FakeSystemd,
  kernel: unknown,
  store: ReadonlyMap<string, string>,
) {
  const up = [...active].filter(([, state]) => state !== 'inactive');
  return {
    kernel,
    store: new Map(store),
    files: new Map(files),
    links: [...links].toSorted(),
    up: up.toSorted(),
    opened: new Map(opened),
  };
}

describe('enabling', () => {
  test('comes last, after the units have come up and the kernel is as the file says', async () => {
    const { host, fake, all } = site();
    const before = all();
    const { steps } = await enable(host, { term: 'persistent', now: true, plan: true });
    expect(all()).toEqual(before);
    const said: string[] = [];
    const done = await enable(host, { term: 'persistent', now: true, onCommand: (line) => said.push(line) });
    expect([done.steps, said]).toEqual([steps, steps]);
    expect(fake.asked).toEqual([
      'write /etc/systemd/system/island@.service',
      'write /etc/systemd/system/islandd@.service',
      'write /etc/systemd/network/70-island.link',
      `write /etc/systemd/system/${SOCKET}`,
      'verify',
      'daemon-reload',
      ...UNITS.map((unit) => `start ${unit}`),
      'enable persistent',
      'daemon-reload',
    ]);
    expect((await enable(host, { term: 'persistent', now: true })).steps).toEqual([]);
    const { units } = await status(host, {});
    expect(units.map(({ unit, active }) => `${unit} ${active}`)).toEqual(
      [...UNITS, SOCKET].map((unit) => `${unit} active`),
    );
  });

  test.each([
    ['on a bare host', async () => undefined, { term: 'persistent', now: true }],
    ['on a host that has joined by hand', (host: Host) => join(host, {}), { term: 'persistent', now: true }],
    [
      'to another term while it runs',
      enabled({ term: 'persistent', now: true }),
      { term: 'runtime', now: true },
    ],
    ['to another term for the next boot', enabled({ term: 'runtime' }), { term: 'persistent' }],
    [
      'on other addresses while it runs',
      edited({ term: 'persistent', now: true }),
      { term: 'persistent', now: true },
    ],
  ] as const)(
    '%s leaves all as it was, whatever goes wrong, and then can be done',
    async (_, begin, wish) => {
      let tried = 0;
      for (let isOver = false; !isOver; tried += 1) {
        for (const when of ['before', 'after'] as const) {
          const { host, edit, fake, all } = site();
          await begin(host, edit);
          const before = all();
          fake.fault = { at: tried, when };
          const outcome = await enable(host, wish).catch((error: unknown) => error);
          fake.fault = undefined;
          isOver = !(outcome instanceof Error);
          if (!isOver) expect(all(), `${tried} ${when}`).toEqual(before);
        }
      }
      expect(tried).toBeGreaterThan(5);
      const { host, edit, fake } = site();
      await begin(host, edit);
      await enable(host, wish);
      await fake.reboot();
      const ups = ['active', 'active', 'active'];
      expect([...fake.active.values()]).toEqual(wish.term === 'persistent' ? ups : []);
    },
  );

  test('is undone as well when the join does not succeed, and when the operator stops it', async () => {
    const { host, machine, all } = site();
    const before = all();
    machine.kernel.failOnce(2);
    await expect(enable(host, { term: 'persistent', now: true })).rejects.toMatchObject({
      code: 'E_APPLY',
      message: expect.stringMatching(/^systemctl start island@r2lab.service: failed.*as it was before$/),
    });
    expect(all()).toEqual(before);
    let questions = 0;
    const interrupted = () => {
      questions += 1;
      return questions > 6;
    };
    await expect(enable(host, { term: 'persistent', now: true, interrupted })).rejects.toMatchObject({
      code: 'E_RETRY',
    });
    expect(all()).toEqual(before);
  });

  test('refuses what a boot could not do: a bad file, no place in it, a place by --name, no systemd', async () => {
    const text = modelFile('vxlan', '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n');
    const nobody = {
      ...{ configs: [{ path: '/etc/island/r2lab.yaml', text }], hostname: 'nobody' },
      ...{ links: { eth0: { addresses: ['192.0.2.7/24'] } } },
      routes: [{ to: '0.0.0.0/0', via: '192.0.2.1', dev: 'eth0' }],
    };
    const broken = site(TEXT.replace('10.3.1.3', '10.9.9.9'));
    await expect(enable(broken.host, { term: 'persistent' })).rejects.toMatchObject({ code: 'E_CONFIG' });
    const stranger = fakeSystemd(fakeHost(nobody));
    await expect(enable(stranger.host, { term: 'persistent' })).rejects.toMatchObject({ code: 'E_CONFIG' });
    const named = fakeSystemd(fakeHost(nobody));
    await join(named.host, { name: 'laptop' });
    await expect(enable(named.host, { term: 'persistent' })).rejects.toMatchObject({
      ...{ code: 'E_CONFIG', hint: 'hostnamectl set-hostname laptop' },
    });
    await expect(enable(hostOf('faraday', TEXT), { term: 'persistent' })).rejects.toMatchObject({
      code: 'E_HOST_UNSUPPORTED',
      hint: expect.stringContaining('island join'),
    });
    for (const { asked, files } of [broken.fake, stranger, named])
      expect([asked, files.size]).toEqual([[], 0]);
  });

  test("goes by a unit that somebody else has put there, and takes nobody's away", async () => {
    const { host, fake } = site();
    const own = '[Service]\nExecStart=island join -i %i\nTimeoutStartSec=600\n';
    fake.files.set('/etc/systemd/system/island@.service', own);
    const { foreign } = await enable(host, { term: 'persistent', now: true });
    expect(foreign).toEqual(['/etc/systemd/system/island@.service']);
    await disable(host, { now: true });
    expect([...fake.files]).toEqual([['/etc/systemd/system/island@.service', own]]);
  });
});

test('asks for consent where it cuts the session it is given in, and only if it joins now', async () => {
  const { host, machine, all } = site();
  machine.ssh = parseSession('138.96.245.51 50022 192.168.3.100 22');
  const before = all();
  await expect(enable(host, { term: 'persistent', now: true })).rejects.toMatchObject({
    ...{ code: 'E_USAGE', hint: 'add --accept-risk ssh' },
  });
  const ask = () => Promise.resolve(false);
  await expect(enable(host, { term: 'persistent', now: true, ask })).rejects.toMatchObject({
    code: 'E_RETRY',
  });
  expect(all()).toEqual(before);
  await enable(host, { term: 'persistent' });
  await enable(host, { term: 'persistent', now: true, acceptRisk: ['ssh'] });
  await expect(disable(host, { now: true })).rejects.toMatchObject({ code: 'E_USAGE' });
  expect((await enable(host, { term: 'persistent', now: true })).steps).toEqual([]);
});

test('waits for the operator where a join is not confirmed yet', async () => {
  const { host, all } = site();
  await join(host, { confirmWithinMs: 60_000 });
  const before = all();
  await expect(enable(host, { term: 'persistent', now: true })).rejects.toMatchObject({
    ...{ code: 'E_RETRY', hint: expect.stringContaining('island confirm') },
  });
  expect(all()).toEqual(before);
});

describe('the socket', () => {
  const opened = ({ fake }: ReturnType<typeof site>) =>
    [...(fake.opened.get(SOCKET) ?? '').matchAll(/^ListenDatagram=(.*)$/gm)].map(([, address]) => address);

  test('has each address that the file gives, and the daemon gets it where it did without', async () => {
    const all = site();
    const { host, fake, edit } = all;
    await enable(host, { term: 'persistent' });
    expect([...fake.active]).toEqual([]);
    await enable(host, { term: 'persistent', now: true });
    expect(opened(all)).toEqual(['10.3.1.3:53']);
    edit(MORE);
    expect((await enable(host, { term: 'persistent', now: true })).steps).toEqual([
      `write /etc/systemd/system/${SOCKET}`,
      `systemd-analyze verify ${UNITS.join(' ')} ${SOCKET}`,
      'systemctl daemon-reload',
      `systemctl stop ${SOCKET}`,
      'systemctl restart islandd@r2lab.service',
    ]);
    expect(opened(all)).toEqual(['10.3.1.3:53', '192.168.3.100:53']);
    // As a daemon that an earlier version had enabled.
    fake.files.delete(`/etc/systemd/system/${SOCKET}`);
    fake.opened.delete(SOCKET);
    fake.active.set(SOCKET, 'inactive');
    expect((await enable(host, { term: 'persistent', now: true })).steps.at(-1)).toBe(
      'systemctl restart islandd@r2lab.service',
    );
    expect([opened(all), fake.active.get(SOCKET)]).toEqual([['10.3.1.3:53', '192.168.3.100:53'], 'active']);
  });

  test('that cannot be opened is left to the daemon, and one of somebody else to him', async () => {
    const { host, fake } = site();
    await enable(host, { term: 'persistent', now: true });
    fake.active.set(SOCKET, 'failed');
    expect((await enable(host, { term: 'persistent', now: true })).steps).toEqual([]);
    await disable(host, { now: true });
    expect([...fake.active.values()]).toEqual(['inactive', 'inactive', 'inactive']);
    const path = `/etc/systemd/system/${SOCKET}`;
    const own = '[Socket]\nListenDatagram=192.168.3.100:53\n';
    fake.files.set(path, own).set('/etc/systemd/system/islandd@other.socket', own);
    expect((await enable(host, { term: 'persistent', now: true })).foreign).toEqual([path]);
    await disable(host, { now: true });
    expect(fake.files.get(path)).toBe(own);
  });

  test('goes when the file gives this host no address any more, and a member without one has none', async () => {
    const path = `/run/systemd/system/${SOCKET}`;
    // No host of the file, but on a network of the island.
    const bare = TEXT.replace(/^.*fit.*\n/m, '');
    const { host: machine, edit } = hostWithFile('fit02', `dns: { listen: [192.168.3.2] }\n${bare}`);
    const { host, files, opened: open } = fakeSystemd(machine);
    await enable(host, { term: 'runtime', now: true });
    expect([files.has(path), open.has(SOCKET)]).toEqual([true, true]);
    edit(bare);
    await enable(host, { term: 'runtime' });
    expect([files.has(path), open.has(SOCKET)]).toEqual([true, true]);
    await enable(host, { term: 'runtime', now: true });
    expect([files.has(path), open.has(SOCKET)]).toEqual([false, false]);
  });
});

describe('disabling', () => {
  test('restores what was there before any enable, without the file as well', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NAMES),
        file,
        term,
        fc.boolean(),
        async (name, wanted, lasts, first) => {
          const { host: machine } = hostWithFile(name, textOf(wanted));
          const fake = fakeSystemd(machine);
          const all = () => everything(fake, stateOf(machine), machine.files);
          const before = all();
          await enable(fake.host, { term: lasts, now: true });
          if (first) await disable(fake.host, {});
          const bare = { ...fake.host, configFiles: () => Promise.resolve([]) };
          await disable(bare, { island: 'r2lab', now: true });
          expect(all()).toEqual(before);
          expect((await disable(bare, { island: 'r2lab', now: true })).steps).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('without --now keeps what runs until the next boot, and what stops it', async () => {
    const { host, fake, all } = site();
    const before = all();
    await enable(host, { term: 'persistent', now: true });
    expect(await disable(host, {})).toMatchObject({ isUp: true });
    expect([...fake.files.keys()].filter((path) => path.startsWith('/etc'))).toEqual([]);
    expect([...fake.active.values()]).toEqual(['active', 'active', 'active']);
    expect((await disable(host, {})).steps).toEqual([]);
    await leave(host, {});
    await fake.reboot();
    expect(all()).toEqual(before);
  });

  test('one of two islands keeps what the other needs', async () => {
    const configs = [TEXT, OTHER].map((text, index) => ({
      path: `/etc/island/${['r2lab', 'other'][index]}.yaml`,
      text,
    }));
    const fake = fakeSystemd(fakeHost({ hostname: 'faraday', configs, ...SELF.faraday }));
    await enable(fake.host, { island: 'r2lab', term: 'persistent' });
    const one = new Map(fake.files);
    await enable(fake.host, { island: 'other', term: 'runtime' });
    const more = '/run/systemd/system/islandd@other.socket';
    expect([...fake.files.keys()]).toEqual([...one.keys(), more]);
    await expect(disable(fake.host, {})).rejects.toMatchObject({ code: 'E_USAGE' });
    await disable(fake.host, { island: 'r2lab' });
    expect([...fake.files.keys()].every((path) => path.startsWith('/run'))).toBe(true);
    await disable(fake.host, {});
    expect([fake.files.size, fake.links.size]).toEqual([0, 0]);
  });
});
