// Runs on a host of the lab, as its own bundle: `responder.mjs '{"file":"…","listen":["10.3.1.3",…]}'` answers on port 53, with
// the sockets that the LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES tell of which may follow.
// SIGHUP makes it try again what waits, SIGUSR2 print its state and counters, SIGTERM end.
import { loadIsland } from '../../../src/config/load.ts';
import { passedSockets } from '../../../src/dns/sockets.ts';
import { portOwner } from '../../../src/host/port-owner.ts';
import { parseIpv4 } from '../../../src/model/ip.ts';
import type { Log } from '../../../src/model/log.ts';
import { responderFor } from './responder.ts';

const [settings = '', pid, fds, names] = process.argv.slice(2);
const { file, listen } = JSON.parse(settings);
const log: Log = { info: say('info'), warn: say('warn'), error: say('error') };
const { server, tally } = responderFor(loadIsland(file, 'r2lab.yaml'), { log, portOwner });

process.on('SIGHUP', () => server.retry());
process.on('SIGUSR2', () => print({ msg: 'counted', ...tally.snapshot(), state: server.state() }));
process.on('SIGTERM', () => void server.close().then(() => process.exit()));

await server.listen(
  listen.map((address: string) => ({ address: parseIpv4(address), port: 53 })),
  passedSockets({ pid, fds, names }, process.pid),
);
print({ msg: 'ready', pid: process.pid });

function say(level: string): Log['info'] {
  return (fields, msg) => print({ level, msg, ...fields });
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
