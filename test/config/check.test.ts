import { describe, expect, test } from 'vitest';
import { EXAMPLE } from '../../src/config/example.ts';
import { formatPath } from '../../src/config/fault.ts';
import { checkConfig, formatProblem } from '../../src/config/load.ts';

/** Valid; each line is where the table below says it is. */
const GOOD = `island: r2lab
subnet: 10.3.1.0/24
hub:
  name: l1
  outer: 138.96.245.50
  inner: 10.3.1.2
  networks:
    - subnet: 138.96.245.0/24
peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.3.0/24, gateway: 192.168.3.100 }
      - { subnet: 192.168.2.0/24, gateway: 192.168.2.100 }
  - name: home
    outer: 203.0.113.7
    inner: 10.3.1.4
hosts:
  - { name: "fit[01-37]", address: "192.168.3.[1-37]" }
  - { name: w1, address: 138.96.245.51, routes: [10.244.1.0/24] }
`;

/** What to replace in GOOD, and the one problem it makes: place, path and the whole sentence with the value. */
type Wrong = readonly [
  change: readonly [from: string, to: string],
  place: string,
  sentence: string,
  hint: string,
];

const TABLE: Readonly<Record<string, readonly Wrong[]>> = {
  'the text': [
    [[GOOD, ''], '1:1', 'not a map of keys', 'island init'],
    [[GOOD, '- a\n- b\n'], '1:1', 'not a map of keys', 'start with'],
    [[GOOD, 'just words\n'], '1:1', 'not a map of keys, "just words"', 'start with'],
    [['  name: l1', '\tname: l1'], '4:1', 'a tab in the indentation', 'spaces'],
    [['  inner: 10.3.1.2', '   inner: 10.3.1.2'], '5:10', 'a "key: value" inside a value', 'quotes'],
    [['name: faraday', 'name: "faraday'], '10:19', 'missing closing "quote', 'close'],
    [
      ['name: faraday', 'name: @faraday'],
      '10:11',
      'plain value cannot start with reserved character @, "@faraday"',
      'quotes',
    ],
    [
      ['gateway: 192.168.2.100 }', 'gateway: 192.168.2.100'],
      '16:3',
      'indented unlike its neighbours, or a bracket is open',
      'close',
    ],
    [['"fit[01-37]"', 'fit[01-37]'], '20:16', 'cannot be read from here on, "[01-37]', 'fit[01-37]'],
    [[GOOD, `${GOOD}---\nisland: other\n`], '22:1', 'a second document in one file', 'remove'],
    [
      ['name: home', 'name: *home'],
      '16:11',
      'peers[1].name: aliases are not followed, "*home"',
      'write the value out',
    ],
    [['name: home', 'name: !secret home'], '16:11', 'unresolved tag: !secret', 'tag'],
    [['island: r2lab', 'island r2lab'], '1:1', 'not a key with a value', 'colon'],
  ],
  keys: [
    [
      ['subnet: 10.3.1.0/24', 'subnet: 10.3.1.0/24\nsubnet: 10.3.2.0/24'],
      '3:1',
      'subnet: duplicate key, "subnet"',
      'line 2',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.4\n    inner: 10.3.1.5'],
      '19:5',
      'peers[1].inner: duplicate key, "inner"',
      'line 18',
    ],
    [
      ['subnet: 10.3.1.0/24', 'subnt: 10.3.1.0/24'],
      '2:1',
      'subnt: unknown key, "subnt"',
      'did you mean "subnet"?',
    ],
    [
      ['    outer: 203.0.113.7', '    otuer: 203.0.113.7'],
      '17:5',
      'peers[1].otuer: unknown key, "otuer"',
      'did you mean "outer"?',
    ],
    [
      ['gateway: 192.168.3.100', 'gatway: 192.168.3.100'],
      '14:35',
      'peers[0].networks[0].gatway: unknown key, "gatway"',
      '"gateway"',
    ],
    [
      ['island: r2lab', 'island: r2lab\nfirewall: on'],
      '2:1',
      'firewall: unknown key, "firewall"',
      'what goes here is island',
    ],
    [
      ['island: r2lab', '"__proto__": 1\nisland: r2lab'],
      '1:1',
      '__proto__: unknown key, "__proto__"',
      'remove it',
    ],
    [['island: r2lab\n', ''], '1:1', 'island: missing', 'such as r2lab'],
    [['  inner: 10.3.1.2\n', ''], '4:3', 'hub.inner: missing', 'such as 10.3.1.2'],
    [['    outer: 203.0.113.7\n', ''], '16:5', 'peers[1].outer: missing', 'add it'],
    [['address: 138.96.245.51, ', ''], '21:5', 'hosts[1].address: missing', 'add it'],
    [
      ['  - name: home\n    outer: 203.0.113.7\n    inner: 10.3.1.4', '  - home'],
      '16:5',
      'peers[1]: not a map of keys, "home"',
      'key: value',
    ],
    [
      ['  networks:\n    - subnet: 138.96.245.0/24', '  networks: 138.96.245.0/24'],
      '7:13',
      'hub.networks: not a list, "138.96.245.0/24"',
      '- ',
    ],
    [['island: r2lab', 'island: r2lab\nchecks:'], '2:1', 'checks: empty', 'remove the line'],
  ],
  names: [
    [['name: home', 'name: 08'], '16:11', 'peers[1].name: not text, "08"', 'quote it: "08"'],
    [['name: home', 'name: true'], '16:11', 'peers[1].name: not text, "true"', 'quote it: "true"'],
    [['name: home', 'name: Home'], '16:11', 'peers[1].name: not a host name, "Home"', 'lower case: home'],
    [
      ['name: home', 'name: home.example.org'],
      '16:11',
      'peers[1].name: not a host name, "home.example.org"',
      'first label: home',
    ],
    [['name: home', 'name: my_home'], '16:11', 'peers[1].name: not a host name, "my_home"', 'my-home'],
    [
      ['name: home', `name: ${'h'.repeat(57)}`],
      '16:11',
      `peers[1].name: name is too long, "${'h'.repeat(57)}"`,
      '56',
    ],
    [
      ['name: home', 'name: faraday'],
      '16:11',
      'peers[1].name: name is already that of peers[0], "faraday"',
      'name of its own',
    ],
    [
      ['name: w1', 'name: l1-tunnel'],
      '21:13',
      'hosts[1].name: name is already that of the hub, "l1-tunnel"',
      'of its own',
    ],
    [
      ['name: w1', 'name: fit07'],
      '21:13',
      'hosts[1].name: name is already that of hosts[0], "fit07"',
      'of its own',
    ],
    [['island: r2lab', 'island: R2Lab'], '1:9', 'island: not a name for an island, "R2Lab"', 'lower-case'],
    [
      ['island: r2lab', 'island: r2lab\nzone: r2lab.local'],
      '2:7',
      'zone: zone belongs to multicast DNS, "r2lab.local"',
      'r2lab.internal',
    ],
    [
      ['island: r2lab', 'island: r2lab\nzone: r2lab.internal.'],
      '2:7',
      'zone: not a zone, "r2lab.internal."',
      'last dot',
    ],
    [
      ['island: r2lab', 'island: r2lab\nzone: r2lab..internal'],
      '2:7',
      'zone: not a zone, "r2lab..internal"',
      'labels',
    ],
  ],
  'addresses and subnets': [
    [
      ['138.96.245.50', '138.96.245.300'],
      '5:10',
      'hub.outer: not an IPv4 address, "138.96.245.300"',
      'each part is 0 to 255',
    ],
    [
      ['203.0.113.7', '203.0.113.007'],
      '17:12',
      'peers[1].outer: not an IPv4 address, "203.0.113.007"',
      '203.0.113.7',
    ],
    [
      ['203.0.113.7', '2001:db8::7'],
      '17:12',
      'peers[1].outer: not an IPv4 address, "2001:db8::7"',
      'IPv4 only',
    ],
    [['203.0.113.7', '203.0'], '17:12', 'peers[1].outer: not an IPv4 address, "203.0"', 'four numbers'],
    [
      ['203.0.113.7', '127.0.0.1'],
      '17:12',
      'peers[1].outer: not an address of a host: it is loopback, "127.0.0.1"',
      'ip address',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.4/24'],
      '18:12',
      'peers[1].inner: not an IPv4 address, "10.3.1.4/24"',
      'leave out the prefix',
    ],
    [
      ['subnet: 10.3.1.0/24', 'subnet: 10.3.1.1/24'],
      '2:9',
      'subnet: address bits behind the prefix, "10.3.1.1/24"',
      'write 10.3.1.0/24',
    ],
    [
      ['subnet: 10.3.1.0/24', 'subnet: 10.3.1.0'],
      '2:9',
      'subnet: not an IPv4 subnet, "10.3.1.0"',
      '10.3.1.0/24',
    ],
    [
      ['subnet: 192.168.2.0/24, gateway: 192.168.2.100', 'subnet: 0.0.0.0/0, gateway: 192.168.2.100'],
      '15:19',
      'peers[0].networks[1].subnet: not a subnet of hosts: it holds "this network" addresses, "0.0.0.0/0"',
      'one LAN',
    ],
    [
      ['203.0.113.7', '138.96.16.97'],
      '17:12',
      'peers[1].outer: outer address is already that of faraday, "138.96.16.97"',
      'workers',
    ],
    [
      ['203.0.113.7', '10.3.1.9'],
      '17:12',
      `peers[1].outer: underlay address inside the island's subnet 10.3.1.0/24, "10.3.1.9"`,
      'underlay',
    ],
    [
      ['outer: 203.0.113.7', 'outer: 203.0.113.7\n    local: 138.96.245.50'],
      '18:12',
      'peers[1].local: local address is the outer address of l1, "138.96.245.50"',
      'home has itself',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.2.4'],
      '18:12',
      `peers[1].inner: inner address outside the island's subnet 10.3.1.0/24, "10.3.2.4"`,
      'subnet',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.3'],
      '18:12',
      'peers[1].inner: inner address is already that of faraday, "10.3.1.3"',
      'free address',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.0'],
      '18:12',
      'peers[1].inner: the network or broadcast address of 10.3.1.0/24, "10.3.1.0"',
      'free address',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.255'],
      '18:12',
      'peers[1].inner: the network or broadcast address of 10.3.1.0/24, "10.3.1.255"',
      'free',
    ],
    [
      ['gateway: 192.168.3.100', 'gateway: 192.168.4.100'],
      '14:44',
      'peers[0].networks[0].gateway: outside its network 192.168.3.0/24, "192.168.4.100"',
      '192.168.3.0/24',
    ],
    [
      ['gateway: 192.168.3.100', 'gateway: 192.168.3.255'],
      '14:44',
      'peers[0].networks[0].gateway: the network or broadcast address of 192.168.3.0/24, "192.168.3.255"',
      '192.168.3.0/24',
    ],
    [
      [', gateway: 192.168.3.100', ''],
      '14:9',
      'peers[0].networks[0].gateway: missing, since the outer address 138.96.16.97 lies outside 192.168.3.0/24',
      'add "gateway:"',
    ],
    [
      ['subnet: 192.168.2.0/24, gateway: 192.168.2.100', 'subnet: 192.168.0.0/16, gateway: 192.168.2.100'],
      '15:19',
      'peers[0].networks[1].subnet: overlaps 192.168.3.0/24, a network of faraday, "192.168.0.0/16"',
      'change one',
    ],
    [
      ['subnet: 192.168.2.0/24, gateway: 192.168.2.100', 'subnet: 10.3.0.0/16, gateway: 10.3.9.1'],
      '15:19',
      `peers[0].networks[1].subnet: overlaps 10.3.1.0/24, the island's subnet, "10.3.0.0/16"`,
      'change one',
    ],
  ],
  hosts: [
    [
      ['192.168.3.[1-37]', '192.168.3.[1-36]'],
      '20:36',
      'hosts[0].address: range of 36 for 37 names (fit[01-37]), "192.168.3.[1-36]"',
      'range of 37',
    ],
    [
      ['address: 138.96.245.51', 'address: "138.96.245.[51-53]"'],
      '21:26',
      'hosts[1].address: range of 3 for 1 name (w1), "138.96.245.[51-53]"',
      'no brackets',
    ],
    [
      ['192.168.3.[1-37]', '192.168.3.[220-256]'],
      '20:36',
      'hosts[0].address: not an IPv4 address, "192.168.3.[220-256]"',
      '0 to 255',
    ],
    [
      ['fit[01-37]', 'fit[37-01]'],
      '20:13',
      'hosts[0].name: range runs backwards, "fit[37-01]"',
      'smaller number first',
    ],
    [['fit[01-37]', 'fit[01..37]'], '20:13', 'hosts[0].name: not a range, "fit[01..37]"', 'fit[01-37]'],
    [
      ['fit[01-37]', 'fit[1-9999999]'],
      '20:13',
      'hosts[0].name: range is too long, "fit[1-9999999]"',
      '65536',
    ],
    [
      ['address: 138.96.245.51', 'address: 138.96.246.51'],
      '21:26',
      'hosts[1].address: address in no network of the island, "138.96.246.51"',
      'add its network',
    ],
    [
      ['address: 138.96.245.51', 'address: 138.96.245.255'],
      '21:26',
      'hosts[1].address: the network or broadcast address of 138.96.245.0/24, "138.96.245.255"',
      'address of the host',
    ],
    [
      ['address: 138.96.245.51', 'address: 138.96.245.50'],
      '21:26',
      'hosts[1].address: address is already that of l1, "138.96.245.50"',
      'of its own',
    ],
    [
      ['address: 138.96.245.51', 'address: 192.168.3.100'],
      '21:26',
      'hosts[1].address: address is already that of faraday, "192.168.3.100"',
      'of its own',
    ],
    [
      ['address: 138.96.245.51', 'address: 192.168.3.7'],
      '21:26',
      'hosts[1].address: address is already that of fit07, "192.168.3.7"',
      'of its own',
    ],
    [
      ['[10.244.1.0/24]', '[192.168.3.64/26]'],
      '21:50',
      'hosts[1].routes[0]: overlaps 192.168.3.0/24, a network of faraday, "192.168.3.64/26"',
      'change one',
    ],
    [
      ['[10.244.1.0/24]', '[10.244.1.0/24, 10.244.0.0/16]'],
      '21:65',
      'hosts[1].routes[1]: overlaps 10.244.1.0/24, a route of w1, "10.244.0.0/16"',
      'change one',
    ],
    [
      ['[10.244.1.0/24] }', '["10.244.[1-3].0/23"] }'],
      '21:50',
      'hosts[1].routes[0]: address bits behind the prefix, "10.244.[1-3].0/23"',
      '10.244.0.0/23',
    ],
    [
      ['[10.244.1.0/24] }', '[10.244.1.0/24], translate: true }'],
      '21:49',
      'hosts[1].routes: routes behind a host that takes no routes itself, "10.244.1.0/24"',
      'leave out',
    ],
    [
      ['[10.244.1.0/24] }', '[10.244.1.0/24], translate: "no" }'],
      '21:77',
      'hosts[1].translate: not true or false, "no"',
      'true or false',
    ],
  ],
  'links and ports': [
    [
      ['island: r2lab', 'island: r2lab\nlink: gre'],
      '2:7',
      'link: not a kind of link, "gre"',
      'ipip or vxlan',
    ],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.4\n    link: wireguard'],
      '19:11',
      'peers[1].link: not a kind of link, "wireguard"',
      'ipip or vxlan',
    ],
    [
      ['island: r2lab', 'island: r2lab\nport: 4789'],
      '2:7',
      'port: port belongs to the vxlan devices of CNIs, "4789"',
      '10310',
    ],
    [
      ['island: r2lab', 'island: r2lab\nport: 8472'],
      '2:7',
      'port: port belongs to the vxlan devices of CNIs, "8472"',
      '10310',
    ],
    [
      ['island: r2lab', 'island: r2lab\nport: 80'],
      '2:7',
      'port: not a port for an island, "80"',
      '1024 to 65535',
    ],
    [
      ['island: r2lab', 'island: r2lab\nport: "10310"'],
      '2:7',
      'port: not a port for an island, "10310"',
      '1024 to 65535',
    ],
    [['island: r2lab', 'island: r2lab\nmtu: 500'], '2:6', 'mtu: not an MTU, "500"', '576 to 65535'],
    [['island: r2lab', 'island: r2lab\nmtu: big'], '2:6', 'mtu: not an MTU, "big"', 'auto'],
    [
      ['inner: 10.3.1.4', 'inner: 10.3.1.4\n    mtu: 70000'],
      '19:10',
      'peers[1].mtu: not an MTU, "70000"',
      '576 to 65535',
    ],
  ],
  'workers, dns and checks': [
    [
      ['hosts:', 'workers: { pool: 10.4.0.0/26 }\nhosts:'],
      '19:18',
      `workers.pool: pool outside the island's subnet 10.3.1.0/24, "10.4.0.0/26"`,
      '10.3.1.0/24',
    ],
    [
      ['hosts:', 'workers: { pool: 10.3.1.0/26 }\nhosts:'],
      '19:18',
      'workers.pool: pool holds 10.3.1.2, the inner address of l1, "10.3.1.0/26"',
      'inner address',
    ],
    [
      ['hosts:', 'workers: { pool: 10.3.1.64/26, link: ipip }\nhosts:'],
      '19:38',
      'workers.link: workers cannot use it, since a NAT carries it for one worker only, "ipip"',
      'vxlan',
    ],
    [
      ['hosts:', 'workers: { pool: 10.3.1.64/26, keepalive: 20 }\nhosts:'],
      '19:43',
      'workers.keepalive: not a duration, "20"',
      'such as 20s',
    ],
    [
      ['hosts:', 'workers: { pool: 10.3.1.64/26, keepalive: 1h }\nhosts:'],
      '19:43',
      'workers.keepalive: duration is too long, "1h"',
      '5m',
    ],
    [
      ['hosts:', 'dns: { client: resolved }\nhosts:'],
      '19:16',
      'dns.client: not a way to find names, "resolved"',
      'auto, hosts or off',
    ],
    [
      ['hosts:', 'dns: { listen: [192.168.9.1] }\nhosts:'],
      '19:17',
      'dns.listen[0]: address in no network of the island, "192.168.9.1"',
      'hub or a peer',
    ],
    [
      ['hosts:', 'dns: { listen: [192.168.3.7] }\nhosts:'],
      '19:17',
      'dns.listen[0]: address of fit07, which serves no network, "192.168.3.7"',
      'hub or a peer',
    ],
    [
      ['hosts:', 'dns: { listen: [192.168.3.100, 192.168.3.100] }\nhosts:'],
      '19:32',
      'dns.listen[1]: address is there twice, "192.168.3.100"',
      'remove',
    ],
    [
      ['hosts:', 'dns: { records: [{ name: api, value: fit01 }] }\nhosts:'],
      '19:38',
      'dns.records[0].value: not the value of a record of type A, "fit01"',
      'IPv4',
    ],
    [
      ['hosts:', 'dns: { records: [{ name: fit07, type: CNAME, value: w1 }] }\nhosts:'],
      '19:26',
      'dns.records[0].name: a CNAME beside another record of its name, "fit07"',
      'CNAME',
    ],
    [
      ['hosts:', 'dns: { records: [{ name: a, type: MX, value: w1 }] }\nhosts:'],
      '19:35',
      'dns.records[0].type: not a type of record, "MX"',
      'SRV',
    ],
    [
      ['hosts:', 'checks: [{ name: api, tcp: "l1" }]\nhosts:'],
      '19:28',
      'checks[0].tcp: not a name or an address with a port, "l1"',
      'l1:6443',
    ],
    [
      ['hosts:', 'checks: [{ name: api, tcp: "fit7:22" }]\nhosts:'],
      '19:28',
      'checks[0].tcp: no host of the island is named fit7, "fit7:22"',
      'did you mean',
    ],
    [
      ['hosts:', 'checks: [{ name: api, ping: faradya }]\nhosts:'],
      '19:29',
      'checks[0].ping: no host of the island is named faradya, "faradya"',
      'did you mean "faraday"?',
    ],
    [['hosts:', 'checks: [{ name: api }]\nhosts:'], '19:10', 'checks[0]: checks nothing', 'exactly one'],
    [
      ['hosts:', 'checks: [{ name: api, ping: w1, dns: w1 }]\nhosts:'],
      '19:38',
      'checks[0].dns: checks a second thing, "w1"',
      'exactly one',
    ],
    [
      ['hosts:', 'checks: [{ name: a, ping: w1 }, { name: a, dns: w1 }]\nhosts:'],
      '19:41',
      'checks[1].name: name is already that of another check, "a"',
      'of its own',
    ],
  ],
};

test('takes the example of the docs and the file of these tests', () => {
  expect(checkConfig(EXAMPLE)).toEqual([]);
  expect(checkConfig(GOOD)).toEqual([]);
});

for (const [subject, wrongs] of Object.entries(TABLE)) {
  describe(`a fault of ${subject}`, () => {
    test.each(wrongs)('%j is at %s: %s', (...[[from, to], place, sentence, hint]) => {
      expect(GOOD).toContain(from);
      const problems = checkConfig(GOOD.replace(from, () => to));
      expect(problems.map((problem) => formatProblem('f', problem))).toEqual([
        expect.stringContaining(`f:${place}: ${sentence}`),
      ]);
      expect(problems[0]?.hint).toContain(hint);
    });
  });
}

describe('several faults', () => {
  test('are reported at once, in the order of the file, from the format and from the rules alike', () => {
    const text = GOOD.replace('138.96.245.50', '138.96.245.300')
      .replace('name: home', 'name: faraday')
      .replace('inner: 10.3.1.4', 'inner: 10.3.1.3\n    mtoo: 1400')
      .replace('"192.168.3.[1-37]"', '"192.168.3.[1-36]"')
      .replace('address: 138.96.245.51', 'address: 192.168.3.100');
    expect(checkConfig(text).map(({ line, path }) => `${line} ${formatPath(path)}`)).toEqual([
      '5 hub.outer',
      '16 peers[1].name',
      '18 peers[1].inner',
      '19 peers[1].mtoo',
      '21 hosts[0].address',
      '22 hosts[1].address',
    ]);
  });

  test('do not include what only follows from another one', () => {
    const text = GOOD.replace('subnet: 10.3.1.0/24', 'subnet: 10.8.0.0/33')
      .replace('- name: faraday', '- name: Faraday')
      .replace('    outer: 138.96.16.97', '    outer: nowhere')
      .replace('{ subnet: 192.168.3.0/24,', '{ subnet: 192.168.3.0,');
    expect(checkConfig(text).map(({ path }) => formatPath(path))).toEqual([
      'subnet',
      'peers[0].name',
      'peers[0].outer',
      'peers[0].networks[0].subnet',
    ]);
  });

  test('leave the rest judged when the whole hub is missing', () => {
    const hub = GOOD.slice(GOOD.indexOf('hub:'), GOOD.indexOf('peers:'));
    const text = GOOD.replace(hub, '').replace('10.3.1.4', '10.3.1.3');
    expect(checkConfig(text).map(({ path, message }) => `${formatPath(path)}: ${message}`)).toEqual([
      'hub: missing',
      'peers[1].inner: inner address is already that of faraday',
    ]);
  });

  test('keep their paths behind an entry that was left out', () => {
    const text = GOOD.replace('- name: faraday', '- faraday: 1\n  - name: faraday').replace(
      '10.3.1.4',
      '10.3.1.3',
    );
    const paths = checkConfig(text).map(({ path }) => formatPath(path));
    expect(paths).toContain('peers[2].inner');
  });
});
