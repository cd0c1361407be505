import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseFilterTables, parseFirewall, parseFlags } from '../../src/host/firewall-json.ts';
import { parseLegacy } from '../../src/host/firewall-legacy.ts';
import { type Firewall, fateOf, type Packet } from '../../src/plan/firewall.ts';

const captured = (name: string) => readFileSync(new URL(`captured/${name}`, import.meta.url), 'utf8');

const [chains = '', listing = ''] = captured('nft-1.0.6-iptables-1.8.9.jsonl').split('\n');
const NFT = parseFirewall({ family: 'ip', table: 'filter' }, listing);
const LEGACY = parseLegacy(captured('iptables-legacy-save-1.8.9.txt'));

function fate({ chains: all }: Firewall, hook: 'input' | 'forward', packet: Packet): string {
  const [base] = all.filter((each) => each.hook === hook);
  if (base === undefined) throw new Error(`no chain at ${hook}`);
  const { kind, chain: where } = fateOf(packet, base, { chains: all });
  return `${kind} in ${where}`;
}

/** The same rules, loaded by iptables-nft 1.8.9 and by iptables-legacy. */
describe.each([
  ['nft tells of iptables-nft', NFT],
  ['iptables-legacy-save tells', LEGACY],
])('what %s', (_, firewall) => {
  test.each<[string, 'input' | 'forward', Packet]>([
    ['accept in INPUT', 'input', { iifname: 'isl-fara-4eq9lr' }],
    ['accept in INPUT', 'input', { iifname: 'control', protocol: '17' }],
    ['accept in INPUT', 'input', { iifname: 'eth0', protocol: '17', dport: '10310' }],
    ['drop in INPUT', 'input', { iifname: 'eth0', protocol: '17', dport: '10401' }],
    ['accept in INPUT', 'input', { iifname: 'wlan0', protocol: '1' }],
    ['drop in INPUT', 'input', { iifname: 'eth0', protocol: '1' }],
    ['accept in INPUT', 'input', { iifname: 'eth0', protocol: '6', dport: '22' }],
    ['drop in INPUT', 'input', { iifname: 'eth0', protocol: '4', state: 'new' }],
    ['drop in LOGGED', 'forward', { iifname: 'control', oifname: 'internet', state: 'new' }],
  ])('leads to: %s, at %s, for %o', (wanted, hook, packet) => {
    expect(fate(firewall, hook, packet)).toBe(wanted);
  });

  test('knows the rule of ours by its comment', () => {
    const own = firewall.chains
      .flatMap(({ rules }) => rules)
      .filter(({ comment }) => comment.startsWith('island:'));
    expect(own).toHaveLength(1);
    expect(own[0]?.comment).toMatch(/^island:r2lab (?:iifname isl-\*|-i isl-\+)$/);
  });
});

test('a comment is read as it was written, whatever it quotes', () => {
  const comments = LEGACY.chains.flatMap(({ rules }) => rules).map(({ comment }) => comment);
  expect(comments).toContain('vpn "b" -j x');
});

describe('tables', () => {
  test('are those that filter IPv4 packets coming in or forwarded, each once, and not those of islands', () => {
    expect(parseFilterTables(chains)).toEqual([{ family: 'ip', table: 'filter' }]);
    const chain = (family: string, table: string, type: string, hook: string) => ({
      chain: { family, table, name: 'c', type, hook },
    });
    const others = [
      chain('ip', 'nat', 'nat', 'input'),
      chain('ip6', 'filter', 'filter', 'input'),
      chain('inet', 'island-r2lab', 'filter', 'forward'),
      chain('inet', 'late', 'filter', 'output'),
      chain('inet', 'firewalld', 'filter', 'forward'),
    ];
    expect(parseFilterTables(JSON.stringify({ nftables: others }))).toEqual([
      { family: 'inet', table: 'firewalld' },
    ]);
  });

  test('have their flags in the first line inside, and no others', () => {
    expect(parseFlags('table inet x { # progname nft\n\tflags owner,persist\n\n\tchain c {\n')).toEqual([
      ...['owner', 'persist'],
    ]);
    expect(parseFlags('table inet x {\n\tset s {\n\t\tflags interval\n')).toEqual([]);
  });

  test('that sleep drop nothing, and owned ones are not ours to change', () => {
    expect(parseFirewall({ family: 'ip', table: 'filter' }, listing, ['dormant']).chains).toEqual([]);
    expect(parseFirewall({ family: 'ip', table: 'filter' }, listing, ['owner', 'persist']).access).toBe(
      'owned',
    );
  });
});

describe('a rule of nft', () => {
  const table = (...rules: readonly unknown[][]) =>
    parseFirewall(
      { family: 'inet', table: 't' },
      JSON.stringify({
        nftables: [
          { chain: { family: 'inet', table: 't', name: 'in', type: 'filter', hook: 'input' } },
          ...rules.map((expr, handle) => ({ rule: { chain: 'in', handle, expr } })),
        ],
      }),
    );
  const COUNTER = { counter: { packets: 0, bytes: 0 } };
  const ifname = (right: unknown, op = '==') => ({
    match: { op, left: { meta: { key: 'iifname' } }, right },
  });

  test.each<[string, readonly unknown[][], string]>([
    ['with a set of names', [[ifname({ set: ['a', 'eth0'] }), { drop: null }]], 'drop'],
    [
      'with a named set, of which nobody knows what is in it',
      [[ifname('@trusted', '!='), { drop: null }]],
      'accept',
    ],
    [
      'with a verdict map',
      [[{ vmap: { key: { meta: { key: 'iifname' } }, data: { set: [['eth0', { drop: null }]] } } }]],
      'drop',
    ],
    [
      'for IPv6',
      [
        [
          { match: { op: '==', left: { payload: { protocol: 'ip6', field: 'nexthdr' } }, right: 4 } },
          { drop: null },
        ],
      ],
      'accept',
    ],
    ['that rejects', [[{ reject: null }]], 'drop'],
    ['of iptables without a name, as nft before 1.0.6 has it, at the end', [[COUNTER, { xt: null }]], 'drop'],
    [
      'of iptables without a name before others, such as a mark',
      [[COUNTER, { xt: null }], [COUNTER]],
      'accept',
    ],
    ['of iptables with a condition without a name', [[{ xt: null }, COUNTER, { drop: null }]], 'accept'],
  ])('%s', (_, rules, kind) => {
    expect(fate(table(...rules), 'input', { nfproto: 'ipv4', iifname: 'eth0', protocol: '4' })).toBe(
      `${kind} in in`,
    );
  });
});
