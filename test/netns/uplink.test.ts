import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ISLAND, install, island, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { stateOf } from '../support/state.ts';

const NAMES = ['sopnode-l1', 'faraday', 'fit02'] as const;

let lab: Lab;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1, 2], clusterHosts: 0, pdu: false }));
});
afterAll(() => lab?.close());

beforeEach(async () => {
  const hosts = NAMES.map(lab.host);
  await install(hosts, modelFile('vxlan'));
  for (const host of hosts) await mustIsland(host, 'leave');
});

interface Loss {
  readonly down: readonly string[];
  readonly up: readonly string[];
  /** Why join is to come again, where it cannot prepare for the uplink's return. */
  readonly refusal?: string;
}

const INTERNET = 'route replace default via 138.96.16.110';

/** Ways to be without the uplink, before and after a join. */
const LOSSES: readonly (readonly [(typeof NAMES)[number], string, Loss])[] = [
  [
    'sopnode-l1',
    'is down',
    { down: ['link set eth0 down'], up: ['link set eth0 up', 'route replace default via 138.96.245.250'] },
  ],
  ['faraday', 'is down', { down: ['link set internet down'], up: ['link set internet up', INTERNET] }],
  [
    'faraday',
    'has no address yet',
    {
      down: ['address flush dev internet'],
      up: ['address add 138.96.16.97/28 dev internet', INTERNET],
      refusal:
        'island: faraday: no link of this host has 138.96.16.97, and no route leads to 138.96.245.50\nhint: bring the uplink up first, or say "local:" in the file\n',
    },
  ],
  [
    'fit02',
    'is down',
    {
      down: ['link set control down'],
      up: ['link set control up'],
      refusal:
        'island: fit02: the link control with 192.168.3.2 is down\nhint: bring it up first, such as with "ip link set control up"\n',
    },
  ],
];

/** What a join leaves there with the uplink up; the host is bare again afterwards. */
async function endsOf(host: LabHost) {
  const bare = await stateOf(host);
  await mustIsland(host, 'join');
  const joined = await stateOf(host);
  await mustIsland(host, 'leave');
  return { bare, joined };
}

/** A link that came up has its carrier and its routes of IPv6 within about a second, by the kernel's own doing. */
async function settled(host: LabHost, state: unknown): Promise<void> {
  await expect.poll(() => stateOf(host), { timeout: 20_000 }).toEqual(state);
}

describe('while the uplink', () => {
  test.each(LOSSES)(
    'of %s %s, join is ready for its return or says why not, and changes nothing then',
    async (name, _, { down, up, refusal }) => {
      const host = lab.host(name);
      const { bare, joined } = await endsOf(host);
      await host.ip(down);
      const without = await stateOf(host);
      const { code, stderr } = await island(host, 'join');
      expect({ code, stderr }).toEqual({ code: refusal === undefined ? 0 : 75, stderr: refusal ?? '' });
      if (refusal !== undefined) {
        expect(await stateOf(host)).toEqual(without);
        await host.ip(up);
        await mustIsland(host, 'join');
      } else await host.ip(up);
      await settled(host, joined);
      await mustIsland(host, 'leave');
      expect(await stateOf(host)).toEqual(bare);
    },
  );

  test.each(LOSSES)('of %s %s, status answers and leave leaves', async (name, _, { down, up, refusal }) => {
    const host = lab.host(name);
    const bare = await stateOf(host);
    await mustIsland(host, 'join');
    await host.ip(down);
    const { code, stdout, stderr } = await island(host, 'status');
    expect({ code, stderr }).toEqual({ code: refusal === undefined ? 0 : 75, stderr: refusal ?? '' });
    if (refusal === undefined) expect(stdout).toMatch(/ silent [\s\S]*as the file says/);
    await mustIsland(host, 'leave');
    await host.ip(up);
    await settled(host, bare);
  });

  test.each([
    ['faraday', 'internet', '138.96.16.97/28', [INTERNET]],
    ['fit02', 'control', '192.168.3.2/24', []],
  ] as const)(
    'of %s comes late, a join that waits is there soon after it',
    async (name, link, address, more) => {
      const host = lab.host(name);
      const { joined } = await endsOf(host);
      for (const far of ['sopnode-l1', 'faraday']) await mustIsland(lab.host(far), 'join');
      await host.ip([`address flush dev ${link}`, `link set ${link} down`]);
      const late = host.start([process.execPath, ISLAND, 'join', '--wait', '60s']);
      await late.outputMatching(/waiting: .*no link of this host has/);
      await host.ip([`address add ${address} dev ${link}`, `link set ${link} up`, ...more]);
      expect({ code: await late.exited, output: late.output() }).toEqual({
        code: 0,
        output: expect.stringMatching(/ reached (?:sopnode-l1|.*, sopnode-l1)/),
      });
      await settled(host, joined);
    },
  );

  test('does not come, a join that waits ends as one that does not, and at once for what waiting does not cure', async () => {
    const host = lab.host('fit02');
    await host.ip(['link set control down']);
    const { code, stderr } = await island(host, 'join', '--wait', '1s');
    expect({ code, stderr }).toEqual({
      code: 75,
      stderr: expect.stringMatching(/^(?:waiting: fit02: .* is down\n)?island: fit02: .* is down\nhint: /),
    });
    await host.ip(['link set control up']);
    await install([host], 'island: r2lab\nhub: 7\n');
    expect(await island(host, 'join', '--wait', '1h')).toMatchObject({ code: 78 });
  });
});
