import { connect } from 'node:net';
import type { Ipv4 } from '../model/ip.ts';
import type { Answer } from '../probe/question.ts';
import { codeOf, reasonOf } from './errno.ts';

export interface KnockOptions {
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * Milliseconds until `address` answered a TCP SYN; a refusal is an answer too. Not ICMP: a process cannot
 * send that without a program of its own for each address.
 */
export async function reach(address: Ipv4, options: KnockOptions): Promise<number | undefined> {
  const answer = await knock(address, options);
  return 'ms' in answer ? answer.ms : undefined;
}

/** Whether a TCP connection is taken there, refused by the host, or not answered at all. */
export function knock(address: Ipv4, { port, timeoutMs }: KnockOptions): Promise<Answer> {
  return new Promise((settle) => {
    const started = performance.now();
    const socket = connect({ host: address, port, family: 4, autoSelectFamily: false });
    const finish = (answer: Answer) => {
      socket.destroy();
      settle(answer);
    };
    const spent = () => performance.now() - started;
    // Timers come before what has arrived: on a busy host an answer may be waiting behind this one.
    socket.setTimeout(timeoutMs, () => setImmediate(() => finish({ state: 'silent' })));
    socket.once('connect', () => finish({ state: 'answered', ms: spent() }));
    socket.once('error', (cause) =>
      finish(
        codeOf(cause) === 'ECONNREFUSED'
          ? { state: 'refused', ms: spent() }
          : { state: 'unasked', reason: reasonOf(cause) },
      ),
    );
  });
}
