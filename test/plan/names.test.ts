import { describe, expect, test } from 'vitest';
import { withBlock, writtenFor } from '../../src/model/hosts-file.ts';
import { restorable } from '../../src/plan/before.ts';
import { diff } from '../../src/plan/diff.ts';
import { commandsOf, effectsOf } from '../../src/plan/effect.ts';
import { explain } from '../../src/plan/explain.ts';
import type { HostsBlock, Resolver } from '../../src/plan/name-resource.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { ownedOf } from '../../src/plan/owned.ts';
import type { Resource } from '../../src/plan/resource.ts';
import { modelFile } from '../support/island.ts';
import { link, observed, sight } from '../support/observed.ts';

const MARKS = { island: 'r2lab', ports: [10_310] };
const HUB = observed([link('eth0', ['138.96.245.50/24'])]);
const MEMBER = observed([link('control', ['192.168.3.2/24'])]);
const RESOLVER: Resolver = {
  ...{ kind: 'resolver', link: 'isl-a', servers: ['10.3.1.2'], domains: ['~r2lab.internal'] },
  defaultRoute: false,
};
const BLOCK: HostsBlock = { kind: 'hosts', island: 'r2lab', lines: ['10.3.1.2  a.x a', '10.3.1.3  b.x b'] };

function seen(client: string, name: string, host: Observed) {
  return sight(`dns: { client: ${client} }\n${modelFile('vxlan')}`, name, host);
}

function namesOf(client: string, name: string, host: Observed) {
  return seen(client, name, host).resources.filter(({ kind }) => kind === 'resolver' || kind === 'hosts');
}

function commands(before: readonly Resource[], after: readonly Resource[]) {
  return effectsOf(diff(before, after)).flatMap(commandsOf);
}

describe('names are found', () => {
  test.each([
    ['auto', 'sopnode-l1', HUB, []],
    ['auto', 'sopnode-l1', { ...HUB, resolved: 'silent' }, []],
    ['auto', 'sopnode-l1', { ...HUB, resolved: [] }, ['resolver']],
    ['hosts', 'sopnode-l1', { ...HUB, resolved: [] }, ['resolver']],
    ['hosts', 'sopnode-l1', { ...HUB, resolved: 'silent' }, ['hosts']],
    ['hosts', 'sopnode-l1', HUB, ['hosts']],
    ['off', 'sopnode-l1', { ...HUB, resolved: [] }, []],
    ['auto', 'fit02', { ...MEMBER, resolved: [] }, []],
    ['hosts', 'fit02', { ...MEMBER, resolved: [] }, ['hosts']],
  ] as const)('with client %s on %s', (client, name, host, kinds) => {
    expect(namesOf(client, name, host).map(({ kind }) => kind)).toEqual(kinds);
  });

  test('by a link with as many domains as it may have, where the addresses in public networks are many', () => {
    const many = modelFile('vxlan').replace('w[1-3]', 'w[51-249]').replace('[51-53]', '[51-249]');
    const two = many
      .replace('138.96.245.0/24', '138.96.244.0/23')
      .concat('  - { name: "x[1-99]", address: "138.96.244.[1-99]" }\n');
    const { resources } = sight(two, 'sopnode-l1', { ...HUB, resolved: [] });
    const [told] = resources.filter((each) => each.kind === 'resolver');
    expect(told?.domains.slice(0, 2)).toEqual(['~r2lab.internal', '~1.3.10.in-addr.arpa']);
    expect(told?.domains.length).toBe(256);
  });

  test('of what a link was told only that of our links is ours, and of /etc/hosts our lines', () => {
    const text = withBlock(withBlock('', 'other', ['x']), 'r2lab', BLOCK.lines);
    const own = link('isl-a', [], { kind: 'vxlan', group: 10_310, alias: 'island:r2lab/a' });
    const host = { ...observed([own]), resolved: [RESOLVER, { ...RESOLVER, link: 'eth0' }] };
    const namesIn = (each: Observed) =>
      ownedOf(each, MARKS).filter(({ kind }) => kind === 'resolver' || kind === 'hosts');
    expect(namesIn({ ...host, hostsFile: { text } })).toEqual([RESOLVER, BLOCK]);
    expect(namesIn({ ...host, resolved: 'silent', hostsFile: { text, fixed: 'a symlink to /x' } })).toEqual(
      [],
    );
  });
});

describe('the commands', () => {
  test('are those that a person would type, the server last', () => {
    expect(commands([], [RESOLVER, BLOCK])).toEqual([
      'resolvectl default-route isl-a no',
      "resolvectl domain isl-a '~r2lab.internal'",
      'resolvectl dns isl-a 10.3.1.2',
      "cat >>/etc/hosts <<'EOF'\n# island:r2lab begin\n10.3.1.2  a.x a\n10.3.1.3  b.x b\n# island:r2lab end\nEOF",
    ]);
    expect(commands([RESOLVER, BLOCK], [])).toEqual([
      "sed -i '/^# island:r2lab begin$/,/^# island:r2lab end$/d' /etc/hosts",
      'resolvectl revert isl-a',
    ]);
    expect(commands([BLOCK], [{ ...BLOCK, lines: ['c'] }])).toEqual([
      "sed -i '/^# island:r2lab begin$/,/^# island:r2lab end$/c\\\n# island:r2lab begin\\\nc\\\n# island:r2lab end' /etc/hosts",
    ]);
  });

  test('say nothing of a link that goes, which takes along what was told of it', () => {
    const { resources } = seen('auto', 'sopnode-l1', { ...HUB, resolved: [] });
    expect(commands(resources, []).join('\n')).not.toContain('resolvectl');
    expect(commands([], resources).at(-1)).toMatch(/^resolvectl dns isl-\S+ 10\.3\.1\.2$/);
  });
});

test('what differs is said in words', () => {
  const other = { ...RESOLVER, servers: ['1.1.1.1'], domains: ['~.'], defaultRoute: true };
  const edited = { ...BLOCK, lines: ['10.3.1.2  a.x a', '10.3.1.9  b.x b'] };
  const many = {
    ...RESOLVER,
    domains: ['~r2lab.internal', '~1.3.10.in-addr.arpa', '~3.168.192.in-addr.arpa'],
  };
  expect([...diff([], [many]), ...diff([RESOLVER], [many])].map(explain)).toEqual([
    'DNS of isl-a (10.3.1.2 for ~r2lab.internal and 2 more) is missing',
    'DNS of isl-a (10.3.1.2 for ~r2lab.internal and 2 more): lacks ~1.3.10.in-addr.arpa, and 1 more differs',
  ]);
  expect([...diff([], [RESOLVER, BLOCK]), ...diff([other, edited], [RESOLVER, BLOCK])].map(explain)).toEqual([
    'DNS of isl-a (10.3.1.2 for ~r2lab.internal) is missing',
    'block of r2lab in /etc/hosts is missing',
    'DNS of isl-a (10.3.1.2 for ~r2lab.internal): is 1.1.1.1 for ~. everything',
    'block of r2lab in /etc/hosts: lacks "10.3.1.3  b.x b", and 1 more differs',
  ]);
});

describe('what stands in the way of names', () => {
  const findings = (client: string, text: string, more: Partial<Observed> = {}, fixed?: string) => {
    const file = { text, ...(fixed !== undefined && { fixed }) };
    return seen(client, 'sopnode-l1', { ...HUB, hostsFile: file, ...more }).findings;
  };

  test.each([
    ['hosts', '# island:r2lab begin\n', 'refuse', '/etc/hosts:1: "# island:r2lab begin" without its end'],
    ['auto', '# island:r2lab begin\n', 'drift', '/etc/hosts:1: "# island:r2lab begin" without its end'],
    [
      'hosts',
      '10.9.9.9 x FIT02\n',
      'note',
      '/etc/hosts:1: FIT02 is 10.9.9.9 there, and 192.168.3.2 in the island',
    ],
  ])('with client %s and %j is a %s', (client, text, weight, said) => {
    expect(findings(client, text)).toMatchObject([{ weight, text: said }]);
  });

  test('is a file that cannot be replaced, and a systemd-resolved that does not answer', () => {
    expect(findings('hosts', '', {}, 'a symlink to /nix/hosts')).toMatchObject([
      { weight: 'refuse', text: '/etc/hosts is a symlink to /nix/hosts, which island does not replace' },
    ]);
    expect(findings('auto', '', { resolved: 'silent' })).toMatchObject([
      { weight: 'note', text: 'systemd-resolved does not answer, and counts as not there' },
    ]);
    expect(findings('off', '', { resolved: 'silent' })).toEqual([]);
  });

  test('is systemd-networkd when it has taken the link: the names are then nowhere, or in /etc/hosts on request', () => {
    const [told] = namesOf('auto', 'sopnode-l1', { ...HUB, resolved: [] });
    if (told?.kind !== 'resolver') throw new Error('there is no link to tell of');
    const own = link(told.link, [], { kind: 'vxlan', group: 10_310, alias: 'island:r2lab/+vxlan' });
    const taken = { ...HUB, links: [...HUB.links, own], resolved: [told], managed: [told.link] };
    expect(ownedOf(taken, MARKS)).not.toContainEqual(told);
    expect(
      ['auto', 'hosts'].map((client) => namesOf(client, 'sopnode-l1', taken).map(({ kind }) => kind)),
    ).toEqual([[], ['hosts']]);
    expect(seen('auto', 'sopnode-l1', taken).findings).toContainEqual(
      expect.objectContaining({
        weight: 'note',
        text: expect.stringContaining(`systemd-networkd has taken ${told.link}`),
      }),
    );
  });

  test("is not the host's own name for itself, nor what is the same, nor IPv6", () => {
    const text = '127.0.1.1 sopnode-l1\n192.168.3.2 fit02\nfd00::1 fit01\n';
    expect(findings('hosts', text)).toEqual([]);
  });
});

test('names that an operator put into /etc/hosts are noted where they are not those of the file, and left', () => {
  const text = (client: string, block: readonly string[]) => {
    const hostsFile = { text: withBlock('', writtenFor('r2lab'), block) };
    const { findings, resources } = seen(client, 'fit02', { ...MEMBER, hostsFile });
    expect(ownedOf({ ...MEMBER, hostsFile }, MARKS).map(({ kind }) => kind)).not.toContain('hosts');
    return { findings, lines: resources.flatMap((each) => (each.kind === 'hosts' ? each.lines : [])) };
  };
  const { lines } = text('hosts', []);
  expect(lines).toContain('192.168.3.7  fit07.r2lab.internal fit07');
  expect(text('auto', lines).findings).toEqual([]);
  for (const block of [[], lines.slice(1), [...lines, '10.3.1.70  w9.r2lab.internal w9']]) {
    expect(text('auto', block).findings).toMatchObject([{ weight: 'note', hint: 'island hosts --write' }]);
  }
});

test('what a link was told is not to be had again while systemd-resolved does not run', () => {
  const own: Resource[] = [RESOLVER, BLOCK];
  const before = { marks: MARKS, forwardingOfAll: '0', resources: own };
  const host = observed([link('isl-a')]);
  expect(restorable(before, host)).toEqual([BLOCK]);
  expect(restorable(before, { ...host, resolved: [] })).toEqual(own);
});
