import { describe, expect, test } from 'vitest';
import type { Networkd } from '../../src/plan/observed.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, type Sight, sight } from '../support/observed.ts';
import { ACCEPT, chain, DROP, filterTable, jump, match, rule } from '../support/rulesets.ts';

const HUB = observed([link('eth0', ['138.96.245.50/24'])], {
  routes: [route('default', { link: 'eth0', nextHop: ipv4('138.96.245.250') })],
});
const TWO_PEERS = modelFile('ipip', '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9 }\n');

function texts({ findings }: Sight): string[] {
  return findings.map(({ weight, text }) => `${weight}: ${text}`);
}

describe('Calico', () => {
  const ipip = match('protocol', '4');
  const calico = (...rules: Parameters<typeof chain>[1]) => ({
    ...HUB,
    firewalls: [
      filterTable({
        policy: 'accept',
        input: [rule(jump('cali-INPUT'))],
        chains: [chain('cali-INPUT', rules)],
      }),
    ],
  });

  test('that drops ipip leaves no way for it, and no rule of ours is wasted on that', () => {
    const seen = sight(TWO_PEERS, 'sopnode-l1', calico(rule(DROP, ipip)));
    expect(texts(seen)).toEqual([
      "refuse: cali-INPUT of Calico drops the ipip packets of 138.96.16.97 and 1 more: it stands in front of everything, so that no rule of the island's would help",
    ]);
    expect(seen.findings[0]?.hint).toMatch(/^write "link: vxlan" in the file, or name .* externalNodesList/);
    expect(seen.resources.filter(({ kind }) => kind === 'accept')).toEqual([]);
  });

  test('that lets in a list of hosts may know ours', () => {
    const seen = sight(
      TWO_PEERS,
      'sopnode-l1',
      calico(rule(ACCEPT, ipip, match('unknown')), rule(DROP, ipip)),
    );
    expect(texts(seen)).toEqual([
      expect.stringMatching(/^note: cali-INPUT .*, unless Calico was told of them/),
    ]);
  });

  test('is not in the way of vxlan on a port of our own', () => {
    const drops = [rule(DROP, ipip), rule(DROP, match('protocol', '17'), match('dport', '4789'))];
    expect(texts(sight(modelFile('vxlan'), 'sopnode-l1', calico(...drops)))).toEqual([]);
  });

  test('with nftables has a table of its own, in which it suffers no rule of others', () => {
    const table = { ...filterTable({ input: [rule(DROP, ipip)], policy: 'accept' }), table: 'calico' };
    const seen = sight(TWO_PEERS, 'sopnode-l1', { ...HUB, firewalls: [table] });
    expect(texts(seen)).toEqual([expect.stringMatching(/^refuse: INPUT of Calico drops the ipip packets/)]);
    expect(seen.resources.filter(({ kind }) => kind === 'accept')).toEqual([]);
  });
});

describe('systemd-networkd', () => {
  const seen = (takes: Networkd['takes']) =>
    sight(modelFile('vxlan'), 'sopnode-l1', { ...HUB, networkd: { takes } }).findings;

  test('is told how to leave our routes and rules alone', () => {
    const [finding] = seen(['ManageForeignRoutes', 'ManageForeignRoutingPolicyRules']);
    expect(finding?.text).toContain('deletes routes and rules of others');
    expect(finding?.hint).toContain(
      "printf '[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n' >/etc/systemd/networkd.conf.d/island.conf",
    );
    expect(seen(['ManageForeignRoutingPolicyRules'])[0]?.text).toContain('deletes rules of others');
  });

  test('is not mentioned where it leaves them alone already', () => {
    expect(seen([])).toEqual([]);
  });
});

test('a vxlan link of others on our port is refused, since the guard would drop what it receives', () => {
  const theirs = link('vx0', [], { kind: 'vxlan', tunnel: { id: 7, port: 10_310 } });
  const host = { ...HUB, links: [...HUB.links, theirs] };
  expect(texts(sight(modelFile('vxlan'), 'sopnode-l1', host))).toEqual([
    'refuse: link vx0 is a vxlan link with UDP port 10310 as well (VNI 7): the guard of r2lab would drop its packets',
  ]);
  expect(texts(sight(modelFile('ipip'), 'sopnode-l1', host))).toEqual([]);
});
