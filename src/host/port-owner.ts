import { readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Endpoint, PortOwner } from '../model/endpoint.ts';
import { ownerOf } from './port-fix.ts';
import { type BoundSocket, socketsAt } from './port-table.ts';

/** Which program has the endpoint, seen from this network namespace; undefined when nobody is found. Only root sees others'. */
export async function portOwner(endpoint: Endpoint): Promise<PortOwner | undefined> {
  const [udp, udp6, tcp, tcp6] = await Promise.all(
    ['udp', 'udp6', 'tcp', 'tcp6'].map((table) => textOf(`/proc/net/${table}`)),
  );
  const sockets = socketsAt({ udp: `${udp}\n${udp6}`, tcp: `${tcp}\n${tcp6}` }, endpoint);
  const held = await holderOf(sockets);
  if (held === undefined) return undefined;
  const { pid, socket } = held;
  const [name, command, cgroup] = await Promise.all(
    ['comm', 'cmdline', 'cgroup'].map((file) => textOf(`/proc/${pid}/${file}`)),
  );
  return ownerOf(
    {
      ...{ pid, isWildcard: socket.isWildcard, name: (name ?? '').trim() },
      command: (command ?? '').split('\0').filter((word) => word !== ''),
      unit: /\/(?<unit>[^/\n]+\.service)$/m.exec(cgroup ?? '')?.groups?.['unit'],
    },
    { ...endpoint, link: linkOf(endpoint) },
  );
}

interface Held {
  readonly pid: number;
  readonly socket: BoundSocket;
}

/** Who has the first of the sockets that somebody is seen to have. One process after another: it may be thousands. */
async function holderOf(sockets: readonly BoundSocket[]): Promise<Held | undefined> {
  if (sockets.length === 0) return undefined;
  const held: Held[] = [];
  for (const pid of (await namesIn('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const open = await socketsOf(pid);
    held.push(...sockets.filter(({ inode }) => open.has(inode)).map((socket) => ({ pid, socket })));
  }
  return held.toSorted((a, b) => sockets.indexOf(a.socket) - sockets.indexOf(b.socket))[0];
}

async function socketsOf(pid: number): Promise<ReadonlySet<string>> {
  const folder = `/proc/${pid}/fd`;
  const targets = (await namesIn(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => ''));
  return new Set((await Promise.all(targets)).map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? ''));
}

/** Empty for a process that has just gone, or is not ours to look at. */
function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

function linkOf({ address }: Endpoint): string | undefined {
  const links = Object.entries(networkInterfaces());
  if (address.startsWith('127.')) return 'lo';
  return links.find(([, addresses]) => addresses?.some((each) => each.address === address))?.[0];
}
