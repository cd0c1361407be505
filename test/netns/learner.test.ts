import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSeen } from '../../src/host/endpoints.ts';
import type { Host } from '../../src/host/host.ts';
import { parseFdb } from '../../src/host/iproute.ts';
import { nftNews } from '../../src/host/news.ts';
import { type Learner, learn } from '../../src/hub/learner.ts';
import { MOVED } from '../../src/plan/guard-workers.ts';
import { within } from '../support/daemon.ts';
import { memoryLog } from '../support/hub/hub.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

/** The workers' link of a hub and those of two workers behind one NAT, made by hand. */
const HUB = { outer: '138.96.245.50', inner: '10.3.1.2', mac: '0a:00:00:00:00:01' };
const WORKERS = [
  { name: 'worker1', inner: '10.3.1.65', mac: '0a:11:22:33:44:01' },
  { name: 'worker2', inner: '10.3.1.66', mac: '0a:11:22:33:44:02' },
] as const;
const TABLE = `table inet island-r2lab {
  set seen {
    typeof @th,176,48 . ip saddr . udp sport
    size 65535
    flags dynamic,timeout
    timeout 60s
  }
  chain workers-moved {
    limit rate 5/second meta nftrace set 1 update @seen { @th,176,48 . ip saddr . udp sport } accept
  }
  chain learn {
    type filter hook input priority -290;
    udp dport 10310 @th,176,48 . ip saddr . udp sport != @seen jump workers-moved
    udp dport 10310 update @seen { @th,176,48 . ip saddr . udp sport }
  }
}
`;
const VXLAN = 'type vxlan id 75846 dstport 10310 srcport 10310 10311 nolearning noudpcsum df unset';
const ANYBODY = '00:00:00:00:00:00';

const NO_CHAINS: ReadonlySet<string> = new Set();

let lab: Lab;
let learner: Learner;
let hearing: NodeJS.Timeout;
const { log, lines } = memoryLog();

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false, workers: 2, randomPorts: true }));
  await makeHub(lab.host('sopnode-l1'));
  learner = learn({
    ...{ host: reach(lab.host('sopnode-l1')), nftTable: 'island-r2lab', link: 'isl-w', log },
    ...{ port: 10_310, keepaliveMs: 20_000 },
    workers: () => WORKERS,
  });
  await hearWith(lab.host('sopnode-l1'));
});
afterAll(async () => {
  clearInterval(hearing);
  await learner?.close();
  await lab?.close();
});

async function makeHub(hub: LabHost): Promise<void> {
  await hub.run(['nft', '-f', '-'], { input: TABLE });
  await hub.ip([
    `link add isl-w mtu 1450 address ${HUB.mac} ${VXLAN} local ${HUB.outer}`,
    'link set isl-w up addrgenmode none',
    `address add ${HUB.inner}/24 dev isl-w`,
    ...WORKERS.map(({ inner, mac }) => `neigh add ${inner} lladdr ${mac} dev isl-w nud permanent`),
  ]);
}

/** As the daemon's watch does it. */
async function hearWith(hub: LabHost): Promise<void> {
  const monitor = hub.start(['nft', 'monitor']);
  // It says nothing when it listens, but tells of this.
  await within(20_000, 'the monitor listens', async () => {
    await hub.run(['nft', 'add table inet probe; delete table inet probe']);
    return monitor.output() !== '';
  });
  let read = 0;
  hearing = setInterval(() => {
    const told = monitor.output().split('\n').slice(0, -1);
    const news = told
      .slice(read)
      .map((line) => nftNews(line, { nftTable: 'island-r2lab', chains: () => NO_CHAINS }));
    read = told.length;
    if (news.includes(MOVED)) learner.hear();
  }, 20);
}

async function makeWorker({ name, inner, mac }: (typeof WORKERS)[number]): Promise<void> {
  const host = lab.host(name);
  await host.ip([
    `link add isl-w mtu 1450 address ${mac} ${VXLAN}`,
    'link set isl-w up addrgenmode none',
    `address add ${inner}/24 dev isl-w`,
  ]);
  await host.run(['bridge', '-batch', '-'], {
    input: [HUB.mac, ANYBODY]
      .map((each) => `fdb append ${each} dev isl-w dst ${HUB.outer} self permanent\n`)
      .join(''),
  });
  await host.ip([`neigh add ${HUB.inner} lladdr ${HUB.mac} dev isl-w nud permanent`]);
}

/** What the learner asks of a machine, of a host of the lab. */
function reach(hub: LabHost): Pick<Host, 'seenEndpoints' | 'fdbOf' | 'perform' | 'now'> {
  return {
    now: () => performance.now(),
    seenEndpoints: async (table) => {
      const { code, stdout } = await hub.exec(['nft', '-j', 'list', 'set', 'inet', table, 'seen']);
      return code === 0 ? parseSeen(stdout) : undefined;
    },
    fdbOf: async (link) => parseFdb(await hub.run(['bridge', '-j', 'fdb', 'show', 'dev', link]), link),
    perform: async (effect) => {
      if (effect.tool !== 'bridge') throw new Error(`${effect.tool}: a learner does nothing else`);
      await hub.run(['bridge', '-batch', '-'], { input: `${effect.lines.join('\n')}\n` });
    },
  };
}

/** Whether a packet gets there and an answer back. */
async function passes(from: string, to: string): Promise<boolean> {
  return (await lab.host(from).exec(['ping', '-c', '1', '-W', '0.2', to])).code === 0;
}

describe('workers behind one NAT that gives random ports', () => {
  test('are known soon after their first packet, and reached from the hub', async () => {
    for (const worker of WORKERS) {
      const known = learner.expect(worker.mac);
      await makeWorker(worker);
      const started = performance.now();
      const [ms] = await Promise.all([
        within(3000, 'an answer', () => passes(worker.name, HUB.inner)),
        known.then((isKnown) => expect(isKnown).toBe(true)),
      ]);
      const all = Math.round(performance.now() - started);
      process.stdout.write(`${worker.name}: first answer after ${ms} ms, known after ${all} ms\n`);
      expect(await passes('sopnode-l1', worker.inner)).toBe(true);
    }
    expect(lines.filter((line) => line.startsWith('info')).length).toBe(2);
  });

  test('are found again when the address of the NAT changes, by what they send anyway', async () => {
    const ping = lab.host('worker1').start(['ping', '-q', '-i', '0.2', '-w', '30', HUB.inner]);
    await lab
      .host('home-nat')
      .ip([
        'address delete 198.51.100.66/24 dev wan',
        'address add 198.51.100.67/24 dev wan',
        'route replace default via 198.51.100.1',
      ]);
    const ms = await within(8000, 'an answer', () => passes('sopnode-l1', WORKERS[0].inner));
    process.stdout.write(`the address of the NAT has changed: reached again after ${ms} ms\n`);
    expect(await fdb()).toContain(`${WORKERS[0].mac} dst 198.51.100.67`);
    ping.signal('SIGINT');
    await ping.exited;
  });

  test('are reached again when their entries are gone, without a packet of theirs', async () => {
    const hub = lab.host('sopnode-l1');
    const before = await fdb();
    await hub.run([
      'bridge',
      'fdb',
      'delete',
      WORKERS[0].mac,
      'dev',
      'isl-w',
      'dst',
      '198.51.100.67',
      'self',
    ]);
    learner.refresh();
    await within(2000, 'the entry', async () => (await fdb()) === before);
    expect(await passes('sopnode-l1', WORKERS[0].inner)).toBe(true);
  });

  test('are not moved by who does not know their MAC', async () => {
    // It has not said anything since the address of the NAT has changed.
    await within(8000, 'the second worker is found again', async () => {
      await passes('worker2', HUB.inner);
      return (await fdb()).includes(`${WORKERS[1].mac} dst 198.51.100.67`);
    });
    const before = await fdb();
    const stranger = { name: 'worker2', inner: '10.3.1.66', mac: '0e:66:66:66:66:66' } as const;
    await lab.host('worker2').ip([`link set isl-w address ${stranger.mac}`]);
    await passes('worker2', HUB.inner);
    await within(
      5000,
      'the packet is seen',
      async () =>
        (await reach(lab.host('sopnode-l1')).seenEndpoints('island-r2lab'))?.some(
          ({ mac }) => mac === stranger.mac,
        ) === true,
    );
    learner.refresh();
    await learner.close();
    expect(await fdb()).toBe(before);
    expect(lines.join()).not.toContain('0a:11:22');
  });
});

async function fdb(): Promise<string> {
  const { stdout } = await lab.host('sopnode-l1').exec(['bridge', 'fdb', 'show', 'dev', 'isl-w']);
  return stdout.split('\n').toSorted().join('\n');
}
