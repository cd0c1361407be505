import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ISLAND, install, island, mustIsland } from '../support/island.ts';
import { type Dump, dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import type { Network } from '../support/lab/network.ts';
import { type Ssh, sshFrom, startSshd } from '../support/ssh.ts';

/** The operator's desk stands in the network that the island will reach through a peer; until then a router leads there. */
const NETWORK: Network = {
  hosts: {
    hub: {
      links: { uplink: { segment: 'site', addresses: ['198.51.100.10/24'] } },
      routes: ['default via 198.51.100.1'],
    },
    router: {
      links: {
        site: { segment: 'site', addresses: ['198.51.100.1/24'] },
        home: { segment: 'home', addresses: ['192.168.5.1/24'] },
      },
      forwards: true,
    },
    desk: {
      links: { eth0: { segment: 'home', addresses: ['192.168.5.7/24'] } },
      routes: ['default via 192.168.5.1'],
    },
  },
};

/** The peer does not exist, so that whatever goes there is lost. */
const FILE = `island: r2lab
link: vxlan
hub:
  name: hub
  outer: 198.51.100.10
  inner: 10.3.1.2
  networks:
    - subnet: 198.51.100.0/24
peers:
  - name: home
    outer: 203.0.113.20
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.5.0/24, gateway: 192.168.5.100 }
`;

const JOIN = `${process.execPath} ${ISLAND} join`;
const RISK =
  /your SSH session from 192\.168\.5\.7 to 198\.51\.100\.10 leaves by uplink via 198\.51\.100\.1 now and would leave by isl-\S+ via 10\.3\.1\.3 then/;

let lab: Lab;
let hub: LabHost;
let bare: Dump;
let desk: Ssh;
let router: Ssh;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(NETWORK);
  hub = lab.host('hub');
  await install([hub], FILE);
  // Else sudo asks a name server that is not there.
  await hub.writeFile('/etc/hosts', '127.0.0.1 localhost hub\n');
  await startSshd(hub);
  desk = await sshFrom(lab.host('desk'), hub, '198.51.100.10');
  router = await sshFrom(lab.host('router'), hub, '198.51.100.10');
});
afterAll(() => lab?.close());

beforeEach(async () => {
  await island(hub, 'leave');
  bare = await dump(hub);
});

async function hasJoined(): Promise<boolean> {
  return JSON.parse((await island(hub, 'status', '--json')).stdout).joined;
}

describe('join in a session that would lose its way', () => {
  test.each([
    ['as root', ''],
    ['behind sudo, which takes the session out of the environment', 'sudo '],
    ['in a login shell of sudo', 'sudo -i '],
  ])('is refused where nobody can be asked, %s', async (_, prefix) => {
    const { code, stderr } = await desk.run(`${prefix}${JOIN}`);
    expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringMatching(RISK) });
    expect(stderr).toContain('hint: add --accept-risk ssh, or --confirm-within 60s');
    expect(await dump(hub)).toEqual(bare);
  });

  test('asks on a terminal, and changes nothing after a no', async () => {
    const session = desk.type(JOIN, 'n\n');
    expect(await session.exited).toBe(75);
    expect(session.output()).toMatch(RISK);
    expect(session.output()).toContain('continue? [y/N] ');
    expect(session.output()).toContain('you did not agree to join; nothing was changed');
    expect(await dump(hub)).toEqual(bare);
  });

  test('asks on a terminal, and goes on after a yes: the session is lost, the island is there', async () => {
    const session = desk.type(JOIN, 'y\n');
    expect(await session.exited).toBe(255);
    await vi.waitFor(async () => expect(await hasJoined()).toBe(true), { timeout: 10_000 });
  });

  test('goes on without a question with --accept-risk ssh', async () => {
    // In the background, so that the session need not be waited for until it is found to be lost.
    expect((await desk.run(`${JOIN} --accept-risk ssh >/run/said 2>&1 &`)).code).toBe(0);
    await vi.waitFor(async () => expect(await hasJoined()).toBe(true), { timeout: 10_000 });
    expect(await hub.readFile('/run/said')).toMatch(RISK);
  });

  test('with --confirm-within is undone, and the operator comes in again', async () => {
    const lost = await desk.run(`${JOIN} --confirm-within 4s`);
    expect(lost).toMatchObject({ code: 255, stderr: expect.stringMatching(RISK) });
    const back = async () => expect((await desk.run('true')).code, 'the way in is open again').toBe(0);
    await vi.waitFor(back, { timeout: 30_000 });
    expect(await dump(hub)).toEqual(bare);
    expect(await hub.run(['find', '/run/island', '/var/lib/island', '-type', 'f'])).toBe('');
  });
});

describe('leave', () => {
  test('in a session that came in to an address of the island is refused as well', async () => {
    await mustIsland(hub, 'join');
    const inside = await sshFrom(lab.host('router'), hub, '10.3.1.2');
    await lab.host('router').ip(['route add 10.3.1.2/32 via 198.51.100.10']);
    const { code, stderr } = await inside.run(`${process.execPath} ${ISLAND} leave`);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: expect.stringContaining('the address 10.3.1.2 goes'),
    });
    expect(await hasJoined()).toBe(true);
  });
});

test('in a session that keeps its way nothing is asked or said, by join or by leave', async () => {
  expect(await router.run(JOIN)).toMatchObject({ code: 0, stderr: '' });
  expect(await router.run(`${process.execPath} ${ISLAND} leave`)).toMatchObject({ code: 0, stderr: '' });
  expect(await dump(hub)).toEqual(bare);
});
