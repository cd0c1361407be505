import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ISLAND, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import type { Outcome } from '../support/lab/namespace.ts';
import { workerBehind } from '../support/nat/site.ts';
import {
  HUB,
  joinWith,
  mustJoinWith,
  raiseWorkersLab,
  refusedOn,
  tokenFrom,
  type WorkersLab,
} from '../support/workers.ts';

let site: WorkersLab;
/** Behind a NAT that is not ours, and never admitted here. */
let stranger: LabHost;
let expired: string;
let unanswered: Promise<Outcome>;

beforeAll(async () => {
  site = await raiseWorkersLab(3);
  const { lab, hub, token } = site;
  stranger = lab.host('home-w1');
  expired = await tokenFrom(hub, '--ttl', '1s');
  await mustJoinWith(lab.host('home-w2'), token, '--route', '10.244.7.0/24');
  await lab.host('internet').run(['nft', 'add rule inet internet forward tcp dport 10399 drop']);
  // It takes its time, in which the others are refused.
  const argv = ['join', '--hub', `${HUB}:10399`, '--token', token];
  unanswered = lab.host('open-w1').exec([process.execPath, ISLAND, ...argv], { timeoutMs: 60_000 });
  unanswered.catch(() => undefined);
});
afterAll(() => site?.lab.close());

/** The exit status and all that it said, once it is seen that nothing has changed on the host and at the hub. */
async function refusal(host: LabHost, join: () => Promise<Outcome>): Promise<string> {
  const { before, after, code, said } = await refusedOn(host, site.hub, join);
  expect(after).toEqual(before);
  return `${code} ${said}`;
}

/** The same of the stranger, with a good token and these options. */
function refusedWith(...options: readonly string[]): Promise<string> {
  return refusal(stranger, () => joinWith(stranger, site.token, ...options));
}

describe('a token that is none', () => {
  test.each([
    ['unknown', () => `aaaaaaaa.${'A'.repeat(43)}`],
    ['of another key', () => site.token.replace(/.{20}$/, 'A'.repeat(20))],
    [
      'revoked',
      async () => {
        const token = await tokenFrom(site.hub);
        await mustIsland(site.hub, 'token', 'revoke', token.slice(0, 8));
        return token;
      },
    ],
  ])('is refused without a word on which it is: %s', async (_, tokenOf) => {
    const token = await tokenOf();
    const said = await refusal(stranger, () => joinWith(stranger, token));
    expect(said).toBe(
      '77 island: the hub refuses this token: it is unknown, revoked or mistyped\nhint: copy it again, or make a new one on the hub: island token create\n',
    );
  });

  test('is not sent when it was cut off while it was copied', async () => {
    const said = await refusal(stranger, () => joinWith(stranger, site.token.slice(0, -1)));
    expect(said).toMatch(/^64 island: not a token: eight letters, a dot, and 43 letters\nhint: copy /);
  });
});

describe('a token that was good', () => {
  test.each([
    ['a worker', 'home-w1'],
    ['a member', 'fit07'],
  ])('is refused to %s once it has expired, with when that was', async (_, name) => {
    const host = site.lab.host(name);
    const said = await refusal(host, () => joinWith(host, expired));
    expect(said).toMatch(
      /^77 island: token [a-z2-7]{8} has expired at 20\S+Z\nhint: run "island token create" on the hub for a new one\n$/,
    );
  });

  test('is refused to a worker and to a member once another worker has used it up', async () => {
    const { lab, hub } = site;
    const token = await tokenFrom(hub);
    await mustJoinWith(lab.host('home-w3'), token);
    await mustIsland(lab.host('home-w3'), 'leave');
    for (const host of [stranger, lab.host('fit07')]) {
      const said = await refusal(host, () => joinWith(host, token));
      expect(said).toMatch(/^77 island: token [a-z2-7]{8} is used up\nhint: run "island token create"/);
    }
  });

  test('is refused to a name that it is not for', async () => {
    const token = await tokenFrom(site.hub, '--name', 'w7');
    const said = await refusal(stranger, () => joinWith(stranger, token));
    expect(said).toMatch(
      /^77 island: token \S+ is for w7 and not for home-w1\nhint: join with --name w7, or /,
    );
  });
});

test.each([
  ['is not there', `${HUB}:10311`],
  ['is another machine', '198.51.100.101'],
])('a hub that %s is named with its port', async (_, hub) => {
  const argv = [process.execPath, ISLAND, 'join', '--hub', hub, '--token', site.token];
  expect(await refusal(stranger, () => stranger.exec(argv))).toMatch(
    /^75 island: \S+:103\d\d \(hub\): no answer \(ECONNREFUSED\)\nhint: see that "island serve" runs on the hub, and that the underlay lets TCP 103\d\d pass\n$/,
  );
});

describe('a name that is taken', () => {
  test('by a peer of the file is refused', async () => {
    expect(await refusedWith('--name', 'faraday')).toMatch(
      /^78 island: faraday is the hub or a peer in the file of r2lab\nhint: say another name with --name; if this is faraday, /,
    );
  });

  test('by a host of the file is refused', async () => {
    expect(await refusedWith('--name', 'sopnode-w2')).toMatch(
      /^64 island: name sopnode-w2 is already that of a host in the file\nhint: join under another name with --name/,
    );
  });

  test('by another worker that is alive is refused, with how to take it over', async () => {
    expect(await refusedWith('--name', 'home-w2')).toBe(
      '64 island: name home-w2 is that of another machine, which answers at 10.3.1.64\nhint: join under another name with --name, or take this one from it with --takeover\n',
    );
  });

  test('or is no name at all is refused before anybody is asked', async () => {
    const rename = (name: string) =>
      stranger.run(['sh', '-c', 'echo "$1" >/proc/sys/kernel/hostname', 'rename', name]);
    await rename('Node_1.local');
    try {
      const hint = 'hint: say another one with --name, in lower case, such as --name fit07\n';
      expect(await refusedWith()).toBe(`64 island: not a name for a host of an island: "Node_1"\n${hint}`);
    } finally {
      await rename('home-w1');
    }
  });
});

describe('a range behind a worker', () => {
  test.each([
    [
      "overlaps another worker's",
      ['10.244.7.128/25'],
      /range 10\.244\.7\.128\/25 overlaps 10\.244\.7\.0\/24, a range behind home-w2/,
    ],
    [
      'is that of a host in the file',
      ['10.244.160.0/24'],
      /range outside those of workers: 10\.244\.160\.0\/24\nhint: name a part of 10\.244\.0\.0\/18/,
    ],
    [
      'is outside those of workers',
      ['192.168.101.0/24'],
      /range outside those of workers: 192\.168\.101\.0\/24/,
    ],
    [
      'overlaps another of its own',
      ['10.244.8.0/24', '10.244.8.0/25'],
      /range 10\.244\.8\.0\/25 overlaps 10\.244\.8\.0\/24, named here, too/,
    ],
    ['is none', ['10.244.8.0/33'], /--route: not an IPv4 subnet: "10\.244\.8\.0\/33"/],
  ])('is refused when it %s', async (_, ranges, words) => {
    const said = await refusedWith(...ranges.flatMap((range) => ['--route', range]));
    expect(said).toMatch(new RegExp(`^64 island: ${words.source}`));
  });

  test('is refused to a member, whose ranges stand in the file', async () => {
    const member = site.lab.host('fit07');
    const said = await refusal(member, () => joinWith(member, site.token, '--route', '10.244.8.0/24'));
    expect(said).toMatch(/^64 island: fit07 is on a network of the island, and takes no --route\n/);
  });
});

describe('what is here already', () => {
  test.each([
    [
      'pods in a range of workers that were not named',
      ['address add 10.244.9.1/24 dev other'],
      /10\.244\.9\.0\/24 on other of this host overlaps the network 10\.244\.0\.0\/18 of sopnode-l1/,
    ],
    [
      'a VPN with a next hop in a network of the island',
      ['address add 172.30.0.1/24 dev other', 'route add 192.168.3.0/26 via 172.30.0.2'],
      /the route 192\.168\.3\.0\/26 via 172\.30\.0\.2 dev other .* will not be asked/,
    ],
    [
      'a VPN that leads a part of a network into its link',
      ['route add 192.168.3.64/26 dev other'],
      /the route 192\.168\.3\.64\/26 dev other .* will not be asked/,
    ],
    [
      'a VPN to the inner addresses',
      ['route add 10.3.1.0/24 dev other'],
      /the route 10\.3\.1\.0\/24 dev other .* will not be asked/,
    ],
  ])('stands against the island, which has leased nothing yet: %s', async (_, lines, words) => {
    // An address that the kernel gives it itself would come in the middle of the join.
    await stranger.ip([
      'link add other type bridge',
      'link set other addrgenmode none',
      'link set other up',
      ...lines,
    ]);
    try {
      expect(await refusedWith()).toMatch(new RegExp(`^78 island: ${words.source}.*; nothing was changed\n`));
    } finally {
      await stranger.ip(['link delete other']);
    }
  });

  test('a home LAN with the range of a network is an overlap, and makes nobody a member', async () => {
    const { lab, token } = site;
    const { plan } = lab.host('home-nat');
    const lan = { segment: 'clash-lan', addresses: ['192.168.3.100/24'] };
    await lab.raise({
      hosts: {
        'clash-nat': { ...plan, links: { wan: { segment: 'isp', addresses: ['198.51.100.77/24'] }, lan } },
        'clash-w1': { ...workerBehind('clash-lan', '192.168.3.11'), routes: ['default via 192.168.3.100'] },
      },
    });
    const host = lab.host('clash-w1');
    expect(await refusal(host, () => joinWith(host, token))).toMatch(
      /^78 island: 192\.168\.3\.0\/24 on eth0 of this host overlaps the network 192\.168\.3\.0\/24 of faraday; nothing was changed\nhint: renumber one of them/,
    );
  });

  test('a kernel before 6.1 cannot keep the mapping of a NAT open', async () => {
    const argv = [process.execPath, ISLAND, 'join', '--hub', HUB, '--token', site.token];
    const said = await refusal(stranger, () => stranger.exec(['setarch', '--uname-2.6', ...argv]));
    expect(said).toMatch(
      /^69 island: the kernel 2\.6\.\S+ is too old for a worker: before 6\.1 it cannot keep the mapping of a NAT open by itself\nhint: install a kernel from 6\.1 on/,
    );
  });
});

test('a hub whose packets are dropped on the way is given up, with what to look for', async () => {
  const { code, stderr, ms } = await unanswered;
  expect([code, stderr]).toEqual([
    75,
    'island: 138.96.245.50:10399 (hub): no answer\nhint: see that "island serve" runs on the hub, and that the underlay lets TCP 10399 pass\n',
  ]);
  expect(ms).toBeLessThan(25_000);
});

test('none of it has used up anything: the same host joins with the same token', async () => {
  expect(await mustJoinWith(stranger, site.token)).toMatch(/^10\.3\.1\./);
});
