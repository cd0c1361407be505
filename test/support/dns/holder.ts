// Runs on a host of the lab, as its own bundle: `holder.mjs RESPONDER SETTINGS ADDRESS OTHER` binds port 53 as systemd would, and
// keeps it while a responder runs with it, once for each of the files /run/go1 and /run/go2 that it waits for.
// Its event loop never gets to run, so that it reads nothing itself.
import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

const [program = '', settings = '', address = '', other = ''] = process.argv.slice(2);
const sockets = [
  await bound(address),
  await listening(address),
  await bound(other),
  await bound('127.0.0.77'),
];
const names = ['dns', 'dns', 'dns', 'api'];

process.stdout.write('bound\n');
for (const file of ['/run/go1', '/run/go2']) {
  while (!existsSync(file)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  const argv = [process.execPath, program, settings, String(sockets.length), names.join(':')];
  spawnSync('sh', ['-c', 'exec "$1" "$2" "$3" $$ "$4" "$5"', 'sh', ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', ...sockets.map(descriptorOf)],
  });
  process.stdout.write('released\n');
}
process.exit();

async function bound(at: string): Promise<Socket> {
  const socket = createSocket('udp4').bind(53, at);
  await once(socket, 'listening');
  return socket;
}

async function listening(at: string): Promise<Server> {
  const server = createServer().listen(53, at);
  await once(server, 'listening');
  return server;
}

function descriptorOf(socket: Socket | Server): number {
  return (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}
