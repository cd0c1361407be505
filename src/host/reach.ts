import { connect } from 'node:net';
import type { Ipv4 } from '../model/ip.ts';

/**
 * Milliseconds until `address` answered a TCP SYN; a refusal is an answer too. Not ICMP: a process cannot
 * send that without a program of its own for each address.
 */
export function reach(
  address: Ipv4,
  { port, timeoutMs }: { readonly port: number; readonly timeoutMs: number },
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const started = performance.now();
    const socket = connect({ host: address, port, family: 4, autoSelectFamily: false });
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered ? performance.now() - started : undefined);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED'));
  });
}
