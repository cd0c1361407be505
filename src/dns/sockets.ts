import type { Socket } from 'node:dgram';
import type { Server } from 'node:net';
import type { Endpoint } from '../model/endpoint.ts';
import { isIpv4 } from '../model/ip.ts';

/** What systemd says of the sockets that it passes (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES. */
export interface ListenVariables {
  readonly pid: string | undefined;
  readonly fds: string | undefined;
  readonly names: string | undefined;
}

/** FileDescriptorName= of the sockets that are for names; what other units pass is not ours to touch. */
const OURS = 'dns';
/** After standard input, output and error. */
const FIRST = 3;

/** The descriptors that are passed to the process of that number for DNS. A parent's do not count. */
export function passedSockets({ pid, fds, names }: ListenVariables, ownPid: number): readonly number[] {
  if (pid !== String(ownPid) || !/^\d{1,4}$/.test(fds ?? '')) return [];
  return (names ?? '')
    .split(':')
    .slice(0, Number(fds))
    .flatMap((name, index) => (name === OURS ? [FIRST + index] : []));
}

/** A socket that is bound already. */
export type Adopted = { readonly endpoint: Endpoint | undefined; readonly close: () => void } & (
  | { readonly kind: 'udp'; readonly socket: Socket }
  | { readonly kind: 'tcp'; readonly socket: Server }
);

/** What a socket is to be, which is found out by trying. */
export interface Makers {
  readonly udp: () => Socket;
  readonly tcp: () => Server;
}

/** Takes the descriptor over, and answers from now on; undefined when it is no socket for DNS. */
export function adopt(fd: number, { udp, tcp }: Makers): Adopted | undefined {
  return adoptUdp(fd, udp()) ?? adoptTcp(fd, tcp());
}

function adoptUdp(fd: number, socket: Socket): Adopted | undefined {
  const close = () => void socket.close();
  try {
    socket.bind({ fd, exclusive: true });
    return { kind: 'udp', socket, close, endpoint: endpointOf(socket.address()) };
  } catch {
    close();
    return undefined;
  }
}

function adoptTcp(fd: number, server: Server): Adopted | undefined {
  const close = () => void server.close();
  // It throws nothing: what is no such socket has no address then.
  server.listen({ fd, exclusive: true });
  const address = server.address();
  if (address !== null && typeof address !== 'string') {
    return { kind: 'tcp', socket: server, close, endpoint: endpointOf(address) };
  }
  close();
  return undefined;
}

function endpointOf({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): Endpoint | undefined {
  return isIpv4(address) ? { address, port } : undefined;
}
