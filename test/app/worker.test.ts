import { describe, expect, test } from 'vitest';
import { enable } from '../../src/app/enable.ts';
import { joinByToken } from '../../src/app/join-by-token.ts';
import { leave } from '../../src/app/leave.ts';
import { rejoin } from '../../src/app/rejoin.ts';
import { untoldLines } from '../../src/cli/render/leave.ts';
import { IslandError } from '../../src/errors.ts';
import type { HubClient } from '../../src/hub/client.ts';
import type { JoinAnswer } from '../../src/hub/wire.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { fakeSystemd } from '../support/fake-systemd.ts';
import { ipv4 } from '../support/observed.ts';
import { workersFile } from '../support/register.ts';

const KEY = 'k'.repeat(43);
const TOKEN = `abcdefgh.${'t'.repeat(43)}`;
const OPTIONS = { hub: ipv4('138.96.245.50'), port: 10_310, token: TOKEN, routes: [], takeover: false };
const ANSWER: JoinAnswer = {
  ...{ name: 'home', inner: ipv4('10.3.1.65'), mac: '0e:11:00:00:00:01', hubMac: '0e:11:00:00:00:02' },
  key: KEY,
};
const REFUSED = new IslandError('E_PERMISSION', 'the hub refuses the key');
const SILENT = new IslandError('E_RETRY', 'no answer');

interface Site {
  readonly host: FakeHost;
  /** What the hub was asked, and as whom. */
  readonly asked: string[];
  /** Whether the link carries anything. */
  carries: boolean;
  /** What the hub refuses, and how. */
  refuses: Readonly<Record<string, IslandError>>;
}

/** A host at home, and a hub that leases to it. */
function home(links: Readonly<Record<string, { readonly addresses: readonly string[] }>> = {}): Site {
  const bare = fakeHost({
    hostname: 'home',
    links: { eth0: { addresses: ['192.168.77.11/24'] }, ...links },
    routes: [{ to: '0.0.0.0/0', via: '192.168.77.1', dev: 'eth0' }],
  });
  let ms = 0;
  const lineAs = (identity: string): HubClient => {
    const answer = <T>(call: string, value: T): Promise<T> => {
      site.asked.push(`${call} ${identity}`);
      const refusal = site.refuses[`${call} ${identity}`];
      return refusal === undefined ? Promise.resolve(value) : Promise.reject(refusal);
    };
    const config = workersFile();
    const greeting = { island: 'r2lab', role: 'worker', config, sawYou: ipv4('198.51.100.1') } as const;
    return {
      hello: () => answer('hello', greeting),
      join: () => answer('join', ANSWER),
      release: () => answer('release', undefined),
    };
  };
  const host: FakeHost = {
    ...bare,
    hubLine: ({ identity }) => lineAs(identity),
    reach: () => Promise.resolve(site.carries ? 1 : undefined),
    now: () => {
      ms += 1000;
      return ms;
    },
    configFiles: () => {
      const text = bare.files.get('r2lab/config');
      const path = '/var/lib/island/r2lab/r2lab.yaml';
      return Promise.resolve(text === undefined ? [] : [{ path, text }]);
    },
  };
  const site: Site = { host, asked: [], carries: true, refuses: {} };
  return site;
}

async function joined(): Promise<Site> {
  const site = home();
  await joinByToken(site.host, OPTIONS);
  site.asked.length = 0;
  return site;
}

describe('a join with a token', () => {
  test('asks for a lease only when nothing on this host is in the way', async () => {
    const { host, asked } = home({ lan: { addresses: ['192.168.3.9/24'] } });
    await expect(joinByToken(host, OPTIONS)).rejects.toMatchObject({ code: 'E_CONFIG' });
    expect(asked).toEqual(['hello token:abcdefgh']);
  });

  test('asks for none on a kernel that cannot be a worker', async () => {
    const { host, asked } = home();
    const old = new IslandError('E_HOST_UNSUPPORTED', 'too old');
    const require = () => {
      throw old;
    };
    await expect(joinByToken({ ...host, require }, OPTIONS)).rejects.toBe(old);
    expect(asked).toEqual(['hello token:abcdefgh']);
  });

  test('gives the lease back when nothing comes through the link', async () => {
    const site = home();
    const before = JSON.stringify(site.host.kernel.observe());
    site.carries = false;
    await expect(joinByToken(site.host, OPTIONS)).rejects.toMatchObject({ code: 'E_RETRY' });
    expect(site.asked).toEqual(['hello token:abcdefgh', 'join token:abcdefgh', 'release lease:home']);
    expect(JSON.stringify(site.host.kernel.observe())).toBe(before);
    expect([...site.host.files.keys()]).toEqual([]);
  });

  test('of a host that has its lease costs no use of the token, and whatever comes of it, it keeps that', async () => {
    const site = await joined();
    const files = new Map(site.host.files);
    site.carries = false;
    await expect(joinByToken(site.host, OPTIONS)).rejects.toMatchObject({ code: 'E_RETRY' });
    expect(site.asked).toEqual(['hello token:abcdefgh', 'join lease:home']);
    expect(site.host.files).toEqual(files);
  });

  test('of a host whose lease is gone takes the token', async () => {
    const site = await joined();
    site.refuses = { 'join lease:home': REFUSED };
    await joinByToken(site.host, OPTIONS);
    expect(site.asked).toEqual(['hello token:abcdefgh', 'join lease:home', 'join token:abcdefgh']);
  });

  test('asks for no lease while another command is at it', async () => {
    const { host, asked } = home();
    await host.exclusively('r2lab', () =>
      expect(joinByToken(host, OPTIONS)).rejects.toMatchObject({ code: 'E_RETRY' }),
    );
    expect(asked).toEqual(['hello token:abcdefgh']);
  });
});

describe('a join of a worker without a token', () => {
  test('asks the hub nothing when it answers through the link', async () => {
    const { host, asked } = await joined();
    expect((await rejoin(host, {})).reached).toMatchObject([{ ms: 1 }]);
    expect(asked).toEqual([]);
  });

  test('says that the lease is gone when the hub has none, and what to type', async () => {
    const site = await joined();
    site.carries = false;
    site.refuses = { 'hello lease:home': REFUSED };
    await expect(rejoin(site.host, {})).rejects.toMatchObject({
      code: 'E_PERMISSION',
      message:
        "the hub has no lease for this host any more: that of home was released there, or is another machine's",
      hint: 'run "island token create --name home" on the hub, which has 138.96.245.50, and here what it prints; or "island leave"',
    });
  });

  test('is done where the hub cannot be asked, which is said', async () => {
    const site = await joined();
    site.carries = false;
    site.refuses = { 'hello lease:home': SILENT };
    const said: string[] = [];
    const { reached } = await rejoin(site.host, { say: (text) => void said.push(text) });
    expect(reached).toMatchObject([{ ms: undefined }]);
    expect(said).toEqual(['no answer; this host is ready for when it does']);
  });

  test('says where to look when the hub has its lease and packets do not come through', async () => {
    const site = await joined();
    site.carries = false;
    const said: string[] = [];
    await rejoin(site.host, { say: (text) => void said.push(text) });
    expect(site.asked).toEqual(['hello lease:home', 'join lease:home']);
    expect(said).toEqual([
      'the hub still has the lease of this host, but nothing comes back through the link: see that UDP port 10310 gets from here to 138.96.245.50',
    ]);
  });
});

describe('a worker that leaves', () => {
  test('tells its hub', async () => {
    const { host, asked } = await joined();
    expect((await leave(host, {})).lease).toEqual({ name: 'home', hub: '138.96.245.50', released: true });
    expect(asked).toEqual(['release lease:home']);
    expect([...host.files.keys()]).toEqual([]);
  });

  test('may be enabled, and joins at a boot without a token', async () => {
    const site = await joined();
    const systemd = fakeSystemd(site.host);
    await enable(systemd.host, { term: 'persistent', now: true });
    expect((await enable(systemd.host, { term: 'persistent', now: true })).steps).toEqual([]);
    await leave(site.host, { keepLease: true });
    await systemd.reboot();
    expect(Object.fromEntries(systemd.active)).toEqual({
      'island@r2lab.service': 'active',
      'islandd@r2lab.service': 'active',
      'islandd@r2lab.socket': 'active',
    });
    expect(await rejoin(site.host, {})).toMatchObject({ scene: { place: { role: 'worker', name: 'home' } } });
    expect(site.asked).toEqual([]);
  });

  test('and comes back, as at a reboot, needs no token then, and its hub hears nothing', async () => {
    const site = await joined();
    const before = new Map(site.host.files);
    expect(await leave(site.host, { keepLease: true })).toEqual({ island: 'r2lab', changed: true });
    expect(await rejoin(site.host, {})).toMatchObject({ scene: { place: { role: 'worker', name: 'home' } } });
    expect(site.asked).toEqual([]);
    expect(site.host.files).toEqual(before);
  });

  test('need not tell a hub that has released it', async () => {
    const site = await joined();
    site.refuses = { 'release lease:home': REFUSED };
    expect((await leave(site.host, {})).lease?.released).toBe(true);
  });

  test('leaves also when the hub cannot be told, and says what to type there', async () => {
    const site = await joined();
    site.refuses = { 'release lease:home': SILENT };
    const { changed, lease } = await leave(site.host, {});
    expect(changed).toBe(true);
    expect(lease && untoldLines(lease)).toEqual([
      'island: the hub could not be told that home has left: no answer',
      'hint: run "island lease release home" on the hub, which has 138.96.245.50',
    ]);
  });
});
