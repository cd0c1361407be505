import { describe, expect, test } from 'vitest';
import { splitDns } from '../../src/app/dns-client.ts';
import { listRecords } from '../../src/app/dns-records.ts';
import { readStats } from '../../src/app/dns-stats.ts';
import { renderClient } from '../../src/cli/render/dns-client.ts';
import { recordsJson, renderRecords } from '../../src/cli/render/dns-records.ts';
import { renderStats, statsJson } from '../../src/cli/render/dns-stats.ts';
import { formatRegister } from '../../src/hub/register-file.ts';
import { RESOLVERS } from '../../src/model/name-server.ts';
import { type FakeHost, fakeHost } from '../support/fake-host.ts';
import { ipv4 } from '../support/observed.ts';
import { deskOf } from '../support/register.ts';

const FILE = `island: r2lab
link: vxlan
hub: { name: sopnode-l1, outer: 138.96.245.50, inner: 10.3.1.2, networks: [{ subnet: 138.96.245.0/24 }] }
peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks: [{ subnet: 192.168.3.0/24, gateway: 192.168.3.100 }]
hosts:
  - { name: "fit[01-02]", address: "192.168.3.[1-2]" }
  - { name: sopnode-w1, address: 138.96.245.51 }
`;
const LISTEN = 'dns: { listen: [192.168.3.100] }\n';
const RECORDS =
  'dns: { records: [{ name: api, type: CNAME, value: fit01 }, { name: "@", type: TXT, value: "a;  b" }] }\n';

function host(hostname: string, more = '', { isRoot = true, lan = '192.168.3.0/24' } = {}): FakeHost {
  const text = `${FILE.replace('192.168.3.0/24', lan)}${more}`;
  const configs = [{ path: '/etc/island/r2lab.yaml', text }];
  const fake = fakeHost({ hostname, configs, isRoot, links: { eth0: { addresses: ['192.0.2.9/24'] } } });
  fake.dateMs = 1_800_000_000_000;
  return fake;
}

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

describe('the piece for a resolver', () => {
  test.each([
    ['sopnode-l1', 'hub', '', {}],
    ['faraday', 'gateway-that-listens-on-its-lan', LISTEN, {}],
    ['fit01', 'member-of-a-gateway-that-listens', LISTEN, {}],
    ['laptop', 'stranger', '', { server: { address: ipv4('192.0.2.1'), port: 5353 } }],
  ])('on %s: %s', async (hostname, name, more, options) => {
    const split = await splitDns(host(hostname, more), options);
    for (const kind of RESOLVERS) {
      const lines = renderClient(kind, split);
      // Whoever redirects it into a file finds in it what it is.
      expect(lines[0]).toMatch(/^# .*r2lab/);
      await expect(textOf(lines)).toMatchFileSnapshot(`golden/dns/${name}.${kind}`);
    }
  });

  test('systemd-resolved is told of no more domains than it takes', async () => {
    const split = await splitDns(host('faraday', 'subnet: 10.0.0.0/9\n', { lan: '192.168.0.0/17' }), {});
    // That of the names, two times 128 blocks, and two public addresses that the file names.
    expect(split.zones).toHaveLength(259);
    for (const link of ['isl-x', undefined]) {
      expect(
        textOf(renderClient('resolved', { ...split, link })).match(/~\S+\.(?:arpa|internal)/g),
      ).toHaveLength(256);
    }
  });
});

describe('the records', () => {
  test('of the names are the file of a zone, and those of addresses one for each', async () => {
    const options = { isReverse: false };
    const text = async (more: object) =>
      textOf(renderRecords(await listRecords(host('fit01', RECORDS), { ...options, ...more })));
    await expect(await text({})).toMatchFileSnapshot('golden/dns/r2lab.internal.zone');
    await expect(await text({ isReverse: true })).toMatchFileSnapshot('golden/dns/reverse.zones');
    const one = await text({ zone: '1.3.10.IN-ADDR.arpa.' });
    expect(await text({ isReverse: true })).toContain(one);
    expect(one).toMatch(/^; 1\.3\.10\.in-addr\.arpa\n(?:.+\n){4}$/);
  });

  test('a zone that the island has not is refused, and one that was meant is named', async () => {
    const options = { isReverse: false, zone: '3.168.193.in-addr.arpa' };
    await expect(listRecords(host('fit01'), options)).rejects.toMatchObject({
      ...{ code: 'E_USAGE', hint: 'write 3.168.192.in-addr.arpa' },
    });
  });

  test('have the workers on the hub, and elsewhere it is said that they are missing', async () => {
    const workers = 'workers: { pool: 10.3.1.64/26 }\n';
    const listed = (fake: FakeHost) => listRecords(fake, { isReverse: false });
    const hub = host('sopnode-l1', workers);
    const desk = deskOf();
    const machine = { name: 'w1', identity: desk.token(), machine: 'm1' };
    const { inner } = desk.join(machine);
    hub.files.set('r2lab/workers', formatRegister(desk.register));
    expect((await listed(hub)).missing).toBeUndefined();
    expect(recordsJson(await listed(hub))).toMatchObject({
      ...{ schemaVersion: 1, island: 'r2lab', isComplete: true },
      zones: [{ apex: 'r2lab.internal' }],
    });
    expect(renderRecords(await listed(hub)).join(' ')).toMatch(
      new RegExp(`w1\\.r2lab\\.internal\\. +30 +IN +A +${inner}`),
    );
    expect((await listed(host('fit01', workers))).missing).toBe('without the workers, which the hub knows');
    expect((await listed(host('sopnode-l1', workers, { isRoot: false }))).missing).toContain('only root');
    expect((await listed(host('fit01'))).missing).toBeUndefined();
  });
});

describe('what the responder has counted', () => {
  const COUNTS = {
    ...{ since: 1_800_000_000_000, udp: 12, tcp: 3, types: { A: 5, PTR: 10 } },
    ...{ rcodes: { NOERROR: 14, NXDOMAIN: 1 }, drops: {} },
  };

  test('the most comes first', async () => {
    const fake = host('faraday');
    fake.files.set('r2lab/dns', JSON.stringify(COUNTS));
    const counted = await readStats(fake, {});
    expect(renderStats(counted)).toEqual([
      '15 answers since 2027-01-15 08:00 UTC: 12 over UDP, 3 over TCP',
      'types    PTR 10, A 5',
      'rcodes   NOERROR 14, NXDOMAIN 1',
      'dropped  none',
    ]);
    const { since: _, ...counts } = COUNTS;
    expect(statsJson(counted)).toEqual({
      ...{ schemaVersion: 1, island: 'r2lab', since: '2027-01-15T08:00:00.000Z', ...counts },
    });
  });

  test('nothing, and what to look at, where none has answered', async () => {
    const counted = await readStats(host('faraday'), {});
    expect(counted.stats).toBeUndefined();
    expect(renderStats(counted)).toEqual([
      'no responder of r2lab has answered here',
      'hint: systemctl status islandd@r2lab, or run "island dns serve"',
    ]);
    expect(statsJson(counted)).toEqual({ schemaVersion: 1, island: 'r2lab', since: null });
  });

  test('a file that is no record is refused with its name', async () => {
    const fake = host('faraday');
    fake.files.set('r2lab/dns', '{"since":1}');
    await expect(readStats(fake, {})).rejects.toMatchObject({ code: 'E_APPLY', message: /dns\.json/ });
  });
});
