import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { EXAMPLE } from '../../src/config/example.ts';
import { checkConfig, formatProblem, loadIsland } from '../../src/config/load.ts';
import { IslandError } from '../../src/errors.ts';

const MINIMAL = 'island: lab\nhub: { name: a, outer: 192.0.2.1, inner: 10.3.1.2 }\n';

function errorOf(text: string): IslandError {
  try {
    loadIsland(text, '/etc/island/lab.yaml');
  } catch (error) {
    if (error instanceof IslandError) return error;
    throw error;
  }
  throw new Error('the file is valid');
}

describe('loadIsland', () => {
  test('reads the example of the docs whole', () => {
    const island = loadIsland(EXAMPLE, 'r2lab.yaml');
    expect({ ...island, hosts: [] }).toEqual({
      name: 'r2lab',
      subnet: { network: '10.3.1.0', prefix: 24 },
      zone: 'r2lab.internal',
      port: 10310,
      mtu: 'auto',
      hub: {
        name: 'sopnode-l1',
        outer: '138.96.245.50',
        local: undefined,
        inner: '10.3.1.2',
        mtu: undefined,
        networks: [{ subnet: { network: '138.96.245.0', prefix: 24 }, gateway: '138.96.245.50' }],
      },
      peers: [
        {
          name: 'faraday',
          outer: '138.96.16.97',
          local: undefined,
          inner: '10.3.1.3',
          mtu: undefined,
          link: 'ipip',
          networks: [
            { subnet: { network: '192.168.3.0', prefix: 24 }, gateway: '192.168.3.100' },
            { subnet: { network: '192.168.2.0', prefix: 24 }, gateway: '192.168.2.100' },
          ],
        },
      ],
      hosts: [],
      forwarding: { networks: true, workers: false },
      workers: { pool: { network: '10.3.1.64', prefix: 26 }, keepaliveMs: 20_000, routes: [] },
      dns: {
        client: 'auto',
        listen: ['192.168.3.100'],
        allow: [],
        ttlSeconds: 30,
        negativeTtlSeconds: 10,
        records: [],
      },
      checks: [{ kind: 'tcp', name: 'apiserver', target: 'sopnode-l1:6443', required: true }],
    });
    expect(island.hosts).toHaveLength(39);
    expect(island.hosts.slice(7, 9).map(({ name, address, entry }) => `${name} ${address} ${entry}`)).toEqual(
      ['fit08 192.168.3.8 0', 'fit09 192.168.3.9 0'],
    );
    expect(island.hosts.slice(37)).toEqual([
      {
        name: 'sopnode-w1',
        address: '138.96.245.51',
        routes: [{ network: '10.244.1.0', prefix: 24 }],
        translate: false,
        entry: 1,
      },
      { name: 'pdu', address: '138.96.245.30', routes: [], translate: true, entry: 2 },
    ]);
  });

  test('derives everything that a minimal file leaves out', () => {
    const island = loadIsland(MINIMAL, 'lab.yaml');
    expect(island).toMatchObject({
      zone: 'lab.internal',
      subnet: { network: '10.3.1.0', prefix: 24 },
      port: 10310,
      mtu: 'auto',
      peers: [],
      hosts: [],
      forwarding: { networks: true, workers: false },
      workers: undefined,
      dns: { client: 'auto', listen: [], records: [] },
      checks: [],
    });
  });

  test('takes the kind of a link from the peer, else from the island', () => {
    const peers = 'peers:\n  - { name: b, outer: 192.0.2.2, inner: 10.3.1.3, link: ipip, mtu: 1400 }\n';
    const other = '  - { name: c, outer: 192.0.2.3, inner: 10.3.1.4 }\n';
    const island = loadIsland(`${MINIMAL}link: vxlan\n${peers}${other}`, 'lab.yaml');
    expect(island.peers.map(({ link, mtu }) => `${link} ${mtu}`)).toEqual(['ipip 1400', 'vxlan undefined']);
  });

  test('takes the local address as next hop where that lies in the network', () => {
    const text = MINIMAL.replace(
      'outer: 192.0.2.1,',
      'outer: 192.0.2.1, local: 10.0.0.7, networks: [{ subnet: 10.0.0.0/24 }],',
    );
    expect(loadIsland(text, 'lab.yaml').hub.networks[0]?.gateway).toBe('10.0.0.7');
  });

  test('pairs the routes of a range with its names', () => {
    const network = 'networks: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.1 }], ';
    const hosts = 'hosts: [{ name: "n[8-10]", address: "10.0.0.[18-20]", routes: ["10.244.[0-2].0/24"] }]\n';
    const island = loadIsland(`${MINIMAL.replace('outer:', `${network}outer:`)}${hosts}`, 'lab.yaml');
    expect(
      island.hosts.map(({ name, address, routes }) => `${name} ${address} ${routes[0]?.network}`),
    ).toEqual(['n8 10.0.0.18 10.244.0.0', 'n9 10.0.0.19 10.244.1.0', 'n10 10.0.0.20 10.244.2.0']);
  });

  test('says of one fault where it is, what it is and what to do', () => {
    const error = errorOf(MINIMAL.replace('192.0.2.1', '192.0.2.300'));
    expect(error.code).toBe('E_CONFIG');
    expect(error.message).toBe('/etc/island/lab.yaml:2:24: hub.outer: not an IPv4 address, "192.0.2.300"');
    expect(error.hint).toBe('each part is 0 to 255');
  });

  test('lists several faults, each with its hint below it', () => {
    const error = errorOf(MINIMAL.replace('192.0.2.1', '192.0.2.300').replace('island: lab', 'island: 1lab'));
    expect(error.message.split('\n')).toEqual([
      '/etc/island/lab.yaml:1:9: island: not a name for an island, "1lab"',
      'hint: use a lower-case letter, then up to 30 letters, digits and hyphens, such as r2lab',
      '/etc/island/lab.yaml:2:24: hub.outer: not an IPv4 address, "192.0.2.300"',
    ]);
    expect(error.hint).toBe('each part is 0 to 255');
  });

  test('lists twenty of many faults, and says where the others are', () => {
    const peers = Array.from({ length: 30 }, () => '  - {}').join('\n');
    const error = errorOf(`${MINIMAL}peers:\n${peers}\n`);
    expect(error.message.split('\n').at(-1)).toBe('/etc/island/lab.yaml: 70 more problems');
    expect(error.hint).toBe('run "island config check /etc/island/lab.yaml"');
  });
});

describe('places', () => {
  test('count from 1 behind a byte order mark and with CRLF line ends', () => {
    const text = `\uFEFF${MINIMAL.replace('192.0.2.1', 'x').replaceAll('\n', '\r\n')}`;
    expect(checkConfig(text).map((problem) => formatProblem('f', problem))).toEqual([
      'f:2:24: hub.outer: not an IPv4 address, "x"',
    ]);
  });

  test('never let the file command the terminal', () => {
    const [line = ''] = checkConfig(`${MINIMAL}"a\\nb\\e[2J\u009b": 1\n`).map((problem) =>
      formatProblem('f', problem),
    );
    expect(line).toBe('f:3:1: ["a\\nb\\u001b[2J?"]: unknown key, "a\\nb\\u001b[2J?"');
  });

  test('of a lone fault of the text have no path', () => {
    expect(checkConfig('island: "a').map((problem) => formatProblem('f', problem))).toEqual([
      'f:1:11: missing closing "quote',
    ]);
  });
});

describe('a hostile file', () => {
  const hostile: readonly (readonly [string, string, string])[] = [
    ['nested lists', '['.repeat(20_000), 'nested too deeply'],
    [
      'nested maps',
      Array.from({ length: 40 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'nested too deeply',
    ],
    ['references to references', 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n', 'aliases are not followed'],
    [
      'a range of ranges',
      `${MINIMAL}hosts:\n${'  - { name: "h[1-60000]", address: "10.0.0.[1-60000]" }\n'.repeat(2)}`,
      'not an IPv4 address',
    ],
    ['a map as key', `${MINIMAL}? { a: 1 }\n: 2\n`, 'not a key'],
    [
      'many routes',
      `${MINIMAL}hosts: [{ name: "h[0-255]", address: "10.0.0.[0-255]", routes: [${Array.from({ length: 300 }, (_, i) => `"10.[0-255].${i % 256}.0/24"`).join(', ')}] }]`,
      'too many hosts and routes',
    ],
    ['more than four million characters', ' '.repeat(4_000_001), 'file is too long'],
    ['a pair in a pair in a pair', `{${'a: '.repeat(60_000)}}`, 'nested too deeply'],
    [
      'more faults than a call has arguments',
      `${MINIMAL}peers:\n${'  - {}\n'.repeat(50_000)}`,
      'more is wrong than can be listed',
    ],
  ];

  test.each(hostile)('with %s is refused', (_, text, message) => {
    expect(checkConfig(text).map((problem) => problem.message)).toContain(message);
  });

  test('with ten thousand faults is answered with all of them', () => {
    const peers = Array.from({ length: 10_000 }, (_, index) => `  - { nam: p${index} }`).join('\n');
    expect(checkConfig(`${MINIMAL}peers:\n${peers}\n`)).toHaveLength(30_000);
  }, 30_000);
});

describe('any text', { timeout: 60_000 }, () => {
  const runs = { numRuns: 100 };

  function expectProblems(text: string): void {
    const lines = text.split('\n').length;
    for (const problem of checkConfig(text)) {
      expect(problem.line).toBeGreaterThanOrEqual(1);
      expect(problem.line).toBeLessThanOrEqual(lines + 1);
      expect(problem.column).toBeGreaterThanOrEqual(1);
      expect(problem.message).not.toMatch(/^$|\n/);
      expect(problem.hint).not.toMatch(/^$|\n/);
      expect(formatProblem('f', problem)).not.toContain('\n');
    }
  }

  test('is answered with problems and never with an exception', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), expectProblems), runs);
  });

  test('of YAML characters is answered with problems', () => {
    const unit = fc.constantFrom(
      ...' \n\t-:{}[],"\'#&*!|>%@`?abc019.~',
      '---\n',
      'island: ',
      'hub:\n',
      'peers:\n  - ',
    );
    fc.assert(fc.property(fc.string({ unit, maxLength: 80 }), expectProblems), runs);
  });

  test('made by breaking a valid file is answered with problems', () => {
    const cut = fc.record({
      at: fc.nat(EXAMPLE.length),
      drop: fc.nat(12),
      put: fc.oneof(
        fc.constantFrom('', '\n', ': ', '- ', '  ', '{', ']', '"', '08', '~', '&a', '*a', '[1-9999]'),
        fc.string({ maxLength: 4 }),
      ),
    });
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
        expectProblems(
          cuts.reduce(
            (text, { at, drop, put }) => `${text.slice(0, at)}${put}${text.slice(at + drop)}`,
            EXAMPLE,
          ),
        );
      }),
      runs,
    );
  });

  test('that prints any value under the keys of the file is answered with problems', () => {
    const keys = [
      'island',
      'subnet',
      'zone',
      'port',
      'mtu',
      'hub',
      'peers',
      'hosts',
      'workers',
      'dns',
      'checks',
    ];
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.jsonValue(),
        fc.constantFrom('10.3.1.2', '10.3.1.0/24', 'fit[01-37]', 'faraday', 10_310, null, true),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'name',
            'outer',
            'inner',
            'local',
            'networks',
            'subnet',
            'gateway',
            'address',
            'routes',
          ),
          tie('any'),
        ),
      ),
    })).any;
    const file = fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] });
    fc.assert(
      fc.property(file, (plain) => {
        expectProblems(stringify(plain));
      }),
      runs,
    );
  });
});
