import { install, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { withLab } from '../support/lab/lab.ts';
import type { Network } from '../support/lab/network.ts';
import { NAME, starFile } from './islands.ts';
import { medians } from './measure.ts';
import { atMost, type Row } from './report.ts';

const FEW = 1;
const MANY = 10_000;
const RUNS = 15;
/** Pings, each of which passes the guard of the hub as a request and that of the peer as an answer. */
const FLOOD = 20_000;

/**
 * Small packets from a peer to a host behind the hub and back, with the tables as island makes them and with the
 * same tables less the guard, in turns. All of a packet's way is walked on the processor that sends it, so the
 * time is what the packets cost.
 */
export async function measureGuard(): Promise<readonly Row[]> {
  const few = await costWith(FEW);
  const many = await costWith(MANY);
  return [rowOf(FEW, few), rowOf(MANY, many)];
}

interface Cost {
  readonly guarded: number;
  readonly bare: number;
}

function rowOf(peers: number, { guarded, bare }: Cost): Row {
  const ratio = guarded / bare;
  return {
    measure: `a packet and its answer, hub with ${peers} peer${peers === 1 ? '' : 's'}`,
    value: formatCost(guarded),
    peer: `${ratio.toFixed(2)} x ${formatCost(bare)} without the guard`,
    target: atMost(1.15, ratio, ' x'),
    runs: RUNS,
  };
}

function formatCost(ms: number): string {
  return `${((ms * 1000) / FLOOD).toFixed(2)} us`;
}

function costWith(peers: number): Promise<Cost> {
  return withLab(NETWORK, async (lab) => {
    const [hub, peer, inside] = [lab.host('hub'), lab.host('p1'), lab.host('inside')];
    await install([hub, peer], starFile(peers), NAME);
    await mustIsland(hub, 'join');
    await mustIsland(peer, 'join');
    await inside.ip(['route add default via 172.31.0.1']);
    const guarded = await Promise.all([hub, peer].map(tableOf));
    const load = (texts: readonly string[]) =>
      Promise.all([hub, peer].map((host, index) => replace(host, texts[index] ?? '')));
    const flooded = (texts: readonly string[]) => async () => {
      await load(texts);
      return flood(peer);
    };
    return medians(RUNS, { guarded: flooded(guarded), bare: flooded(guarded.map(withoutGuard)) });
  });
}

async function flood(peer: LabHost): Promise<number> {
  const argv = ['ping', '-q', '-f', '-l', '20', '-c', String(FLOOD), '172.31.0.2'];
  const report = await peer.run(argv, { timeoutMs: 60_000 });
  const ms = /(\d+) received.* time (\d+)ms/.exec(report);
  if (ms?.[1] !== String(FLOOD)) throw new Error(`packets were lost:\n${report}`);
  return Number(ms[2]);
}

const TABLE = `inet island-${NAME}`;

function tableOf(host: LabHost): Promise<string> {
  return host.run(['nft', 'list', 'table', ...TABLE.split(' ')]);
}

async function replace(host: LabHost, text: string): Promise<void> {
  await host.run(['nft', '-f', '-'], { input: `delete table ${TABLE}\n${text}` });
}

/** The same table without what asks where packets come from and go to. */
function withoutGuard(table: string): string {
  return table
    .replace(/\tchain input \{\n(?:\t\t.*\n)*\t\}\n/, '')
    .replace(/(\tchain forward \{\n(?:\t\t.*\n)*?)\t\tiifname @links goto arriving.*\n/, '$1');
}

const NETWORK: Network = {
  hosts: {
    hub: {
      links: {
        eth0: { segment: 'under', addresses: ['198.18.0.1/15'] },
        lan0: { segment: 'lan', addresses: ['172.31.0.1/24'] },
      },
    },
    p1: {
      links: {
        eth0: { segment: 'under', addresses: ['198.18.0.2/15'] },
        lan0: { segment: 'far', addresses: ['11.0.1.1/24'] },
      },
    },
    inside: { links: { eth0: { segment: 'lan', addresses: ['172.31.0.2/24'] } } },
  },
};
