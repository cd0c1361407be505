import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logOf, startDaemon, stopDaemon, within } from '../support/daemon.ts';
import { askedDuring } from '../support/dns-load.ts';
import { ISLAND, install, mustIsland } from '../support/island.ts';
import type { LabHost, LabProcess } from '../support/lab/host.ts';
import { dig, type Told } from '../support/names/dig.ts';
import { mustJoinWith, raiseWorkersLab, WORKERS_FILE, type WorkersLab } from '../support/workers.ts';

const ZONE = 'r2lab.internal';
const [HUB, FARADAY, LAN] = ['10.3.1.2', '10.3.1.3', '192.168.3.100'];
const FILE = `${WORKERS_FILE}dns: { listen: [${LAN}] }\n`;
const NOT_THERE: Told = { status: 'NXDOMAIN', answers: [] };
const UNKNOWN: Told = { status: 'SERVFAIL', answers: [] };
/** A copy is asked for every ten seconds. */
const COPIED_MS = 40_000;

let site: WorkersLab;
let faraday: LabHost;
let onFaraday: LabProcess;
/** By name, of those that have joined. */
const inner = new Map<string, string>();

beforeAll(async () => {
  site = await raiseWorkersLab(1, FILE);
  faraday = site.lab.host('faraday');
  await install([site.lab.host('fit01')], FILE);
  await mustIsland(site.lab.host('fit01'), 'join');
});
afterAll(() => site?.lab.close());

function told(address: string): Told {
  return { status: 'NOERROR', answers: [`A ${address}`] };
}

function pointer(name: string): Told {
  return { status: 'NOERROR', answers: [`PTR ${name}.${ZONE}.`] };
}

/** Whether the server says so, asked from that host. */
async function says(
  from: LabHost,
  server: string,
  answers: Readonly<Record<string, Told>>,
): Promise<boolean> {
  const asked = await Promise.all(Object.keys(answers).map((name) => dig(from, name, { server })));
  return JSON.stringify(asked) === JSON.stringify(Object.values(answers));
}

const CUT = [faradayTo('saddr'), faradayTo('daddr')];

function faradayTo(end: 'saddr' | 'daddr'): string {
  return `ip ${end} 138.96.16.97 drop`;
}

/** On the way between faraday and the hub. */
async function cut(isCut: boolean): Promise<void> {
  const internet = site.lab.host('internet');
  const table = `table inet cut {\n  chain forward {\n    type filter hook forward priority 10;\n    ${CUT.join('\n    ')}\n  }\n}`;
  await internet.run(['nft', '-f', '-'], { input: isCut ? table : 'delete table inet cut' });
}

describe('while the hub cannot be reached', () => {
  test('a gateway that starts beside another server waits for its port, knows its file, and denies nothing else', async () => {
    await cut(true);
    const other = faraday.start([
      ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--user=root', '--pid-file='],
      ...[
        '--bind-interfaces',
        `--listen-address=${FARADAY}`,
        '--except-interface=lo',
        '--no-resolv',
        '--no-hosts',
      ],
    ]);
    await within(10_000, 'it listens', async () =>
      (await faraday.run(['ss', '-lnu'])).includes(`${FARADAY}:53`),
    );
    onFaraday = await startDaemon(faraday);
    expect(onFaraday.output()).toMatch(/"level":"error".*"address":"10.3.1.3".*dnsmasq/);
    other.signal('SIGTERM');
    await other.exited;
    const mine = { [`faraday.${ZONE}`]: told(LAN), [`nobody.${ZONE}`]: UNKNOWN };
    await within(30_000, 'it answers', () => says(faraday, FARADAY, mine));
    const fit01 = site.lab.host('fit01');
    expect(
      await says(fit01, LAN, {
        ...{ [`fit01.${ZONE}`]: told('192.168.3.1'), '-x 10.3.1.2': pointer('sopnode-l1-tunnel') },
        ...{
          '-x 10.3.1.99': UNKNOWN,
          '-x 192.168.3.9': NOT_THERE,
          'example.org': { status: 'REFUSED', answers: [] },
        },
      }),
    ).toBe(true);
    expect((await dig(faraday, `${ZONE} AXFR`, { server: FARADAY, args: ['-b', FARADAY] })).answers).toEqual(
      [],
    );
    await cut(false);
    await within(COPIED_MS, 'it has heard', () => says(faraday, FARADAY, { [`nobody.${ZONE}`]: NOT_THERE }));
  });
});

describe('every host of the island', () => {
  beforeAll(async () => {
    for (const name of ['open-w1', 'home-w1'])
      inner.set(name, await mustJoinWith(site.lab.host(name), site.token));
  });

  test('is told the names and addresses of all, by the hub and by a gateway', async () => {
    const workers = [...inner].flatMap(([name, address]) => [
      [`${name}.${ZONE}`, told(address)] as const,
      [`${name}-tunnel.${ZONE}`, told(address)] as const,
      [`-x ${address}`, pointer(name)] as const,
    ]);
    const all = {
      ...{ [`faraday.${ZONE}`]: told(LAN), [`faraday-tunnel.${ZONE}`]: told(FARADAY) },
      ...{ [`sopnode-l1.${ZONE}`]: told('138.96.245.50'), '-x 138.96.245.50': pointer('sopnode-l1') },
      ...{ [`FIT01.R2lab.internal`]: told('192.168.3.1'), '-x 192.168.3.1': pointer('fit01') },
      ...{
        '-x 10.3.1.3': pointer('faraday-tunnel'),
        [`nobody.${ZONE}`]: NOT_THERE,
        '-x 10.3.1.99': NOT_THERE,
      },
      ...Object.fromEntries(workers),
    };
    await within(COPIED_MS, 'faraday knows the workers', () => says(faraday, FARADAY, all));
    const worker = site.lab.host('open-w1');
    await startDaemon(worker);
    const own = inner.get('open-w1') ?? '';
    await within(COPIED_MS, 'so does a worker', () => says(worker, own, all));
    for (const [name, server] of [
      ['sopnode-l1', HUB],
      ['faraday', HUB],
      ['fit01', HUB],
      ['fit01', LAN],
      ['fit01', FARADAY],
      ['open-w1', HUB],
      ['home-w1', HUB],
    ] as const) {
      expect([name, server, await says(site.lab.host(name), server, all)]).toEqual([name, server, true]);
    }
  });

  test('is told what a new file says when the daemon reads it, and a broken one changes nothing; no socket is closed', async () => {
    const again = async (text: string) => {
      await site.hub.writeFile('/etc/island/r2lab.yaml', text);
      site.daemon.signal('SIGHUP');
    };
    await again(FILE.replace('listen:', 'records: [{ name: www, type: CNAME, value: fit01 }], listen:'));
    const www = { status: 'NOERROR', answers: [`CNAME fit01.${ZONE}.`, 'A 192.168.3.1'] };
    await within(20_000, 'the hub has it', () => says(site.hub, HUB, { [`www.${ZONE}`]: www }));
    await again('island: r2lab\nhub: 7\n');
    await site.daemon.outputMatching(/the file is not gone by/, 20_000);
    expect(await says(site.hub, HUB, { [`www.${ZONE}`]: www })).toBe(true);
    await again(FILE);
    await within(20_000, 'it is gone', () => says(site.hub, HUB, { [`www.${ZONE}`]: NOT_THERE }));
    expect(logOf(site.daemon).filter(({ msg }) => msg === 'names are answered').length).toBe(1);
  });

  test('is given the whole zone only at an inner address', async () => {
    const worker = `A ${inner.get('open-w1')}`;
    for (const from of [FARADAY, HUB]) {
      const host = from === HUB ? site.hub : faraday;
      const whole = await dig(host, `${ZONE} AXFR`, { server: HUB, args: ['-b', from] });
      expect(whole.answers).toContain(worker);
      expect(whole.answers.at(-1)).toMatch(/^SOA /);
    }
    const member = await dig(site.lab.host('fit01'), `${ZONE} AXFR`, { server: HUB });
    expect(member.answers).toEqual([]);
    const lan = await dig(faraday, `${ZONE} AXFR`, { server: HUB, args: ['-b', LAN] });
    expect(lan.answers).toEqual([]);
  });

  test('is told no more of a worker that has left, or whose lease was taken', async () => {
    const known = [...inner.keys()].map((name) => [`${name}.${ZONE}`, NOT_THERE]);
    await mustIsland(site.lab.host('open-w1'), 'leave');
    await mustIsland(site.hub, 'lease', 'release', 'home-w1');
    await within(10_000, 'the hub', () => says(site.hub, HUB, Object.fromEntries(known)));
    await within(COPIED_MS, 'the gateway', () => says(faraday, FARADAY, Object.fromEntries(known)));
  });
});

/** Runs the responder by itself on the hub, as nobody where `as` says so. */
function serveAlone(endpoint: string, ...as: readonly string[]): LabProcess {
  return site.hub.start([...as, process.execPath, ISLAND, 'dns', 'serve', '-c', COPY, '--listen', endpoint]);
}

const COPY = '/etc/island/alone/r2lab.yaml';
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
const RELOADS = 100;

describe('island dns serve', () => {
  test('loses no question and gives no wrong answer while its file is edited a hundred times, half of them badly', async () => {
    const record = (n: number) => `dns: { records: [{ name: generation, type: TXT, value: "${n}" }] }\n`;
    await site.hub.writeFile(COPY, `${WORKERS_FILE}${record(0)}`);
    const responder = serveAlone('10.3.1.2:5300');
    await responder.outputMatching(/"msg":"ready"/, 20_000);
    const names = ['faraday', 'fit01', 'sopnode-w2', 'sopnode-l1-tunnel'];
    const load = { server: HUB, port: 5300, questions: names.map((name) => `${name}.${ZONE} A`) };
    const { sent, ...outcome } = await askedDuring(site.hub, load, async () => {
      for (let n = 1; n <= RELOADS; n += 1) {
        const isGood = n % 2 === 1;
        await site.hub.writeFile(COPY, isGood ? `${WORKERS_FILE}${record(n)}` : `${WORKERS_FILE}dns: [\n`);
        responder.signal('SIGHUP');
        await within(20_000, `reload ${n}`, () => reloadsIn(responder) === n);
        const { answers } = await dig(site.hub, `generation.${ZONE} TXT`, { server: HUB, port: 5300 });
        expect(answers).toEqual([`TXT "${isGood ? n : n - 1}"`]);
      }
    });
    expect(sent).toBeGreaterThan(1000);
    expect(outcome).toEqual({ completed: sent, lost: 0, codes: [`NOERROR ${sent}`] });
    expect(logOf(responder).filter(({ level }) => level === 'error').length).toBe(RELOADS / 2);
    expect(await stopDaemon(responder)).toBe(0);
  });

  test('needs no root on a port of its own, but then does not know the workers; elsewhere it does not listen', async () => {
    await site.hub.writeFile(COPY, WORKERS_FILE);
    const responder = serveAlone('127.0.0.1:5301', ...NOBODY);
    await responder.outputMatching(/"msg":"ready"/, 20_000);
    const here = { server: '127.0.0.1', port: 5301 };
    expect(await dig(site.hub, `faraday.${ZONE}`, here)).toEqual(told(LAN));
    expect(await dig(site.hub, `nobody.${ZONE}`, here)).toEqual(UNKNOWN);
    expect(await dig(site.hub, `${ZONE} AXFR`, here)).toMatchObject({ answers: [] });
    expect(await stopDaemon(responder)).toBe(0);
    const elsewhere = serveAlone('138.96.245.51');
    expect(await elsewhere.exited).toBe(64);
    expect(elsewhere.output()).toMatch(/not answered for at 138.96.245.51\nhint: write 10.3.1.2 or/);
  });
});

test('what the hub has counted is in a file for everybody until its daemon ends, and then in the log', async () => {
  const path = '/run/island/r2lab/dns.json';
  await within(30_000, 'it is there', async () => (await site.hub.exec(['test', '-f', path])).code === 0);
  expect(await site.hub.run(['stat', '-c', '%a', path])).toBe('644\n');
  expect(JSON.parse(await site.hub.readFile(path))).toMatchObject({
    ...{ since: expect.any(Number), udp: expect.any(Number), types: { A: expect.any(Number) } },
    ...{ rcodes: { NXDOMAIN: expect.any(Number) }, drops: {} },
  });
  expect(await stopDaemon(site.daemon)).toBe(0);
  expect((await site.hub.exec(['test', '-e', path])).code).toBe(1);
  expect(logOf(site.daemon)).toContainEqual(expect.objectContaining({ msg: 'what has been answered' }));
  expect(await stopDaemon(onFaraday)).toBe(0);
});

/** How many times it has said what became of a new file. */
function reloadsIn(responder: LabProcess): number {
  return logOf(responder).filter(({ msg }) => String(msg).includes('the file')).length;
}
