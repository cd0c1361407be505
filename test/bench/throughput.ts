import { fileURLToPath } from 'node:url';
import { runGuest } from '../support/guest/guest.ts';
import { type Carried, carried, LEAST } from './carry.ts';
import { atLeast, type Row } from './report.ts';

/**
 * TCP from a peer to the hub, at its inner address and, in turns, at its outer one, with the offloads that a link
 * has unless somebody changes them: a segment of 64 KB is then one packet to the hosts, on either way.
 */
export async function measureVxlan(): Promise<readonly Row[]> {
  return [rowOf('vxlan, this kernel', await carried('vxlan', { seconds: 3, runs: 5 }))];
}

/** The same in the emulated guest, whose kernel has ipip for certain. */
export async function measureIpip(): Promise<readonly Row[]> {
  const script = fileURLToPath(new URL('throughput-guest.mjs', import.meta.url));
  const [result] = (await runGuest({ script, timeoutMs: 150_000 })) as Carried[];
  if (result === undefined) throw new Error('the guest measured nothing');
  return [rowOf('ipip, emulated guest', result)];
}

function rowOf(kind: string, { link, underlay, runs }: Carried): Row {
  const ratio = link / underlay;
  return {
    measure: `TCP through ${kind}`,
    value: formatRate(link),
    peer: `${ratio.toFixed(2)} x ${formatRate(underlay)} of the bare underlay`,
    target: atLeast(LEAST, ratio, ' x'),
    runs,
  };
}

function formatRate(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1e9).toFixed(2)} Gbit/s`;
}
