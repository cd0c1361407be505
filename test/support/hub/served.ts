// A hub's control API in a process of its own, so that what it takes is seen: served.mjs ADDRESS PORT KEY-FILE
import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers/promises';
import { serveApi } from '../../../src/hub/api.ts';
import { parseIpv4 } from '../../../src/model/ip.ts';
import { deskOf, memoryLog } from './hub.ts';

/** What it has taken so far; one line of JSON every now and then. */
export interface Taken {
  readonly rssMb: number;
  readonly cpuMs: number;
  readonly logLines: number;
  readonly handles: number;
}

const [address = '', port = '', keyFile = ''] = process.argv.slice(2);
const { lines, log } = memoryLog();
const { desk } = deskOf({ 'token:abcdefgh': readFileSync(keyFile) });
const warned = () => lines.filter((line) => line.startsWith('warn'));
await serveApi({ address: parseIpv4(address), port: Number(port), desk, log });
for await (const _ of setInterval(100)) {
  const { user, system } = process.cpuUsage();
  const taken: Taken = {
    rssMb: Math.round(process.memoryUsage.rss() / (1 << 20)),
    cpuMs: Math.round((user + system) / 1000),
    logLines: warned().length,
    handles: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
  };
  process.stdout.write(`${JSON.stringify(taken)}\n`);
}
