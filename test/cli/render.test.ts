import { describe, expect, test } from 'vitest';
import { join } from '../../src/app/join.ts';
import { plan } from '../../src/app/plan.ts';
import { status } from '../../src/app/status.ts';
import { whoami } from '../../src/app/whoami.ts';
import { terminalOutput } from '../../src/cli/output.ts';
import { joinJson, renderJoin } from '../../src/cli/render/join.ts';
import { placeJson, renderPlace } from '../../src/cli/render/place.ts';
import { planJson, renderPlan } from '../../src/cli/render/plan.ts';
import { renderStatus, statusJson } from '../../src/cli/render/status.ts';
import { alignRows, formatBytes } from '../../src/cli/render/table.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { modelFile } from '../support/island.ts';

const BARE = {
  'sopnode-l1': {
    links: { eth0: { addresses: ['138.96.245.50/24'] } },
    routes: [{ to: '0.0.0.0/0', via: '138.96.245.250', dev: 'eth0' }],
  },
  faraday: {
    links: {
      internet: { addresses: ['138.96.16.97/28'] },
      control: { addresses: ['192.168.3.100/24'] },
      data: { addresses: ['192.168.2.100/24'] },
    },
    routes: [{ to: '0.0.0.0/0', via: '138.96.16.110', dev: 'internet' }],
  },
  fit01: {
    links: { control: { addresses: ['192.168.3.1/24'] } },
    routes: [{ to: '0.0.0.0/0', via: '192.168.3.100', dev: 'control' }],
  },
} as const;

const LAPTOP = '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n';
const plain = (_: string, text: string) => text;
const tagged = (style: string, text: string) => `<${style}>${text}</${style}>`;

/** Hosts of the island answer after some milliseconds, but for those that do not. */
function host(
  hostname: keyof typeof BARE,
  text = modelFile('vxlan'),
  silent: readonly string[] = [],
): FakeHost {
  const fake = fakeHost({ hostname, configs: [{ path: '/etc/island/r2lab.yaml', text }], ...BARE[hostname] });
  fake.reach = (address) => Promise.resolve(silent.includes(address) ? undefined : 1.26);
  return fake;
}

describe('the line that join prints', () => {
  test('says what the host is now, and whom it reached', async () => {
    expect(renderJoin(await join(host('faraday'), {}), 63)).toBe(
      'faraday is a gateway of r2lab: 1 link, reached sopnode-l1 (63 ms)',
    );
  });

  test('names who did not answer yet beside who did', async () => {
    const hub = host('sopnode-l1', modelFile('ipip', LAPTOP), ['10.3.1.9']);
    expect(renderJoin(await join(hub, {}), 63)).toBe(
      'sopnode-l1 is the hub of r2lab: 2 links, reached faraday, not reached yet laptop (63 ms)',
    );
  });

  test('counts them where they are many', async () => {
    const peers = Array.from({ length: 6 }, (_, n) => {
      return `  - { name: p${n}, outer: 198.51.100.${n + 1}, inner: 10.3.1.${n + 10} }\n`;
    });
    expect(renderJoin(await join(host('sopnode-l1', modelFile('vxlan', peers.join(''))), {}), 63)).toBe(
      'sopnode-l1 is the hub of r2lab: 1 link, reached 7 hosts (63 ms)',
    );
  });

  test('says when there was nothing to do, and why where that is known', async () => {
    const faraday = host('faraday');
    await join(faraday, {});
    expect(renderJoin(await join(faraday, {}), 9)).toBe(
      'faraday is a gateway of r2lab: 1 link, reached sopnode-l1, nothing to do (9 ms)',
    );
    expect(renderJoin(await join(host('fit01'), {}), 9)).toMatch(
      /^fit01 is a member of r2lab behind faraday: reached sopnode-l1 and faraday, the routes of fit01 already lead/,
    );
  });

  test('is as much in JSON', async () => {
    expect(joinJson(await join(host('faraday', modelFile('ipip'), ['10.3.1.2']), {}), 63)).toEqual({
      ...{ schemaVersion: 1, island: 'r2lab', name: 'faraday', role: 'gateway', changed: true },
      ...{
        reached: [{ name: 'sopnode-l1', inner: '10.3.1.2', rttMs: null }],
        pending: null,
        notes: [],
        findings: [],
        ms: 63,
      },
    });
  });
});

describe('the table of status', () => {
  test('has a line for each far end, in columns', async () => {
    const hub = host('sopnode-l1', modelFile('ipip', LAPTOP), ['10.3.1.9']);
    await join(hub, {});
    expect(renderStatus(await status(hub, {}), plain)).toEqual([
      'sopnode-l1 is the hub of r2lab',
      'PEER     INNER     KIND  OUTER         LINK             STATE   RTT     MTU   RX   TX',
      'faraday  10.3.1.3  ipip  138.96.16.97  isl-fara-4eq9lr  up      1.3 ms  1480  0 B  0 B',
      'laptop   10.3.1.9  ipip  198.51.100.9  isl-lapt-r4iyag  silent  -       1480  0 B  0 B',
      'guard: dropped 0 packets',
      'as the file says',
    ]);
  });

  test('has the traffic of a shared link once, in a line of its own', async () => {
    const hub = host('sopnode-l1', modelFile('vxlan', LAPTOP));
    await join(hub, {});
    expect(renderStatus(await status(hub, {}), plain).slice(1, -1)).toEqual([
      'PEER       INNER     KIND   OUTER         LINK             STATE  RTT     MTU   RX   TX',
      '(2 peers)  -         vxlan  -             isl-vxla-z88ecl  -      -       1450  0 B  0 B',
      'faraday    10.3.1.3  vxlan  138.96.16.97  isl-vxla-z88ecl  up     1.3 ms  1450  -    -',
      'laptop     10.3.1.9  vxlan  198.51.100.9  isl-vxla-z88ecl  up     1.3 ms  1450  -    -',
      'guard: dropped 0 packets',
    ]);
  });

  test('is painted by state, and the columns stay where they are', async () => {
    const hub = host('sopnode-l1', modelFile('ipip', LAPTOP), ['10.3.1.9']);
    await join(hub, {});
    const found = await status(hub, {});
    const painted = renderStatus(found, tagged);
    expect(painted[2]).toContain('<green>up    </green>');
    expect(painted[3]).toContain('<yellow>silent</yellow>');
    expect(painted.map((line) => line.replace(/<\/?[a-z]+>/g, ''))).toEqual(renderStatus(found, plain));
  });

  test('is followed by what differs, and by what repairs it', async () => {
    const faraday = host('faraday');
    await join(faraday, {});
    faraday.kernel.meddle('ip link set dev isl-sopn-1ycmgm down');
    faraday.kernel.meddle('ip rule delete pref 12480 from 138.96.16.97 lookup main protocol 110');
    const lines = renderStatus(await status(faraday, {}), tagged);
    expect(lines[2]).toContain('<red>down ');
    expect(lines).toContain('<red>drift: link isl-sopn-1ycmgm (vxlan 10310, port 10310): is down</red>');
    expect(lines).toContain('<red>drift: rule 12480 (from 138.96.16.97 lookup 254) is missing</red>');
    expect(lines.at(-1)).toBe('hint: "island plan" shows the repair, "island join" does it');
  });

  test('shows a link that is gone as missing', async () => {
    const faraday = host('faraday');
    await join(faraday, {});
    faraday.kernel.meddle('ip link delete dev isl-sopn-1ycmgm');
    expect(renderStatus(await status(faraday, {}), plain)[2]).toMatch(/ {2}- {5,}missing /);
  });

  test('has no links for a member, but its gateway and the hub', async () => {
    const fit01 = host('fit01', modelFile('ipip'), ['10.3.1.2']);
    expect(renderStatus(await status(fit01, {}), plain).slice(1, 4)).toEqual([
      'PEER        INNER     KIND    OUTER          LINK  STATE   RTT     MTU  RX  TX',
      'sopnode-l1  10.3.1.2  routed  138.96.245.50  -     silent  -       -    -   -',
      'faraday     10.3.1.3  routed  138.96.16.97   -     up      1.3 ms  -    -   -',
    ]);
  });

  test.each(['faraday', 'sopnode-l1'] as const)('is only a sentence before %s has joined', async (name) => {
    const found = await status(host(name), {});
    expect(renderStatus(found, plain)).toEqual([
      `${name} is ${name === 'faraday' ? 'a gateway' : 'the hub'} of r2lab, and has not joined`,
      'hint: island join',
    ]);
    expect(statusJson(found)).toMatchObject({ joined: false, ends: [] });
  });

  test('is as much in JSON, with null for what is not known', async () => {
    const faraday = host('faraday', modelFile('ipip'), ['10.3.1.2']);
    await join(faraday, {});
    expect(statusJson(await status(faraday, {}))).toEqual({
      ...{ schemaVersion: 1, island: 'r2lab', name: 'faraday', role: 'gateway', joined: true },
      ends: [
        {
          ...{ name: 'sopnode-l1', inner: '10.3.1.2', outer: '138.96.245.50', kind: 'ipip', state: 'silent' },
          ...{ link: 'isl-sopn-1ycmgm', rttMs: null, mtu: 1480 },
        },
      ],
      links: [
        {
          ...{ name: 'isl-sopn-1ycmgm', kind: 'ipip', ends: 1, mtu: 1480 },
          ...{ rxBytes: 0, txBytes: 0, collisions: 0 },
        },
      ],
      guard: [
        { reason: 'not to the island', packets: 0, bytes: 0 },
        { reason: 'inner source not behind that peer', packets: 0, bytes: 0 },
        { reason: 'stranger', packets: 0, bytes: 0 },
        { reason: 'ICMP redirect', packets: 0, bytes: 0 },
        { reason: 'ICMP error about a tunnel packet', packets: 0, bytes: 0 },
        { reason: 'GRE or IPv6-in-IP', packets: 0, bytes: 0 },
      ],
      ...{ pending: null, drift: [], notes: [], findings: [], fileChanged: false, units: [] },
    });
  });
});

describe('a plan', () => {
  test('is a script: what is not a command is a comment', async () => {
    const faraday = host('faraday');
    faraday.kernel.meddle('ip rule add pref 12483 from all lookup 42 protocol 110');
    const lines = renderPlan(await plan(faraday, {}));
    expect(lines.slice(0, 3)).toEqual([
      '# faraday is a gateway of r2lab',
      '# join will refuse: rule 12483 (from all lookup 42, protocol 110, island) stands where the rules of r2lab go (12480 to 12487)',
      '#   give one of the two islands another "port:", or move the rule',
    ]);
    for (const line of lines) expect(line).toMatch(/^(?:#|nft -f - <<'EOF'\n|ip |bridge |sysctl -w )/);
  });

  test('says on a converged host that there is nothing to do', async () => {
    const faraday = host('faraday');
    await join(faraday, {});
    expect(renderPlan(await plan(faraday, {}))).toEqual([
      '# faraday is a gateway of r2lab',
      '# nothing to do',
    ]);
  });

  test('has in JSON the reason of each step, and the commands as they are run', async () => {
    const faraday = host('faraday');
    await join(faraday, {});
    faraday.kernel.meddle('ip link set dev isl-sopn-1ycmgm mtu 1300');
    expect(planJson(await plan(faraday, {}))).toMatchObject({
      ...{ schemaVersion: 1, island: 'r2lab', name: 'faraday', role: 'gateway' },
      steps: [
        {
          ...{ action: 'change', kind: 'link', commands: ['ip link set dev isl-sopn-1ycmgm mtu 1450'] },
          reason: 'link isl-sopn-1ycmgm (vxlan 10310, port 10310): mtu is 1300 instead of 1450',
        },
      ],
      commands: ['ip link set dev isl-sopn-1ycmgm mtu 1450'],
    });
  });
});

describe('who a host is', () => {
  test.each([
    ['sopnode-l1', 'sopnode-l1 is the hub of r2lab, because its hostname is sopnode-l1'],
    ['faraday', 'faraday is a gateway of r2lab, because its hostname is faraday'],
    ['fit01', 'fit01 is a member of r2lab behind faraday, because its hostname is fit01'],
  ] as const)('is a sentence with its reason: %s', async (name, sentence) => {
    const { island, place } = await whoami(host(name), {});
    expect(renderPlace(island, place)).toBe(sentence);
  });

  test('is as the operator says, or nobody', async () => {
    const say = async (name: string) => {
      const { island, place } = await whoami(host('faraday'), { name });
      return [renderPlace(island, place), placeJson(island, place)];
    };
    expect(await say('fit07')).toEqual([
      'fit07 is a member of r2lab behind faraday, because you say it is fit07',
      {
        ...{ schemaVersion: 1, island: 'r2lab', name: 'fit07', role: 'member', reason: 'named fit07' },
        ...{ gateway: 'faraday', address: '192.168.3.7' },
      },
    ]);
    expect(await say('fit99')).toEqual([
      'fit99 has no place in r2lab: no host of r2lab is named fit99',
      {
        ...{ schemaVersion: 1, island: 'r2lab', name: 'fit99', role: 'none' },
        reason: 'no host of r2lab is named fit99',
      },
    ]);
  });
});

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [3_565_158, '3.4 MiB'],
    [1_073_741_824, '1.0 GiB'],
    [2 ** 50, '1024.0 TiB'],
  ])('%i are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

test('columns are as wide as their widest cell', () => {
  const rows = [
    ['a', 'bbb'],
    ['cccc', 'd'],
  ];
  expect(alignRows(rows)).toEqual([
    ['a   ', 'bbb'],
    ['cccc', 'd  '],
  ]);
});

describe('colours', () => {
  const output = (isTty: boolean, noColor: boolean) => {
    const stream = { isTTY: isTty, write: () => true } as unknown as NodeJS.WriteStream;
    return terminalOutput({ stdout: stream, stderr: stream, plain: noColor });
  };

  test('are for a terminal only, and not where NO_COLOR is set', () => {
    expect(output(true, false).paint('green', 'up')).toBe('\u001b[32mup\u001b[39m');
    expect(output(true, true).paint('green', 'up')).toBe('up');
    expect(output(false, false).paint('green', 'up')).toBe('up');
  });

  test('or not, commands are echoed where somebody looks on', () => {
    expect([output(true, true).echoes, output(false, false).echoes]).toEqual([true, false]);
  });
});
