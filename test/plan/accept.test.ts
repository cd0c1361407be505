import { describe, expect, test } from 'vitest';
import { diff } from '../../src/plan/diff.ts';
import { commandsOf, effectsOf } from '../../src/plan/effect.ts';
import { explain } from '../../src/plan/explain.ts';
import type { Firewall } from '../../src/plan/firewall.ts';
import { ownedOf } from '../../src/plan/owned.ts';
import type { Accept } from '../../src/plan/resource.ts';
import { placeOf } from '../../src/plan/words.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, type Sight, sight } from '../support/observed.ts';
import { ACCEPT, chain, DROP, filterTable, jump, match, rule } from '../support/rulesets.ts';

const VXLAN = modelFile('vxlan');
const LAPTOP = '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n';
const MIXED = modelFile('ipip', LAPTOP.replace('10.3.1.9 }', '10.3.1.9, link: vxlan }'));

const LINKS = {
  'sopnode-l1': [link('eth0', ['138.96.245.50/24'])],
  faraday: [
    link('internet', ['138.96.16.97/28']),
    link('control', ['192.168.3.100/24']),
    link('data', ['192.168.2.100/24']),
  ],
  laptop: [link('wlan0', ['198.51.100.9/24'])],
} as const;

function on(hostname: keyof typeof LINKS, file: string, ...firewalls: readonly Firewall[]): Sight {
  const [{ name: uplink }] = LINKS[hostname];
  const routes = [route('default', { link: uplink, nextHop: ipv4('198.51.100.1') })];
  return sight(file, hostname, { ...observed(LINKS[hostname], { routes }), firewalls });
}

function accepts({ resources }: Sight): Accept[] {
  return resources.filter((resource): resource is Accept => resource.kind === 'accept');
}

/** Where each rule goes, and its words. */
function words(seen: Sight): string[] {
  return accepts(seen).map((accept) => `${placeOf(accept)}: ${accept.words}`);
}

const FIREWALLD: Firewall = {
  ...{ tool: 'nft', family: 'inet', table: 'firewalld', access: 'open' },
  chains: [
    { name: 'filter_INPUT', hook: 'input', policy: 'accept', rules: [rule(DROP)] },
    { name: 'filter_FORWARD', hook: 'forward', policy: 'accept', rules: [rule(DROP)] },
  ],
};

describe('where a chain would drop it, an accept is wanted', () => {
  test('on the hub for the tunnel packets, for what comes out of the links, and for what goes into them', () => {
    expect(words(on('sopnode-l1', VXLAN, filterTable({})))).toEqual([
      ...['INPUT of ip filter: udp dport 10310', 'INPUT of ip filter: iifname isl-*'],
      ...['FORWARD of ip filter: iifname isl-*', 'FORWARD of ip filter: iifname eth0 oifname isl-*'],
    ]);
  });

  test('for ipip and vxlan alike where the hub has links of both kinds', () => {
    const all = words(on('sopnode-l1', MIXED, filterTable({})));
    expect(all).toContain('INPUT of ip filter: ip protocol 4');
    expect(all).toContain('INPUT of ip filter: udp dport 10310');
  });

  test('from each network of a gateway, and from nowhere else', () => {
    expect(words(on('faraday', VXLAN, filterTable({ tool: 'iptables-legacy' })))).toEqual([
      ...['INPUT of iptables-legacy: -p udp --dport 10310', 'INPUT of iptables-legacy: -i isl-+'],
      ...['FORWARD of iptables-legacy: -i isl-+', 'FORWARD of iptables-legacy: -i control -o isl-+'],
      'FORWARD of iptables-legacy: -i data -o isl-+',
    ]);
  });

  test('by the group of the links where iptables need not print it', () => {
    expect(words(on('faraday', VXLAN, FIREWALLD))).toEqual([
      ...[
        'filter_INPUT of inet firewalld: udp dport 10310',
        'filter_INPUT of inet firewalld: iifgroup 10310',
      ],
      'filter_FORWARD of inet firewalld: iifgroup 10310',
      'filter_FORWARD of inet firewalld: iifname control oifgroup 10310',
      'filter_FORWARD of inet firewalld: iifname data oifgroup 10310',
    ]);
  });

  test('on a plain peer for nothing that is forwarded', () => {
    const file = modelFile('ipip', LAPTOP);
    expect(words(on('laptop', file, filterTable({})))).toEqual([
      ...['INPUT of ip filter: ip protocol 4', 'INPUT of ip filter: iifname isl-*'],
    ]);
  });

  test('in every base chain that drops, since an accept ends no more than its own', () => {
    const tables = new Set(
      accepts(on('faraday', VXLAN, filterTable({}), FIREWALLD)).map(({ table }) => table),
    );
    expect([...tables]).toEqual(['filter', 'firewalld']);
  });

  test('but not where only other packets are dropped', () => {
    const open = filterTable({
      policy: 'accept',
      input: [rule(DROP, match('protocol', '6')), rule(DROP, match('state', 'invalid'))],
      forward: [rule(DROP, match('oifname', 'virbr0')), rule(DROP, match('unknown'))],
    });
    expect(words(on('faraday', VXLAN, open))).toEqual([]);
    expect(on('faraday', VXLAN, open).findings).toEqual([]);
  });

  test('but not where somebody let it in already', () => {
    const input = [
      rule(ACCEPT, match('protocol', '17'), match('dport', '10310')),
      rule(ACCEPT, match('iifname', 'isl-*')),
    ];
    const all = words(on('faraday', VXLAN, filterTable({ input, forward: [rule(ACCEPT)] })));
    expect(all).toEqual([]);
  });
});

describe('Docker', () => {
  const user = chain('DOCKER-USER', []);

  test('has a chain for rules of others, which it leaves alone', () => {
    const docker = filterTable({ forward: [rule(jump('DOCKER-USER'))], chains: [user] });
    expect(words(on('faraday', VXLAN, docker))).toContain('DOCKER-USER of ip filter: iifname isl-*');
  });

  test('is passed by where the drop stands before that chain', () => {
    const docker = filterTable({ forward: [rule(DROP), rule(jump('DOCKER-USER'))], chains: [user] });
    expect(words(on('faraday', VXLAN, docker))).toContain('FORWARD of ip filter: iifname isl-*');
  });
});

describe('plan says of a firewall that drops', () => {
  const texts = (seen: Sight) => seen.findings.map(({ weight, text }) => `${weight}: ${text}`);

  test('what and where, until the rules are there', () => {
    expect(texts(on('faraday', VXLAN, filterTable({ policy: 'accept', forward: [rule(DROP)] })))).toEqual([
      "note: somebody's firewall drops what comes from the links and what goes to the links: rules at the top of FORWARD of ip filter accept that",
    ]);
    const there = accepts(on('faraday', VXLAN, filterTable({}))).map(
      ({ chain: name, words: text }, handle) => ({
        name,
        own: { ...rule(ACCEPT), comment: `island:r2lab ${text}`, handle },
      }),
    );
    const own = (hook: string) => there.filter(({ name }) => name === hook).map((each) => each.own);
    const firewall = filterTable({ input: own('INPUT'), forward: own('FORWARD') });
    expect(texts(on('faraday', VXLAN, firewall))).toEqual([]);
    expect(words(on('faraday', VXLAN, firewall))).toHaveLength(there.length);
  });

  test('that nobody but its owner can change, with its setting for firewalld', () => {
    const [finding] = on('faraday', VXLAN, { ...FIREWALLD, access: 'owned' }).findings;
    expect(finding?.weight).toBe('refuse');
    expect(finding?.hint).toContain('NftablesTableOwner=no');
    const other = on('faraday', VXLAN, { ...FIREWALLD, table: 'mine', access: 'owned' });
    expect(accepts(other)).toEqual([]);
    expect(other.findings[0]?.hint).toContain('"iifgroup 10310" in filter_FORWARD');
  });

  test('with names that nft would read as more than names', () => {
    const [input] = FIREWALLD.chains.map((each) => ({ ...each, name: 'a; flush ruleset' }));
    const seen = on('faraday', VXLAN, { ...FIREWALLD, chains: input === undefined ? [] : [input] });
    expect(accepts(seen)).toEqual([]);
    expect(seen.findings[0]?.text).toContain('nft cannot be told of a chain with such a name');
    const table = on('faraday', VXLAN, {
      ...FIREWALLD,
      table: 'a; flush ruleset',
      access: 'unread',
      chains: [],
    });
    expect(texts(table)[0]).toContain('a table with such a name as inet "a; flush ruleset": what it drops');
  });

  test('that it cannot be read without its program', () => {
    const unread: Firewall = { ...filterTable({ tool: 'iptables-legacy' }), access: 'unread', chains: [] };
    expect(texts(on('faraday', VXLAN, unread))).toEqual([
      'note: the kernel has rules of iptables-legacy, which is not installed: what they drop is not seen',
    ]);
  });
});

describe('a rule of ours', () => {
  const MARKS = { island: 'r2lab', ports: [10_310] };
  const firewall = (...before: Parameters<typeof rule>[]) =>
    filterTable({
      forward: [
        ...before.map((each) => rule(...each)),
        { ...rule(ACCEPT), comment: 'island:r2lab iifname isl-*', handle: 9 },
        { ...rule(ACCEPT), comment: 'island:r2lab2 iifname isl-*', handle: 10 },
      ],
    });
  const owned = (...firewalls: readonly Firewall[]) =>
    ownedOf({ ...observed(LINKS.faraday), firewalls }, MARKS).filter(
      (resource): resource is Accept => resource.kind === 'accept',
    );
  const wanted = accepts(on('faraday', VXLAN, filterTable({ policy: 'accept', forward: [rule(DROP)] })));

  test('is known by the island in its comment, with the handle to delete it by', () => {
    expect(owned(firewall())).toEqual([expect.objectContaining({ words: 'iifname isl-*', handle: 9 })]);
    const steps = diff(owned(firewall()), []);
    expect(effectsOf(steps).flatMap(commandsOf)).toEqual([
      "nft -f - <<'EOF'\ndelete rule ip filter FORWARD handle 9\nEOF",
    ]);
  });

  test('that somebody put a drop in front of is put in front again', () => {
    const [first] = wanted;
    if (first === undefined) throw new Error('no accept');
    expect(diff(owned(firewall()), [first])).toEqual([]);
    const steps = diff(owned(firewall([DROP])), [first]);
    expect(steps.map(explain)).toEqual([
      'accept of iifname isl-* in FORWARD of ip filter: a drop stands in front of it',
    ]);
    expect(effectsOf(steps).flatMap(commandsOf)).toEqual([
      'nft -f - <<\'EOF\'\ndelete rule ip filter FORWARD handle 9\ninsert rule ip filter FORWARD iifname "isl-*" counter accept comment "island:r2lab iifname isl-*"\nEOF',
    ]);
  });

  test('stays where it is when Calico has put its chains in front', () => {
    const calico = { ...firewall([jump('cali-FORWARD')]) };
    const chains = [...calico.chains, chain('cali-FORWARD', [rule(DROP)])];
    expect(diff(owned({ ...calico, chains }), wanted.slice(0, 1))).toEqual([]);
  });

  test('is missing in words that say where', () => {
    expect(diff([], wanted).map(explain)[0]).toBe(
      'accept of iifname isl-* in FORWARD of ip filter is missing',
    );
  });

  test('in iptables-legacy is put in and taken out by one restore', () => {
    const legacy = accepts(on('laptop', modelFile('ipip', LAPTOP), filterTable({ tool: 'iptables-legacy' })));
    const text = (steps: Parameters<typeof effectsOf>[0]) => effectsOf(steps).flatMap(commandsOf).join('\n');
    expect(text(diff([], legacy))).toBe(`iptables-legacy-restore --noflush <<'EOF'
*filter
-I INPUT -i isl-+ -m comment --comment "island:r2lab -i isl-+" -j ACCEPT
-I INPUT -p 4 -m comment --comment "island:r2lab -p 4" -j ACCEPT
COMMIT
EOF`);
    expect(text(diff(legacy, []))).toContain(
      '-D INPUT -i isl-+ -m comment --comment "island:r2lab -i isl-+" -j ACCEPT',
    );
  });
});

test('the name of a link that is no plain word is left out of a rule', () => {
  const links = [link('internet', ['138.96.16.97/28']), link('-x', ['192.168.3.100/24', '192.168.2.100/24'])];
  const routes = [route('default', { link: 'internet', nextHop: ipv4('138.96.16.110') })];
  const host = { ...observed(links, { routes }), firewalls: [filterTable({ tool: 'iptables-legacy' })] };
  expect(words(sight(VXLAN, 'faraday', host))).toContain('FORWARD of iptables-legacy: -o isl-+');
});
