import { describe, expect, test } from 'vitest';
import { type Queried, queryName } from '../../src/app/dns-query.ts';
import { questionFor } from '../../src/app/dns-question.ts';
import { join } from '../../src/app/join.ts';
import { queryJson, renderQuery } from '../../src/cli/render/dns-query.ts';
import type { DnsAnswer, DnsQuestion } from '../../src/dns/client.ts';
import { IslandError } from '../../src/errors.ts';
import type { Found, Sought } from '../../src/host/find.ts';
import { nameServerIn } from '../../src/model/name-server.ts';
import { recordTypeOf } from '../../src/model/record-type.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { modelFile } from '../support/island.ts';

const ADDRESSES = {
  'sopnode-l1': ['138.96.245.50/24'],
  faraday: ['138.96.16.97/28', '192.168.3.100/24', '192.168.2.100/24'],
  fit01: ['192.168.3.1/24'],
  laptop: ['198.51.100.9/24'],
} as const;

interface Answers {
  readonly [server: string]: DnsAnswer;
}

interface Setting {
  readonly at?: keyof typeof ADDRESSES;
  readonly dns?: string;
  readonly answers?: Answers;
  readonly told?: Found;
  readonly resolved?: boolean;
}

interface Asked extends FakeHost {
  readonly questions: DnsQuestion[];
  readonly sought: Sought[];
}

/** A host around which name servers give these answers, each the same to everything. */
function hostWith({ at = 'faraday', dns = '', answers = {}, told, resolved = false }: Setting): Asked {
  const text = `${modelFile('vxlan')}${dns}`;
  const links = { eth0: { addresses: [...ADDRESSES[at]] } };
  const routes = [{ to: '0.0.0.0/0', via: '138.96.16.110', dev: 'eth0' }];
  const fake = fakeHost({
    routes,
    hostname: at,
    configs: [{ path: '/etc/island/r2lab.yaml', text }],
    links,
    resolved,
  });
  const [questions, sought]: [DnsQuestion[], Sought[]] = [[], []];
  fake.askServer = (question) => {
    questions.push(question);
    return Promise.resolve(answers[question.server.address] ?? { state: 'silent' });
  };
  fake.findName = (each) => {
    sought.push(each);
    return Promise.resolve(told ?? { state: 'found', values: [] });
  };
  return Object.assign(fake, { questions, sought });
}

function answer(rcode: string, values: readonly string[] = [], type = 'A', owner = 'fit07.r2lab.internal') {
  const records = values.map((value) => ({ owner, type, ttl: 30, value }));
  const how = { isAuthoritative: true, transport: 'udp', ms: 0.84 } as const;
  return { state: 'answered', rcode, records, ...how } as const;
}

const FIT07 = answer('NOERROR', ['192.168.3.7']);

function query(host: FakeHost, target = 'fit07', more: object = {}): Promise<Queried> {
  return queryName(host, { target, isTcp: false, timeoutMs: 1000, ...more });
}

describe('what is asked', () => {
  test.each([
    ['fit07', undefined, 'fit07.r2lab.internal', 'A'],
    ['FIT07.R2lab.Internal', 'TXT', 'fit07.r2lab.internal', 'TXT'],
    ['_etcd._tcp', 'SRV', '_etcd._tcp.r2lab.internal', 'SRV'],
    ['@', 'SOA', 'r2lab.internal', 'SOA'],
    ['example.org.', undefined, 'example.org', 'A'],
    ['192.168.3.7', undefined, '7.3.168.192.in-addr.arpa', 'PTR'],
    ['3.168.192.in-addr.arpa', 'SOA', '3.168.192.in-addr.arpa', 'SOA'],
    ['7.3.168.192.in-addr.arpa.', undefined, '7.3.168.192.in-addr.arpa', 'PTR'],
  ])('%s %s', (target, type, name, asked) => {
    expect(questionFor('r2lab.internal', target, type)).toEqual({ name, type: asked });
  });

  test.each(['', '.', 'a..b', 'a b', 'a\u001b', `${'a'.repeat(64)}`, `${'a.'.repeat(130)}`, 'fit(07)'])(
    'is no name: %j',
    (target) => {
      expect(() => questionFor('r2lab.internal', target, undefined)).toThrow(IslandError);
    },
  );

  test('types go by name or number, servers by address and port', () => {
    expect(['a', 'Ptr', '28', 'TYPE6', '257', 'type65535'].map(recordTypeOf)).toEqual([
      ...['A', 'PTR', 'AAAA', 'SOA', 'TYPE257', 'TYPE65535'],
    ]);
    expect(['MX', '0', '65536', '-1', 'TYPE', ''].map(recordTypeOf)).toEqual(Array(6).fill(undefined));
    expect(['10.3.1.2', '10.3.1.2:5353'].map(nameServerIn)).toEqual([
      { address: '10.3.1.2', port: 53 },
      { address: '10.3.1.2', port: 5353 },
    ]);
    const wrong = ['10.3.1', '10.3.1.2:', '10.3.1.2:0', '10.3.1.2:65536', 'fe80::1', 'hub'];
    expect(wrong.map(nameServerIn)).toEqual(wrong.map(() => undefined));
  });
});

describe('who is asked', () => {
  const asked = async (setting: Setting, more: object = {}) => {
    const host = hostWith(setting);
    await query(host, 'fit07', more).catch(() => undefined);
    return host.questions.map(({ server }) => `${server.address}:${server.port}`);
  };
  const LISTEN = 'dns: { listen: [192.168.3.100] }\n';

  test('an end asks itself, and then the hub', async () => {
    expect(await asked({})).toEqual(['10.3.1.3:53', '10.3.1.2:53']);
    expect(await asked({ at: 'sopnode-l1' })).toEqual(['10.3.1.2:53']);
    expect(await asked({ answers: { '10.3.1.3': FIT07 } })).toEqual(['10.3.1.3:53']);
  });

  test('a member asks its gateway, where that answers in its network, and then the hub; others the hub', async () => {
    expect(await asked({ at: 'fit01' })).toEqual(['10.3.1.2:53']);
    expect(await asked({ at: 'fit01', dns: LISTEN })).toEqual(['192.168.3.100:53', '10.3.1.2:53']);
    expect(await asked({ at: 'laptop', dns: LISTEN })).toEqual(['10.3.1.2:53']);
  });

  test('one that does not know all names is no answer: the hub is asked as well', async () => {
    const answers = { '10.3.1.3': answer('SERVFAIL'), '10.3.1.2': FIT07 };
    const queried = await query(hostWith({ answers, told: { state: 'found', values: ['192.168.3.7'] } }));
    expect(queried).toMatchObject({ server: { address: '10.3.1.2' }, isYes: true });
  });

  test('who is named on the command line is asked alone, over TCP if need be', async () => {
    const server = { address: '192.0.2.1', port: 5353 };
    const host = hostWith({ answers: { '192.0.2.1': { ...FIT07, isAuthoritative: false } } });
    expect(renderQuery(await query(host, 'fit07', { server, isTcp: true }))[1]).toBe(
      '192.0.2.1:5353 answered in 0.8 ms, not authoritative',
    );
    expect(host.questions).toEqual([{ server, name: 'fit07.r2lab.internal', type: 'A', transport: 'tcp' }]);
  });
});

describe('nobody answers: it is to be tried again, and what to look at is said', () => {
  const refusal = async (setting: Setting, more: object = {}) => {
    const error = await query(hostWith(setting), 'fit07', more).catch((cause: unknown) => cause);
    if (!(error instanceof IslandError)) throw new Error('no refusal');
    return [error.code, error.message, error.hint];
  };

  test.each<[string, Setting, string, string]>([
    ['silent', {}, '10.3.1.3 is silent, 10.3.1.2 is silent', 'island ping sopnode-l1'],
    [
      'nobody listens on the hub',
      { answers: { '10.3.1.2': { state: 'refused' } } },
      '10.3.1.3 is silent, 10.3.1.2 has nobody at that port',
      'on sopnode-l1: systemctl status islandd@r2lab, or run "island dns serve"',
    ],
    [
      'this is the hub',
      { at: 'sopnode-l1', answers: { '10.3.1.2': { state: 'refused' } } },
      '10.3.1.2 has nobody at that port',
      'systemctl status islandd@r2lab, or run "island dns serve"',
    ],
    [
      'no route',
      { at: 'fit01', answers: { '10.3.1.2': { state: 'unasked', reason: 'ENETUNREACH' } } },
      '10.3.1.2 cannot be asked (ENETUNREACH)',
      'island status',
    ],
    [
      'the hub does not know either',
      { at: 'fit01', answers: { '10.3.1.2': answer('SERVFAIL') } },
      '10.3.1.2 does not know now (SERVFAIL)',
      'on sopnode-l1: systemctl status islandd@r2lab',
    ],
    [
      'a router on the way answers all that goes to port 53',
      { at: 'fit01', answers: { '10.3.1.2': { ...answer('NXDOMAIN'), isAuthoritative: false } } },
      '10.3.1.2 is answered for by somebody else',
      'island ping sopnode-l1',
    ],
  ])('%s', async (_, setting, said, hint) => {
    const message = `nobody says whether there is fit07.r2lab.internal: ${said}`;
    expect(await refusal(setting)).toEqual(['E_RETRY', message, hint]);
  });

  test('another server than the hub', async () => {
    const answers = { '192.0.2.1': { state: 'malformed', reason: 'it is cut off' } } as const;
    expect(await refusal({ answers }, { server: { address: '192.0.2.1', port: 53 } })).toEqual([
      'E_RETRY',
      'nobody says whether there is fit07.r2lab.internal: 192.0.2.1 sent what is no answer (it is cut off)',
      'see what listens there: ss -lunp sport = 53',
    ]);
  });
});

describe('what is said', () => {
  const lines = async (setting: Setting, target?: string, more: object = {}) => {
    const queried = await query(hostWith(setting), target, more);
    return [...renderQuery(queried), queried.isYes ? 'yes' : 'no'];
  };
  const at = (dnsAnswer: DnsAnswer, values: readonly string[], more: Setting = {}): Setting => ({
    ...{ answers: { '10.3.1.3': dnsAnswer, '10.3.1.2': dnsAnswer }, told: { state: 'found', values } },
    ...more,
  });

  test('both say the same', async () => {
    expect(await lines(at(FIT07, ['192.168.3.7']))).toEqual([
      'fit07.r2lab.internal.  30  A  192.168.3.7',
      '10.3.1.3 answered in 0.8 ms',
      'programs on this host are told the same',
      'yes',
    ]);
  });

  test('an alias and two addresses are the same in any order', async () => {
    const records = [
      { owner: 'api.r2lab.internal', type: 'CNAME', ttl: 30, value: 'w.r2lab.internal.' },
      { owner: 'w.r2lab.internal', type: 'A', ttl: 30, value: '192.168.3.8' },
      { owner: 'w.r2lab.internal', type: 'A', ttl: 30, value: '192.168.3.7' },
    ];
    expect(await lines(at({ ...FIT07, records }, ['192.168.3.7', '192.168.3.8']), 'api')).toEqual([
      'api.r2lab.internal.  30  CNAME  w.r2lab.internal.',
      'w.r2lab.internal.    30  A      192.168.3.8',
      'w.r2lab.internal.    30  A      192.168.3.7',
      '10.3.1.3 answered in 0.8 ms',
      'programs on this host are told the same',
      'yes',
    ]);
  });

  test('this host is told nothing, and by nobody', async () => {
    expect((await lines(at(FIT07, []))).slice(2)).toEqual([
      'programs on this host are told that there is none',
      'hint: tell its resolver what "island dns client" prints, or write "dns: { client: hosts }" in the file and run "island join"',
      'no',
    ]);
  });

  test('there is no such name, or no such record', async () => {
    expect(await lines(at(answer('NXDOMAIN'), []), 'fit99')).toEqual([
      'fit99.r2lab.internal A: no such name',
      '10.3.1.3 answered in 0.8 ms',
      'programs on this host are told the same',
      'no',
    ]);
    const [line, ...others] = await lines(at(answer('NOERROR'), []), 'fit07', { type: 'TXT' });
    expect(line).toBe('fit07.r2lab.internal TXT: the name has no such record');
    // Programs do not ask for texts.
    expect(others).toEqual(['10.3.1.3 answered in 0.8 ms', 'no']);
    const elsewhere = await lines(at(answer('REFUSED'), []), 'example.org.');
    expect(elsewhere[0]).toBe('example.org A: refused, as no name of the island (REFUSED)');
  });

  test('an address has one name for programs, which is one of those that it has', async () => {
    const names = ['sopnode-l1.r2lab.internal.', 'other.r2lab.internal.'];
    const answered = answer('NOERROR', names, 'PTR', '7.3.168.192.in-addr.arpa');
    const host = hostWith(at(answered, ['Other.r2lab.internal']));
    expect((await query(host, '192.168.3.7')).isYes).toBe(true);
    expect(host.sought).toEqual([{ kind: 'name', address: '192.168.3.7' }]);
    expect((await query(hostWith(at(answered, ['host7.example.org'])), '192.168.3.7')).isYes).toBe(false);
    expect((await query(hostWith(at(answered, [])), '192.168.3.7')).isYes).toBe(false);
  });

  test('/etc/hosts says something else, or the same in the lines of the island', async () => {
    const host = hostWith(at(FIT07, ['10.0.0.9']));
    host.kernel.names.hosts = '127.0.0.1 localhost\n10.0.0.9 Fit07.r2lab.internal # printer\n';
    expect(renderQuery(await query(host)).slice(2)).toEqual([
      'programs on this host are told 10.0.0.9, by /etc/hosts:2',
      'hint: remove the name from /etc/hosts:2',
    ]);
    for (const [owner, hint] of [
      ['r2lab', 'island join -i r2lab'],
      ['r2lab names', 'island hosts --write -i r2lab'],
    ]) {
      const told = hostWith(at(FIT07, ['192.168.3.8']));
      told.kernel.names.hosts = `# island:${owner} begin\n192.168.3.8  fit07.r2lab.internal fit07\n# island:${owner} end\n`;
      expect(renderQuery(await query(told)).slice(2)).toEqual([
        "programs on this host are told 192.168.3.8, by the island's lines in /etc/hosts",
        `hint: ${hint}`,
      ]);
    }
  });

  test('systemd-resolved has been told, and gives what it remembers', async () => {
    const host = hostWith({ ...at(FIT07, ['192.168.3.8']), resolved: true });
    await join(host, {});
    expect(renderQuery(await query(host)).slice(2)).toEqual([
      'programs on this host are told 192.168.3.8, by systemd-resolved, which asks 10.3.1.2',
      'hint: resolvectl flush-caches, then resolvectl query fit07.r2lab.internal',
    ]);
  });

  test('for programs', async () => {
    expect(queryJson(await query(hostWith(at(FIT07, ['192.168.3.9']))))).toEqual({
      ...{ schemaVersion: 1, island: 'r2lab', isOk: false, rcode: 'NOERROR', isAuthoritative: true, ms: 0.8 },
      question: { name: 'fit07.r2lab.internal', type: 'A' },
      server: { address: '10.3.1.3', port: 53, transport: 'udp' },
      records: [{ name: 'fit07.r2lab.internal', type: 'A', ttl: 30, value: '192.168.3.7' }],
      host: { state: 'found', isSame: false, by: null, values: ['192.168.3.9'] },
    });
  });
});
