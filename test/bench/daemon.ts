import { setTimeout as delay } from 'node:timers/promises';
import { cpuMsOf, daemonsOn, startDaemon } from '../support/daemon.ts';
import { joinAll, modelFile } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { mustJoinWith, raiseWorkersLab } from '../support/workers.ts';
import { atMost, type Row } from './report.ts';

/** Some of the longest periods of what a daemon does by itself. */
const LONG_MS = 120_000;
const MOST_PERCENT = 0.2;
const WORKERS = 3;

/** What a daemon costs with nothing to do, its monitors and all that it runs included. */
export async function measureDaemon(): Promise<readonly Row[]> {
  return [...(await withoutWorkers()), ...(await withWorkers())];
}

async function withoutWorkers(): Promise<readonly Row[]> {
  const lab = await createLab();
  try {
    await lab.raise(modelNetwork({ nodes: [1], clusterHosts: 0, pdu: false }));
    const names = ['sopnode-l1', 'faraday', 'fit01'];
    await joinAll(names.map(lab.host), modelFile('vxlan'));
    const hosts = [lab.host('faraday'), lab.host('fit01')];
    for (const host of hosts) await startDaemon(host);
    const [gateway = [], member = []] = await Promise.all(hosts.map(rowsOf));
    return [...named(gateway, 'a gateway'), ...named(member, 'a member')];
  } finally {
    await lab.close();
  }
}

async function withWorkers(): Promise<readonly Row[]> {
  const { lab, hub, token } = await raiseWorkersLab(WORKERS);
  try {
    for (let n = 1; n <= WORKERS; n += 1) {
      await mustJoinWith(lab.host(`home-w${n}`), token);
    }
    return named(await rowsOf(hub), `a hub with ${WORKERS} workers`);
  } finally {
    await lab.close();
  }
}

function named(rows: readonly Row[], whose: string): readonly Row[] {
  return rows.map((row) => ({ ...row, measure: `${row.measure}, ${whose}` }));
}

async function rowsOf(host: LabHost): Promise<readonly Row[]> {
  // Until what the start has stirred up is over: V8 goes on compiling, a hub looks for its workers.
  await delay(20_000);
  const before = await cpuMsOf(host);
  const started = performance.now();
  await delay(LONG_MS);
  const percent = ((await cpuMsOf(host)) - before) / (performance.now() - started) / 0.01;
  return [
    {
      measure: 'processor time of an idle daemon',
      value: `${percent.toFixed(2)} %`,
      peer: `${((percent / 100) * 60_000).toFixed(0)} ms a minute`,
      target: atMost(MOST_PERCENT, percent, ' %'),
      runs: 1,
    },
    { measure: 'memory of a daemon', value: `${await memoryOf(host)}`, runs: 1 },
  ];
}

/** Of the daemon, and of its monitors together. */
async function memoryOf(host: LabHost): Promise<string> {
  const megabytes = new Map<string, number>();
  for (const line of await daemonsOn(host)) {
    const status = await host.run(['cat', `/proc/${line.trim().split(' ').at(-1)}/status`]);
    const whose = line.includes(' monitor ') ? 'monitors' : 'daemon';
    const size = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    megabytes.set(whose, (megabytes.get(whose) ?? 0) + size);
  }
  return ['daemon', 'monitors'].map((whose) => `${(megabytes.get(whose) ?? 0).toFixed(0)} MB`).join(' and ');
}
