import type { LabHost } from '../lab/host.ts';

/** Ten packets a second to each address, until the end. */
export interface PingWatch {
  /** Stops, and tells the longest time without an answer from each, in milliseconds. */
  end(): Promise<number[]>;
}

/** Starts to ping all addresses, and returns when each has answered. */
export async function watchPings(host: LabHost, addresses: readonly string[]): Promise<PingWatch> {
  const pings = addresses.map((address) => host.start(['ping', '-n', '-D', '-i', '0.1', address]));
  await Promise.all(pings.map((ping) => ping.outputMatching(/bytes from/)));
  return {
    async end() {
      const endedMs = Date.now();
      for (const ping of pings) ping.signal('SIGINT');
      await Promise.all(pings.map(({ exited }) => exited));
      return pings.map((ping) => longestGap([...timesIn(ping.output()), endedMs]));
    },
  };
}

/** Of lines such as `[1763727600.123456] 64 bytes from 10.3.4.1: icmp_seq=1 ttl=64 time=0.1 ms`. */
function timesIn(output: string): number[] {
  return [...output.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from/gm)].map(
    ([, seconds]) => Number(seconds) * 1000,
  );
}

/** In whole milliseconds. */
export function longestGap(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return Math.round(Math.max(0, ...gaps));
}
