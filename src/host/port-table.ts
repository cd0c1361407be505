import { endianness } from 'node:os';
import type { Endpoint } from '../model/endpoint.ts';
import { fromNumber } from '../model/ip.ts';

/** A socket that keeps others from an endpoint. */
export interface BoundSocket {
  readonly inode: string;
  /** It is bound to all addresses of the host. */
  readonly isWildcard: boolean;
}

/** The texts of /proc/net/udp and /proc/net/tcp, each with that for IPv6 behind it. */
export interface SocketTables {
  readonly udp: string;
  readonly tcp: string;
}

/** TCP_LISTEN of the kernel; a connection from the same port is in nobody's way. */
const LISTENING = '0A';
const ANY6 = '0'.repeat(32);
/** `::ffff:0:0/96`, as the kernel prints its first three words on either kind of machine. */
const MAPPED = /^0{16}(?:FFFF0000|0000FFFF)(?=.{8}$)/;

/** Whose sockets are in the way of the endpoint: first those of its very address, then those of all. */
export function socketsAt({ udp, tcp }: SocketTables, endpoint: Endpoint): readonly BoundSocket[] {
  const found = [...rowsOf(udp), ...rowsOf(tcp).filter(({ state }) => state === LISTENING)].flatMap((row) =>
    row.port === endpoint.port ? boundTo(row, endpoint) : [],
  );
  return found.toSorted((a, b) => Number(a.isWildcard) - Number(b.isWildcard));
}

function boundTo({ address, inode }: Row, endpoint: Endpoint): BoundSocket[] {
  const four = address.replace(MAPPED, '');
  // One for IPv6 alone looks the same here, so it may only be what is next to whom it is about.
  if (address === ANY6 || /^0{8}$/.test(four)) return [{ inode, isWildcard: true }];
  return four.length === 8 && addressFrom(four) === endpoint.address ? [{ inode, isWildcard: false }] : [];
}

/** A word of the kernel's memory. */
function addressFrom(word: string): string {
  const bytes = Buffer.from(word, 'hex');
  return fromNumber(endianness() === 'LE' ? bytes.readUInt32LE() : bytes.readUInt32BE());
}

interface Row {
  /** Eight digits, or 32. */
  readonly address: string;
  readonly port: number;
  readonly state: string;
  readonly inode: string;
}

function rowsOf(table: string): readonly Row[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    return /^(?:[\dA-F]{8}){1,4}$/.test(address)
      ? [{ address, port: Number.parseInt(port, 16), state, inode }]
      : [];
  });
}
