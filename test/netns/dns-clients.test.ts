import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDaemon, stopDaemon, within } from '../support/daemon.ts';
import { ISLAND, install, island, mustIsland } from '../support/island.ts';
import { BUNDLES, bundle } from '../support/lab/bundle.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';

const FILE = `island: r2lab
link: vxlan
hub: { name: sopnode-l1, outer: 138.96.16.99, inner: 10.3.1.2 }
peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks: [{ subnet: 192.168.3.0/24, gateway: 192.168.3.100 }]
hosts: [{ name: "fit[01-02]", address: "192.168.3.[1-2]" }]
dns: { listen: [192.168.3.100], records: [{ name: api, type: CNAME, value: fit02 }, { name: note, type: TXT, value: "a; b" }] }
`;
/** Who knows the outside, and prints whatever it is asked. */
const UPSTREAM = '192.168.3.200';
/** Of the public internet: stop-dns-rebind drops what is for examples, too. */
const OUTSIDE = '9.9.9.9';
const SOON_MS = 30_000;

let lab: Lab;
let hub: LabHost;
let faraday: LabHost;
let fit01: LabHost;
let upstream: LabProcess;
let daemons: LabProcess[];

beforeAll(async () => {
  lab = await createLab();
  await bundle({ 'stand-in-dns': new URL('../support/names/stand-in.ts', import.meta.url).pathname });
  const lan = (address: string) => ({ control: { segment: 'control', addresses: [address] } });
  await lab.raise({
    hosts: {
      'sopnode-l1': { links: { eth0: { segment: 'internet', addresses: ['138.96.16.99/28'] } } },
      faraday: {
        links: {
          internet: { segment: 'internet', addresses: ['138.96.16.97/28'] },
          ...lan('192.168.3.100/24'),
        },
      },
      fit01: { links: lan('192.168.3.1/24') },
      upstream: { links: lan(`${UPSTREAM}/24`), routes: ['10.3.1.0/24 via 192.168.3.100'] },
    },
  });
  [hub, faraday, fit01] = [lab.host('sopnode-l1'), lab.host('faraday'), lab.host('fit01')];
  const hosts = [hub, faraday, fit01];
  await install(hosts, FILE);
  for (const host of hosts) await mustIsland(host, 'join');
  upstream = lab
    .host('upstream')
    .start([process.execPath, `${BUNDLES}/stand-in-dns.mjs`, UPSTREAM, 'example.org', OUTSIDE]);
  await upstream.outputMatching(/listens/);
  daemons = await Promise.all([hub, faraday].map((host) => startDaemon(host)));
});
afterAll(() => lab?.close());

/** The options of those who want to be safe; each of them would hide the names of an island. */
const STRICT = ['stop-dns-rebind', 'bogus-priv', 'domain-needed', 'filterwin2k'];
const PIECE = '/etc/dnsmasq.d/island-r2lab.conf';

/** Puts the piece where its first line says, as `print` makes it, and starts the dnsmasq that reads it. */
async function startDnsmasq(host: LabHost, print: string): Promise<LabProcess> {
  const own = [...STRICT, 'no-resolv', 'no-hosts', `server=${UPSTREAM}`, 'conf-dir=/etc/dnsmasq.d'];
  await host.writeFile('/etc/dnsmasq.conf', `${own.join('\n')}\nuser=root\npid-file=\n`);
  await host.run(['sh', '-ec', `mkdir -p /etc/dnsmasq.d; ${print}`]);
  expect(await host.readFile(PIECE)).toMatch(new RegExp(`^# ${PIECE}: `));
  return host.start(['dnsmasq', '--keep-in-foreground', '--log-facility=-', '--conf-file=/etc/dnsmasq.conf']);
}

const PRINT = `'${process.execPath}' '${ISLAND}' dns client dnsmasq >${PIECE}`;

/** Each as dig has it, `NXDOMAIN` and the like where there is none. */
async function told(host: LabHost, server: string, questions: readonly string[]): Promise<string[]> {
  const argv = questions.flatMap((question) => [...question.split(' '), '+noall', '+comments', '+answer']);
  const { stdout } = await host.exec(['dig', `@${server}`, '+tries=2', '+time=5', ...argv]);
  return stdout
    .split('->>HEADER<<-')
    .slice(1)
    .map((text) => {
      const answers = text.split('\n').filter((line) => /^[^;\s]/.test(line));
      const values = answers.map((line) =>
        line
          .split(/\t+| +/)
          .slice(4)
          .join(' '),
      );
      return values.join(' ') || (/status: (\w+)/.exec(text)?.[1] ?? 'nothing');
    });
}

/** What a dnsmasq has to know of the island, and whom it has to ask about the rest. */
const EXPECTED = {
  'fit02.r2lab.internal': '192.168.3.2',
  'FIT02.r2lab.internal AAAA': 'NOERROR',
  'sopnode-l1-tunnel.r2lab.internal': '10.3.1.2',
  'api.r2lab.internal': 'fit02.r2lab.internal. 192.168.3.2',
  'note.r2lab.internal TXT': '"a; b"',
  'r2lab.internal NS': 'sopnode-l1-tunnel.r2lab.internal.',
  'fit99.r2lab.internal': 'NXDOMAIN',
  '-x 192.168.3.2': 'fit02.r2lab.internal.',
  '-x 10.3.1.3': 'faraday-tunnel.r2lab.internal.',
  '-x 192.168.3.77': 'NXDOMAIN',
  'www.example.org': OUTSIDE,
};

async function resolvesBoth(host: LabHost): Promise<void> {
  expect(await told(host, '127.0.0.1', Object.keys(EXPECTED))).toEqual(Object.values(EXPECTED));
  const asked = await upstream.outputMatching(/www\.example\.org/);
  expect(asked).not.toMatch(/r2lab|168\.192\.in-addr|1\.3\.10\.in-addr/);
}

test('dnsmasq with the printed piece asks the nearest responder about the island, and its own server about the rest', async () => {
  const dnsmasq = await startDnsmasq(fit01, PRINT);
  await dnsmasq.outputMatching(/started/, SOON_MS);
  expect(await fit01.readFile(PIECE)).toContain('server=/r2lab.internal/192.168.3.100\n');
  await resolvesBoth(fit01);

  await fit01.writeFile('/etc/resolv.conf', 'nameserver 127.0.0.1\noptions timeout:2\n');
  const query = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await island(fit01, 'dns', 'query', ...words);
    return { code, text: `${stdout}${stderr}`.replaceAll(/\d+\.\d ms/g, 'N ms') };
  };
  const [told100, same] = ['192.168.3.100 answered in N ms', 'programs on this host are told the same'];
  expect(await query('api', '--timeout', '10s')).toEqual({
    code: 0,
    text: `api.r2lab.internal.    30  CNAME  fit02.r2lab.internal.\nfit02.r2lab.internal.  30  A      192.168.3.2\n${told100}\n${same}\n`,
  });
  expect(await query('10.3.1.2', '--timeout', '10s', '--tcp')).toEqual({
    code: 0,
    text: `2.1.3.10.in-addr.arpa.  30  PTR  sopnode-l1.r2lab.internal.\n192.168.3.100 answered in N ms over TCP\n${same}\n`,
  });
  const nowhere = await query('fit99', '--timeout', '10s');
  expect(nowhere).toEqual({ code: 1, text: `fit99.r2lab.internal A: no such name\n${told100}\n${same}\n` });

  const hosts = await fit01.readFile('/etc/hosts');
  await fit01.writeFile('/etc/hosts', '127.0.0.1 localhost\n10.0.0.9 fit02.r2lab.internal\n');
  expect(await query('fit02', '--timeout', '10s')).toEqual({
    code: 1,
    text: `fit02.r2lab.internal.  30  A  192.168.3.2\n${told100}\nprograms on this host are told 10.0.0.9, by /etc/hosts:2\nhint: remove the name from /etc/hosts:2\n`,
  });
  await fit01.writeFile('/etc/hosts', hosts);
  dnsmasq.signal('SIGTERM');
  await dnsmasq.exited;
  expect(await query('fit02', '--timeout', '10s')).toMatchObject({
    code: 1,
    text: expect.stringContaining('hint: tell its resolver'),
  });
});

test.each([
  ['the hub, whom it asks itself', 'sopnode-l1'],
  ['a gateway', 'faraday'],
])(
  'beside the responder of %s it starts with the lines that the piece has for that, and both answer',
  async (_, name) => {
    const host = lab.host(name);
    const alone = await startDnsmasq(host, PRINT);
    expect(await alone.exited).not.toBe(0);
    expect(alone.output()).toContain('Address already in use');
    const uncomment = `sed -i 's/^#\\(bind-dynamic\\|except-interface=.*\\)$/\\1/' ${PIECE}; echo except-interface=control >>${PIECE}`;
    const both = await startDnsmasq(host, `${PRINT}; ${uncomment}`);
    await both.outputMatching(/started/, SOON_MS);
    await resolvesBoth(host);
    const own = name === 'faraday' ? '10.3.1.3' : '10.3.1.2';
    expect(await told(fit01, own, ['fit02.r2lab.internal', 'www.example.org'])).toEqual([
      ...['192.168.3.2', 'REFUSED'],
    ]);
    both.signal('SIGTERM');
    await both.exited;
  },
);

test('the printed zones are files that another name server loads', async () => {
  for (const [zone, words] of [
    ['r2lab.internal', []],
    ['3.168.192.in-addr.arpa', ['3.168.192.in-addr.arpa']],
  ] as const) {
    await hub.writeFile('/run/zone', await mustIsland(hub, 'dns', 'records', ...words));
    expect(await hub.run(['nsd-checkzone', zone, '/run/zone'])).toContain('is ok');
  }
});

test('what was answered is counted, and when nobody answers any more that is said', async () => {
  await within(SOON_MS, 'the counters', async () => (await island(faraday, 'dns', 'stats')).code === 0);
  const counted = JSON.parse(await mustIsland(faraday, 'dns', 'stats', '--json'));
  expect(counted).toMatchObject({ island: 'r2lab', types: { PTR: expect.any(Number) } });
  expect(await Promise.all(daemons.map(stopDaemon))).toEqual([0, 0]);
  expect((await island(faraday, 'dns', 'stats')).code).toBe(1);
  expect(await island(faraday, 'dns', 'query', 'fit02', '--timeout', '10s')).toMatchObject({
    code: 75,
    stderr:
      'island: nobody says whether there is fit02.r2lab.internal: 10.3.1.3 has nobody at that port, 10.3.1.2 has nobody at that port\n' +
      'hint: on sopnode-l1: systemctl status islandd@r2lab, or run "island dns serve"\n',
  });
});
