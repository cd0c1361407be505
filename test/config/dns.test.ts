import { describe, expect, test } from 'vitest';
import { formatPath } from '../../src/config/fault.ts';
import { checkConfig, loadIsland } from '../../src/config/load.ts';

/** An island with what a test says of names from line 6 on. */
function fileWith(dns: string, more = ''): string {
  return `island: lab
zone: lab.example
hub: { name: hub, outer: 192.0.2.1, inner: 10.3.1.1, networks: [{ subnet: 192.0.2.0/24 }] }
peers: [{ name: p, outer: 198.51.100.2, inner: 10.3.1.2 }]
hosts: [{ name: w1, address: 192.0.2.11 }]
dns: { ${dns} }
${more}`;
}

/** As in `name: api, value: 10.0.0.1`, each on a line of its own from line 7 on. */
function records(lines: readonly string[], more = ''): string {
  return fileWith(`records: [\n${lines.map((line) => `  { ${line} },\n`).join('')}  ]`, more);
}

/** Line, path and message of each problem, and its hint. */
function problems(text: string): readonly string[] {
  return checkConfig(text).flatMap(({ line, path, message, hint }) => [
    `${line} ${formatPath(path)}: ${message}`,
    hint,
  ]);
}

const LABEL = 'a'.repeat(63);
const HALF = `${LABEL}.${LABEL}.${LABEL}`;
const WORKERS = 'workers: { pool: 10.3.1.64/26 }';

describe('a record', () => {
  test.each<readonly [what: string, lines: readonly string[], problem: string, hint: string]>([
    [
      'whose target is not in the island',
      ['name: a, type: CNAME, value: www.example.com'],
      '7 dns.records[0].value: nothing in the island is named www.example.com',
      'end it with a dot if it is a name elsewhere: "www.example.com."',
    ],
    [
      'whose target is nearly there',
      ['name: a, type: CNAME, value: w11'],
      '7 dns.records[0].value: nothing in the island is named w11',
      'did you mean "w1"?',
    ],
    [
      'whose target is of the zone, and not there',
      ['name: a, type: SRV, value: 0 0 1 nobody.lab.example.'],
      '7 dns.records[0].value: nothing in the island is named nobody',
      'end it with a dot if it is a name elsewhere: "nobody."',
    ],
    [
      'of a service at an alias',
      ['name: a, type: CNAME, value: w1', 'name: _x._tcp, type: SRV, value: 0 0 1 a'],
      '8 dns.records[1].value: service at an alias, a',
      'write the name that the alias leads to',
    ],
    [
      'that leads to itself',
      ['name: a, type: CNAME, value: a'],
      '7 dns.records[0].value: alias that leads in a circle',
      'write a name that has an address',
    ],
    [
      'that is too long with its zone',
      [`name: ${HALF}.${'b'.repeat(50)}, value: 10.0.0.1`],
      '7 dns.records[0].name: name is too long in the zone lab.example',
      'shorten it to 241 characters',
    ],
    [
      'with a label of 64 characters',
      [`name: _${LABEL}, value: 10.0.0.1`],
      '7 dns.records[0].name: not a name of a record',
      'write it relative to the zone, such as api, or @ for the zone',
    ],
    [
      'whose target ends in two dots',
      ['name: a, type: CNAME, value: b..'],
      '7 dns.records[0].value: not the value of a record of type CNAME',
      'write a name in lower case, such as fit01',
    ],
    [
      'of an address on a link',
      ['name: a, type: AAAA, value: "fe80::1%eth0"'],
      '7 dns.records[0].value: not the value of a record of type AAAA',
      'write an IPv6 address, such as fd00::10',
    ],
    [
      'that is there in another spelling',
      ['name: a, type: AAAA, value: "fd00::1"', 'name: a, type: AAAA, value: "FD00:0::1"'],
      '8 dns.records[1]: record is there twice',
      'remove it: there is another, or the host of that name has it anyhow',
    ],
    [
      'that a host has anyhow',
      ['name: w1, value: 192.0.2.11'],
      '7 dns.records[0]: record is there twice',
      'remove it: there is another, or the host of that name has it anyhow',
    ],
    ...['p-tunnel', '"@"', 'w1'].map((name): [string, string[], string, string] => [
      `of an alias at ${name}`,
      [`name: ${name}, type: CNAME, value: hub`],
      '7 dns.records[0].name: a CNAME beside another record of its name',
      'give the CNAME a name that nothing else has',
    ]),
  ])('%s is refused', (_, lines, ...said) => {
    expect(problems(records(lines))).toEqual(said);
  });

  test('of aliases in a circle is refused wherever one enters it, and a long way to a host is none', () => {
    const circle = ['b', 'c', 'd', 'b'].map(
      (target, index) => `name: ${'abcd'[index]}, type: CNAME, value: ${target}`,
    );
    expect(problems(records(circle)).filter((_, index) => index % 2 === 0)).toEqual(
      circle.map((_, index) => `${7 + index} dns.records[${index}].value: alias that leads in a circle`),
    );
    const way = Array.from(
      { length: 20 },
      (_, index) => `name: a${index}, type: CNAME, value: ${index === 19 ? 'w1' : `a${index + 1}`}`,
    );
    expect(problems(records(way))).toEqual([]);
  });

  test('may lead to a worker that has not joined yet, where there may be workers', () => {
    const lines = [
      'name: a, type: CNAME, value: fit99',
      'name: _s._udp, type: SRV, value: 0 0 1 fit99-tunnel',
    ];
    expect(problems(records(lines, WORKERS))).toEqual([]);
    expect(problems(records(lines))).toHaveLength(4);
    expect(problems(records(['name: a, type: CNAME, value: b.fit99'], WORKERS))).toHaveLength(2);
  });

  test('has one form of its value, whatever it is written like', () => {
    const lines = [
      ['CNAME', 'hub-tunnel', 'hub-tunnel.lab.example.'],
      ['CNAME', 'w1.lab.example', 'w1.lab.example.'],
      ['CNAME', 'WWW.example.com.'.toLowerCase(), 'www.example.com.'],
      ['CNAME', '"@"', 'lab.example.'],
      ['SRV', '01 002 0443 p', '1 2 443 p.lab.example.'],
      ['AAAA', '"FD00:0:0::0001"', 'fd00::1'],
      ['TXT', `'with "quotes" and \\'`, 'with "quotes" and \\'],
    ] as const;
    const text = records(
      lines.map(([type, value], index) => `name: r${index}, type: ${type}, value: ${value}`),
    );
    const { dns } = loadIsland(text, 'lab.yaml');
    expect(dns.records.map(({ value }) => value)).toEqual(lines.map(([, , value]) => value));
  });
});

describe('how long answers are remembered', () => {
  test('is half a minute, and ten seconds that there is none, if the file says nothing', () => {
    const { dns } = loadIsland(fileWith(''), 'lab.yaml');
    expect([dns.ttlSeconds, dns.negativeTtlSeconds]).toEqual([30, 10]);
  });

  test('is in whole seconds', () => {
    const { dns } = loadIsland(fileWith('ttl: 24h, negativeTtl: 1000ms'), 'lab.yaml');
    expect([dns.ttlSeconds, dns.negativeTtlSeconds]).toEqual([86_400, 1]);
    expect(problems(fileWith('ttl: 1500ms, negativeTtl: 25h'))).toEqual([
      ...['6 dns.ttl: not whole seconds', 'write 2s'],
      ...['6 dns.negativeTtl: duration is too long', 'write a number and a unit from 1s to 24h, such as 30s'],
    ]);
  });
});

describe('who answers and who may ask', () => {
  test('may be said with loopback addresses and subnets', () => {
    const { dns } = loadIsland(
      fileWith('listen: [127.0.0.1, 127.9.9.9, 192.0.2.1], allow: [172.17.0.0/16]'),
      'f',
    );
    expect(dns).toMatchObject({
      listen: ['127.0.0.1', '127.9.9.9', '192.0.2.1'],
      allow: [{ network: '172.17.0.0', prefix: 16 }],
    });
  });

  test('is nobody of everywhere, and no address of a host', () => {
    expect(problems(fileWith('listen: [192.0.2.11, 224.0.0.1], allow: [0.0.0.0/0]'))).toMatchObject([
      '6 dns.listen[0]: address of w1, which serves no network',
      expect.any(String),
      '6 dns.listen[1]: not an address of a host: it is multicast',
      expect.any(String),
      '6 dns.allow[0]: not a subnet of hosts: it holds "this network" addresses',
      expect.any(String),
    ]);
  });
});

test.each(['in-addr.arpa', '3.10.in-addr.arpa', 'x.ip6.arpa'])('%s is no zone of names', (zone) => {
  expect(problems(fileWith('').replace('lab.example', zone))).toEqual([
    '2 zone: zone of addresses',
    'write a zone of names, such as r2lab.internal',
  ]);
});
